r"""The explicit Runge-Kutta methods, each as published.

Every pair ends in a stage whose row is b; where the source has none, it is appended here.
"""

from __future__ import annotations

from fractions import Fraction

from core.ode.surd import Exact, total
from core.ode.tableau import Row, Tableau, numbers, padded

_HNW = "Hairer, Norsett, Wanner, Solving ODEs I"


def _method(name: str, source: str, order: int, rows: list[str], b: str) -> Tableau:
    """A method from the rows of a below its diagonal, the first row, which is empty, left out."""
    weights = numbers(b)
    a = padded([(), *map(numbers, rows)], len(weights))
    return Tableau(name, source, order, a, weights, tuple(total(row) for row in a))


def _pair(
    name: str, source: str, orders: tuple[int, int], rows: list[str], embedded: str, dense: tuple[tuple[Row, ...], int]
) -> Tableau:
    """A pair from the rows of a, the last of which is b, and its dense weights with their order."""
    a = padded([(), *map(numbers, rows)], len(rows) + 1)
    c = tuple(total(row) for row in a)
    return Tableau(name, source, orders[0], a, a[-1], c, numbers(embedded), orders[1], *dense)


def _hermite(text: str) -> tuple[Row, ...]:
    r"""Dense weights of the cubic through both ends with their slopes, which are the first and the last stage.

    :math:`b_i(\theta) = (3\theta^2 - 2\theta^3) b_i`, plus :math:`\theta (1 - \theta)^2` for the first
    and :math:`-\theta^2 (1 - \theta)` for the last (Hairer, Norsett, Wanner, II.6, equation 6.7).
    """
    rows = [[Fraction(0), 3 * b, -2 * b] for b in map(Fraction, text.split())]
    rows[0] = [x + slope for x, slope in zip(rows[0], (1, -2, 1), strict=True)]
    rows[-1] = [x + slope for x, slope in zip(rows[-1], (0, -1, 1), strict=True)]
    return tuple(tuple(row) for row in rows)


def _shampine() -> tuple[Row, ...]:
    r"""Dopri5's quartic: Hermite's cubic plus :math:`\theta^2 (1 - \theta)^2 d_i`, which makes it of order 4."""
    cubic = _hermite("35/384 0 500/1113 125/192 -2187/6784 11/84 0")
    d = numbers(
        "-12715105075/11282082432 0 87487479700/32700410799 -10690763975/1880347072 "
        "701980252875/199316789632 -1453857185/822651844 69997945/29380423"
    )
    shape = (0, 1, -2, 1)
    return tuple(
        tuple(x + k * d_i for x, k in zip((*row, Fraction(0)), shape, strict=True))
        for row, d_i in zip(cubic, d, strict=True)
    )


def _tsit5() -> Tableau:
    """Tsitouras' pair, with the paper's 16 digits carried on to 28, so that they miss the conditions by 1e-27 at most.

    The first weight of each row follows from the row's sum, as in the paper. Of the dense output's weights the
    second and the last are the paper's; the continuous conditions then fix the others.
    """
    rows = [
        "",
        "0.3354806554923569885444268743",
        "-6.359448489975074843148159912 4.362295432869581411017727318",
        "-11.74888356406282787774717034 7.495539342889836208304604785 -0.09249506636175524925650207933",
        "-12.92096931784710929170611868 8.159367898576158643180400795 -0.07158497328140099722453054253 "
        "-0.02826905039406838290900305721",
        "0.01 0.4798896504144995747752495323 1.379008574103741893192274822 -3.290069515436080679901047586 "
        "2.324710524099773982415355918",
    ]
    embedded = (
        "0.009183565540343253096776363937 0.48777052842476157078556426 1.234297566930478985655109674 "
        "-2.707712349983525454881109975 1.8666284181705870357537194 1/66"
    )
    c = numbers("0 0.161 0.327 0.9 0.9800255409045096857298102863 1 1")
    a = padded([(), *(_summing_to(node, row) for node, row in zip(c[1:], rows, strict=True))], 7)
    dense = (
        numbers("1 -2.763706197274825868672988363 2.913255461821912655418645979 -1.053088497729021557227490303"),
        numbers("0 0.1317 -0.2234 0.1017"),
        numbers("0 3.930296236894751517409293669 -5.941033872131504735717589210 2.490627285651252793083545073"),
        numbers("0 -12.41107716693367703873047340 30.33818863028232165023004608 -16.54810288924490271830729786"),
        numbers("0 37.50931341651103917897843911 -88.17890489476640107756106856 47.37952196281928121868158187"),
        numbers("0 -27.89652628919728778898427102 65.09189467479367150762996572 -34.87065786149660973623033878"),
        numbers("0 1.5 -4 2.5"),
    )
    source = "Tsitouras, Comput. Math. Appl. 62 (2011), 770-775; 28 digits: P. Stone's tables of Runge-Kutta schemes"
    return Tableau(
        "tsit5",
        source,
        5,
        a,
        a[-1],
        c,
        _summing_to(Fraction(1), embedded),
        4,
        dense,
        4,
        tolerance=Fraction(1, 10**27),
        dense_tolerance=Fraction(3, 10**26),
    )


def _summing_to(target: Exact, row: str) -> Row:
    rest = numbers(row)
    return (target - total(rest), *rest)


EXPLICIT = (
    _method("euler", f"Euler 1768; {_HNW}, I.7", 1, [], "1"),
    _method("midpoint", f"Runge 1895; {_HNW}, II.1, equation 1.4", 2, ["1/2"], "0 1"),
    _method("heun2", f"Heun 1900, the trapezoidal rule with a predictor; {_HNW}, II.1", 2, ["1"], "1/2 1/2"),
    _method("heun3", f"Heun 1900; {_HNW}, II.1, table 1.1", 3, ["1/3", "0 2/3"], "1/4 0 3/4"),
    _method(
        "rk4",
        f"Kutta 1901, 3/8 rule; {_HNW}, II.1, table 1.2",
        4,
        ["1/3", "-1/3 1", "1 -1 1"],
        "1/8 3/8 3/8 1/8",
    ),
    _method("rk4_classic", f"Kutta 1901; {_HNW}, II.1, table 1.2", 4, ["1/2", "0 1/2", "0 0 1"], "1/6 1/3 1/3 1/6"),
    _pair(
        "adaptive_heun",
        "Heun 1900, with Euler's method embedded",
        (2, 1),
        ["1", "1/2 1/2"],
        "1 0 0",
        (_hermite("1/2 1/2 0"), 2),
    ),
    _pair(
        "fehlberg2",
        "Fehlberg, NASA TR R-315 (1969), RKF1(2), carried on with the second order",
        (2, 1),
        ["1/2", "1/256 255/256", "1/512 255/256 1/512"],
        "1/256 255/256 0 0",
        (_hermite("1/512 255/256 1/512 0"), 2),
    ),
    _pair(
        "bosh3",
        "Bogacki, Shampine, Appl. Math. Lett. 2 (1989), 321-325",
        (3, 2),
        ["1/2", "0 3/4", "2/9 1/3 4/9"],
        "7/24 1/4 1/3 1/8",
        (_hermite("2/9 1/3 4/9 0"), 3),
    ),
    _pair(
        "dopri5",
        f"Dormand, Prince, J. Comput. Appl. Math. 6 (1980), 19-26; {_HNW}, II.5, table 5.2; "
        "embedded weights (two thirds of the original estimate) and dense output: Shampine, Math. Comp. 46 (1986), "
        "135-150",
        (5, 4),
        [
            "1/5",
            "3/40 9/40",
            "44/45 -56/15 32/9",
            "19372/6561 -25360/2187 64448/6561 -212/729",
            "9017/3168 -355/33 46732/5247 49/176 -5103/18656",
            "35/384 0 500/1113 125/192 -2187/6784 11/84",
        ],
        "1951/21600 0 22642/50085 451/720 -12231/42400 649/6300 1/60",
        (_shampine(), 4),
    ),
    _tsit5(),
)
