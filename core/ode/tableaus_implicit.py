r"""The implicit Runge-Kutta methods, with the square roots of Gauss, Radau and SDIRK kept exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from core.ode.surd import Exact, Surd, total
from core.ode.tableau import Row, Tableau, numbers, padded

_HW = "Hairer, Wanner, Solving ODEs II"

_Numbers = Sequence[Exact | int]


def _method(name: str, source: str, order: int, a: Sequence[_Numbers], b: _Numbers, **given) -> Tableau:
    rows: list[Row] = [tuple(x if isinstance(x, Surd) else Fraction(x) for x in row) for row in (*a, b)]
    return Tableau(name, source, order, tuple(rows[:-1]), rows[-1], tuple(total(row) for row in rows[:-1]), **given)


_half, _third = Fraction(1, 2), Fraction(1, 3)


def _radau_iia_5() -> Tableau:
    r = Surd(0, 1, 6)
    b = [(16 - r) / 36, (16 + r) / 36, Fraction(1, 9)]
    a = [
        [(88 - 7 * r) / 360, (296 - 169 * r) / 1800, (-2 + 3 * r) / 225],
        [(296 + 169 * r) / 1800, (88 + 7 * r) / 360, (-2 - 3 * r) / 225],
        b,
    ]
    return _method("radauIIA5", f"{_HW}, IV.5, table 5.6", 5, a, b)


def _gauss_4() -> Tableau:
    r = Surd(0, 1, 3)
    a = [[Fraction(1, 4), Fraction(1, 4) - r / 6], [Fraction(1, 4) + r / 6, Fraction(1, 4)]]
    return _method("gl4", f"Hammer, Hollingsworth 1955; {_HW}, IV.5, table 5.1", 4, a, [_half, _half])


def _gauss_6() -> Tableau:
    r = Surd(0, 1, 15)
    outer, inner = Fraction(5, 36), Fraction(2, 9)
    a = [
        [outer, inner - r / 15, outer - r / 30],
        [outer + r / 24, inner, outer - r / 24],
        [outer + r / 30, inner + r / 15, outer],
    ]
    return _method(
        "gl6", f"Kuntzmann 1961, Butcher 1964; {_HW}, IV.5, table 5.2", 6, a, [2 * outer, 2 * inner, 2 * outer]
    )


def _sdirk_2() -> Tableau:
    gamma = 1 - 1 / Surd(0, 1, 2)
    b = [1 - gamma, gamma]
    return _method(
        "sdirk2", f"Alexander, SIAM J. Numer. Anal. 14 (1977), 1006-1021; {_HW}, IV.6", 2, [[gamma, 0], b], b
    )


def _tr_bdf_2() -> Tableau:
    r = Surd(0, 1, 2)
    gamma, w = 2 - r, r / 4
    d = gamma / 2
    return _method(
        "trbdf2",
        "Bank et al., IEEE Trans. Electron Devices 32 (1985), 1992-2007; "
        "embedded weights: Hosea, Shampine, Appl. Numer. Math. 20 (1996), 21-37",
        2,
        [[0, 0, 0], [d, d, 0], [w, w, d]],
        [w, w, d],
        embedded=((1 - w) / 3, (3 * w + 1) / 3, d / 3),
        embedded_order=3,
    )


def _kencarp_4() -> Tableau:
    r"""The dense output is the one of order 4 that stays bounded in stiff components.

    Order 4 leaves one weight free for each :math:`\theta`. It is fixed by asking that the values in between stay
    bounded as :math:`z \to -\infty`: :math:`b(\theta) v = 0` for the vector v with :math:`A v = 0`, as
    the stages tend to multiples of it. That gives :math:`b'(1) = e_6` too, but not :math:`b'(0) = e_1`:
    the first stage alone would be unbounded.
    """
    a = padded(
        [
            numbers("0"),
            numbers("1/4 1/4"),
            numbers("8611/62500 -1743/31250 1/4"),
            numbers("5012029/34652500 -654441/2922500 174375/388108 1/4"),
            numbers("15267082809/155376265600 -71443401/120774400 730878875/902184768 2285395/8070912 1/4"),
            numbers("82889/524892 0 15625/83664 69875/102672 -2260/8211 1/4"),
        ],
        6,
    )
    dense = (
        numbers("2730611/1312230 -303504119/29218988 1661475152/109571205 -1468075291/219142410"),
        numbers("1700/189 -218347/3507 1026182/10521 -1397323/31563"),
        numbers("-409375/53784 38609375/665328 -242271875/2619729 2656240625/62873496"),
        numbers("744925/462024 -27907375/1905136 87388925/3214917 -1038976925/77158008"),
        numbers("-60568/8211 23827180/457079 -114128192/1371237 52384088/1371237"),
        numbers("33/10 -15273/668 29916/835 -26743/1670"),
    )
    return Tableau(
        "kencarp4",
        "Kennedy, Carpenter, Appl. Numer. Math. 44 (2003), 139-181, ARK4(3)6L[2]SA, its ESDIRK part",
        4,
        a,
        a[-1],
        numbers("0 1/2 83/250 31/50 17/20 1"),
        numbers("4586570599/29645900160 0 178811875/945068544 814220225/1159782912 -3700637/11593932 61727/225920"),
        3,
        dense,
        4,
    )


IMPLICIT = (
    _method("implicit_euler", f"{_HW}, IV.3", 1, [[1]], [1]),
    _method("implicit_midpoint", f"{_HW}, IV.5, table 5.1, s = 1", 2, [[_half]], [1]),
    _method("trapezoid", f"{_HW}, IV.5, table 5.7, s = 2", 2, [[0, 0], [_half, _half]], [_half, _half]),
    _sdirk_2(),
    _tr_bdf_2(),
    _kencarp_4(),
    _method(
        "radauIIA3",
        f"{_HW}, IV.5, table 5.5",
        3,
        [[5 * _third / 4, -_third / 4], [3 * _half / 2, _half / 2]],
        [3 * _half / 2, _half / 2],
    ),
    _radau_iia_5(),
    _gauss_4(),
    _gauss_6(),
)
