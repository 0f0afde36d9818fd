"""What the page on Jacobians says about results, in sentences with their numbers."""

from math import floor, log10

import numpy as np

from core.expression.printing import power_of_ten
from core.labs.jacobian_cost import FITTED, Costs
from core.labs.jacobian_products import Products
from core.labs.jacobian_ways import Ways
from core.labs.jacobians import RADII, Linear, Picture, Shrink
from core.labs.verdict import verdict

AREA = [
    "half the area, run through the same way round",
    "twice the area, run through the other way round",
    "twice as wide, run through the same way round",
]
RATIO = ["about as long", "about n times as long", "about n² times as long"]
"""Answers to the page's predictions; the second is right, as measured."""

COUNT = {
    "One vjp": "The loss is one number, so a = 1 is a row of one entry, and a times the 1 x n Jacobian is the whole "
    "gradient: this is back-propagation.",
    "n vjps, one for each weight": "That is what forward mode needs: one jvp for each input. Backwards, one run gives "
    "all n entries at once.",
    "The whole Jacobian of every layer": "Each layer passes a row on, a times its Jacobian; no layer's matrix is ever "
    "formed.",
}
"""How many runs the gradient of a loss takes: answer -> why."""
COUNT_RIGHT = "One vjp"


def about_area(guess: str, fold: Picture, shown: Picture) -> str:
    """The prediction on areas, held against the fold, then what holds on screen."""
    area = fold.area if fold.area is not None else float("nan")
    fit = shown.linear
    here = f"Here $\\det J = {number(fit.determinant)}$. "
    if shown.area is None:
        here += "f has no value on some of this circle, so its image has no area; take a smaller one."
    else:
        here += (
            f"f makes the area of this circle {abs(shown.area):.5g} times as large, and runs around it "
            f"{_way(shown.area)}."
        )
    return (
        f"{verdict(guess, AREA[1])} The fold $(z_1^2, z_2)$ has $\\det J = 2 z_1 = "
        f"{number(fold.linear.determinant)}$ at $z_1 = -1$, and its circle of radius {fold.params.radius:g} becomes a "
        f"curve with {abs(area):.4g} times the area, run through {_way(area)}. **The size of the determinant is the "
        f"factor of areas, its sign the sense of rotation.** {here}"
    )


def _way(area: float) -> str:
    if abs(area) < 1e-12:
        return "without enclosing anything"
    return "the same way" if area > 0 else "the other way round"


def about_singular(fit: Linear) -> str | None:
    """A notice where the linear map flattens the plane."""
    if not fit.singular:
        return None
    what = "to a point" if fit.stretches[0] < 1e-12 else "to a line"
    return f"The Jacobian is singular here: its determinant is 0, and the linear map flattens the circle {what}."


def about_shrinking(found: Shrink) -> str:
    """How fast the linear map becomes right."""
    radii = f"from radius {RADII[0]:g} to {RADII[-1]:.2g}"
    if not np.isfinite(found.gaps[-1]):
        return f"f is not defined on the circles around this point, {radii}, so nothing can be measured."
    if not found.differentiable:
        return (
            f"The distance of the curves over r does not vanish {radii}: it is {found.gaps[-1]:.3g} at the end. Either "
            "f has no derivative here, a corner or a jump, whatever a formula says; or it bends on a scale smaller "
            "still."
        )
    if found.gap_slope is None:
        return f"Here the linear map is f itself, or so close to it, {radii}, that rounding hides the rest."
    area = (
        "the area factor is exactly det J, but for rounding: what is gained on one side is lost on the other"
        if found.area_slope is None
        else f"the area factor tends to det J with slope {found.area_slope:.2f}"
    )
    return (
        f"As r shrinks, the distance of the curves over r falls with slope {found.gap_slope:.2f}, so the distance "
        f"itself with slope {found.gap_slope + 1:.2f}: halving r divides it by about {2 ** (found.gap_slope + 1):.2g}. "
        f"That the first tends to 0 is the definition of the derivative. Meanwhile {area}."
    )


def number(value: float) -> str:
    """Five digits, as LaTeX, without a power of ten where none is needed."""
    return power_of_ten(f"{0.0 if abs(value) < 1e-14 else value:.5g}")


def matrix(values: np.ndarray) -> str:
    """A matrix, or a column, as LaTeX."""
    rows = [" & ".join(number(float(value)) for value in np.atleast_1d(row)) for row in values]
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def row(values: np.ndarray) -> str:
    """A row vector, as LaTeX."""
    return r"\begin{bmatrix} " + " & ".join(number(float(value)) for value in values) + r" \end{bmatrix}"


def ways_tables(ways: Ways) -> list[str]:
    """A table of the four entries for each of the three ways."""
    found = (("sympy", ways.symbolic), ("torch", ways.automatic), ("differences", ways.differences))
    tables = []
    for name, values in found:
        lines = [f"| entry | {name} |", "|:--|--:|"]
        for i in range(2):
            for j in range(2):
                told = "no value" if values is None else _digits(values[i, j])
                lines.append(f"| $\\partial f_{i + 1} / \\partial z_{j + 1}$ | {told} |")
        tables.append("\n".join(lines))
    return tables


def _digits(value: float) -> str:
    return f"{value + 0.0:.12g}"


def about_ways(ways: Ways) -> str:
    """How far the three agree."""
    quotients = (
        f"The difference quotients, $(f(p + h e_j) - f(p - h e_j)) / 2h$ with $h$ = {ways.step:.2g} and $e_j$ the unit "
        f"vector along $z_j$, and torch {_agreement(ways.automatic, ways.differences)}: a smaller $h$ would lose "
        "digits to rounding, a larger one to the curvature of f. They need two evaluations of f for each input."
    )
    if ways.symbolic is None:
        return f"sympy's formulas have no number here as their value. {quotients}"
    return (
        f"Formulas and torch {_agreement(ways.symbolic, ways.automatic)}. torch saw no formula: it ran f and applied "
        f"the chain rule to each operation. {quotients}"
    )


def _agreement(one: np.ndarray, other: np.ndarray) -> str:
    """Largest difference, and how many digits agree."""
    apart, size = float(np.abs(one - other).max()), float(np.abs(one).max())
    if apart == 0:
        return "agree to the last digit"
    digits = max(0, floor(-log10(apart / size))) if size else 0
    return f"differ by up to {apart:.1e}, {digits} digits of the largest entry agree"


def product_steps(found: Products) -> list[str]:
    """A worked example: both products by hand."""
    j, (a1, a2), (v1, v2) = found.jacobian, found.params.a, found.params.v
    n = [[f"({number(j[i, k])})" for k in (0, 1)] for i in (0, 1)]
    s = {name: f"({number(value)})" for name, value in (("a1", a1), ("a2", a2), ("v1", v1), ("v2", v2))}
    b, c = found.row, found.column
    return [
        f"The matrix at the point: $J = {matrix(j)}$.",
        "The row times the matrix, column by column: "
        f"$(aJ)_1 = {s['a1']} \\cdot {n[0][0]} + {s['a2']} \\cdot {n[1][0]} = {number(b[0])}$, "
        f"$(aJ)_2 = {s['a1']} \\cdot {n[0][1]} + {s['a2']} \\cdot {n[1][1]} = {number(b[1])}$.",
        "The matrix times the column, row by row: "
        f"$(Jv)_1 = {n[0][0]} \\cdot {s['v1']} + {n[0][1]} \\cdot {s['v2']} = {number(c[0])}$, "
        f"$(Jv)_2 = {n[1][0]} \\cdot {s['v1']} + {n[1][1]} \\cdot {s['v2']} = {number(c[1])}$.",
        f"From the left, $(aJ)v = ({number(b[0])}) \\cdot {s['v1']} + ({number(b[1])}) \\cdot {s['v2']} = "
        f"{number(float(b @ np.array(found.params.v)))}$; from the right, $a(Jv) = {s['a1']} \\cdot ({number(c[0])}) + "
        f"{s['a2']} \\cdot ({number(c[1])}) = {number(float(np.array(found.params.a) @ c))}$. One number, two ways.",
    ]


def about_products(found: Products) -> str:
    """The products without the matrix."""
    off = max(float(np.abs(found.row - found.backward).max()), float(np.abs(found.column - found.forward).max()))
    same = "to the last digit" if off == 0 else f"but for {off:.1e}"
    return (
        f"One run backwards, no matrix: $aJ = {row(found.backward)}$. One run forwards: "
        f"$Jv = {row(found.forward)}^\\top$. Both equal the products with the matrix {same}. "
        f"In the left plane $(aJ)v = {number(found.from_left)}$, in the right one "
        f"$a(Jv) = {number(found.from_right)}$."
    )


def about_cost(guess: str, costs: Costs) -> str:
    """The prediction on cost, held against the measurement."""
    n = costs.sizes[-1]
    rows, vjp, jvp, batch, f = (
        way.seconds[-1] * 1e3 for way in (costs.rows, costs.vjp, costs.jvp, costs.vectorised, costs.value)
    )
    calm = n / 4 < costs.ratio < 4 * n
    return (
        f"{verdict(guess, RATIO[1])} With n = {n}, {costs.ratio:.0f} times as long here"
        f"{'' if calm else ' (other work on this machine disturbed the measurement)'}. The whole Jacobian by {n} vjps "
        f"took {rows:.3g} ms, one vjp {vjp:.2g} ms (f itself {f:.2g} ms), one jvp {jvp:.2g} ms. In one batch the same "
        f"{n} rows take {batch:.3g} ms, since a processor multiplies whole matrices faster than row by row; the work "
        f"is the same. Slopes are fitted to the {FITTED} largest sizes; small ones only measure how long it takes to "
        f"start an operation. All ways gave the same numbers, to {costs.apart:.1e}. J has {n * n:,} entries, the row "
        f"aJ {n}."
    )


def exercise(found: Products) -> tuple[str, float, float, str]:
    """Question, answer, tolerance and explanation: an entry of a J for another a."""
    j = found.jacobian
    answer = 2 * float(j[0, 1]) - float(j[1, 1])
    return (
        "For the Jacobian above and the row $a = (2, -1)$, what is the second entry of $aJ$? (to 1 %)",
        answer,
        0.01 * abs(answer) + 1e-3,
        f"The second entry takes the second column: $2 \\cdot ({number(j[0, 1])}) - 1 \\cdot ({number(j[1, 1])}) = "
        f"{number(answer)}$. It is the slope of $2 f_1 - f_2$ along $z_2$: a vjp is the gradient of one number, "
        "$a f$.",
    )
