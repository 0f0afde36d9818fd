r"""The stability function of every Runge-Kutta method, from the exact numbers of its tableau.

On :math:`y' = \lambda y` with :math:`z = h \lambda` a step multiplies y by
:math:`R(z) = 1 + z \mathbf b (\mathbf I - z \mathbf A)^{-1} \mathbf 1`.

Source: Hairer, Wanner, Solving Ordinary Differential Equations II, section IV.3, propositions 3.1 and 3.2.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch
from sympy import Expr, Float, MatrixSymbol, Rational, Symbol, exp, factorial, ones
from sympy.matrices import ImmutableDenseMatrix
from sympy.polys.matrices import DomainMatrix
from torch import Tensor

from core.derivations.checks import Matches, Sampled, Series, numbers
from core.derivations.evaluated import Evaluated, exact
from core.derivations.runge_kutta import number
from core.derivations.step import Derivation, Step
from core.ode import ADAPTIVE, solve
from core.ode.tableau import Tableau
from core.ode.tableaus import TABLEAUS

z = Symbol("z")
"""h lambda."""
ratio = Symbol(r"\frac{y_1}{y_0}")
"""What a step of the solver makes of y, over y."""

DIGITS = 16
"""Of coefficients that are printed rounded."""
SAMPLES = 5


def stability_function(name: str = "rk4_classic") -> Derivation:
    """The stability function of a method of `core.ode`, its Taylor series, and what the solver does.

    Raises:
        KeyError: no tableau of this name.
    """
    tableau = TABLEAUS[name]
    p, s = tableau.order, tableau.stages
    A, b, one = MatrixSymbol("A", s, s), MatrixSymbol("b", 1, s), MatrixSymbol("1", s, 1)
    g, unit = MatrixSymbol("g", s, 1), MatrixSymbol(r"\mathrm{1}", 1, 1)
    numbers_of = exact(
        (
            (A, ImmutableDenseMatrix([[number(x) for x in row] for row in tableau.a])),
            (b, ImmutableDenseMatrix([[number(x) for x in tableau.b]])),
            (one, ones(s, 1)),
            (unit, ones(1, 1)),
        )
    )
    field = numbers_of[0][1].domain.frac_field(z)
    entries = tuple((known, matrix.convert_to(field)) for known, matrix in numbers_of)
    table = dict(entries)
    system = DomainMatrix.eye(s, field).to_dense() - table[A] * field.from_sympy(z)
    check = Evaluated((*entries, (g, system.lu_solve(table[one]))))
    above, below = _fraction(tableau)
    found = above / below
    rounded = Evaluated(check.entries, Fraction(1, 10 ** (DIGITS - 1)), "coefficients are printed rounded")
    steps = [
        Step(
            g,
            one + z * A * g,
            rf"One step of {name.replace('_', ' ')} of size $h$ on $y' = \lambda y$ from $y_0$, with $z = h \lambda$. "
            r"Its stages are at $y_0\,\mathbf{g}$: each is $y_0$ plus $h$ times the slopes, weighted by its row of the "
            r"tableau's matrix $\mathbf{A}$. The entries of $\mathbf{g}$ are the exact solution of these equations; "
            r"$\mathbf{1}$ is a column of ones.",
            check,
        ),
        Step(
            unit + z * b * g,
            found,
            r"The step ends at $y_0$ plus $h$ times the slopes with the weights $\mathbf{b}$: it multiplies $y_0$ by "
            "$R(z)$, the *stability function*. On the right it is as the solver lab draws it.",
            check if not tableau.tolerance else rounded,
        ),
        Step(
            above,
            exp(z) * below,
            f"The solution is multiplied by $e^z$. The two agree below $z^{{{p + 1}}}$, as a method of order {p} has to"
            + (", here times the denominator." if below != 1 else "."),
            Series(z, p + 1),
        ),
    ]
    if not tableau.tolerance:
        missing = _missing(tableau)
        steps.append(
            Step(
                exp(z) * below - above,
                missing * z ** (p + 1),
                "What one step misses, to first order; the denominator is 1 at $z = 0$."
                if below != 1
                else "What one step misses, to first order.",
                Series(z, p + 2),
            )
        )
    steps.append(
        Step(
            ratio,
            found,
            r"The solver itself, for one step with real $z$ from $-2$ to $\frac12$.",
            Matches(
                lambda values: _one_step(name, values),
                f"one step of `core.ode.solve` with {name}",
                Sampled({z: numbers(-2, 0.5)}, samples=SAMPLES, tolerance=1e-9),
            ),
        )
    )
    return Derivation(
        f"The stability function of {name}",
        f"The tableau of {name} on the linear equation, all complex z where the denominator is not 0"
        + (f"; the coefficients, published rounded, up to {10.0 ** (1 - DIGITS):.0e}." if tableau.tolerance else "."),
        f"Hairer, Wanner 1996, section IV.3, propositions 3.1 and 3.2; the tableau: {tableau.source}",
        tuple(steps),
    )


def _fraction(tableau: Tableau) -> tuple[Expr, Expr]:
    """Numerator and denominator of R; for rounded numbers with the Taylor coefficients that they stand for."""
    function, p = tableau.stability, tableau.order
    above, below = ([number(x) for x in part] for part in (function.numerator, function.denominator))
    if tableau.tolerance:
        above = [1 / factorial(k) if k <= p else Float(x, DIGITS) for k, x in enumerate(above)]
    return _polynomial(above), _polynomial(below)


def _polynomial(coefficients: list[Any]) -> Expr:
    return sum((x * z**k for k, x in enumerate(coefficients)), Rational(0))


def _missing(tableau: Tableau) -> Any:
    """The coefficient of z^(p+1) in e^z - R."""
    p = tableau.order
    above, below = ([number(x) for x in part] for part in (tableau.stability.numerator, tableau.stability.denominator))
    series: list[Any] = []  # of R: its product with the denominator is the numerator
    for k in range(p + 2):
        known = sum((below[j] * series[k - j] for j in range(1, min(k, len(below) - 1) + 1)), Rational(0))
        series.append(((above[k] if k < len(above) else 0) - known).expand())
    return 1 / factorial(p + 1) - series[p + 1]


def _one_step(name: str, values: Mapping[Symbol, Any]) -> float:
    rate = float(values[z])
    start = torch.ones(1, dtype=torch.float64)

    def field(_: Tensor, y: Tensor) -> Tensor:
        return rate * y

    if name in ADAPTIVE:  # one step, whatever its error
        options = {"first_step": 1.0, "max_step": 1.0}
        found = solve(field, start, 0.0, 1.0, method=name, rtol=1e30, atol=1e30, options=options)
    else:
        found = solve(field, start, 0.0, 1.0, method=name, step_size=1.0)
    if not isinstance(found.y, Tensor):
        raise TypeError("expected one tensor")
    return float(found.y)
