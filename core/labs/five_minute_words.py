"""What the five-minute page says about its results."""

from core.labs.five_minutes import MOST_DIGITS, QUANTITIES, TOLERANCE, WAYS, Result, shown
from core.labs.verdict import verdict

SHAPES = ["a curve that bends", "a straight line from 0", "a hill: up, then down"]
"""Answers to the page's prediction on the integrand."""
_PRINTED = ("$L$", r"$\partial L / \partial z_0$", r"$\partial L / \partial k$")


def about_shape(guess: str, result: Result) -> str:
    """The prediction, held against the integrand."""
    end = result.end
    return (
        f"{verdict(guess, SHAPES[1])} What $z$ gains, $a$ loses: $a(t)\\, z(t)$ is {end * end:.5g} at every $t$. The "
        f"area is a triangle, $\\tfrac12 \\cdot {result.params.t1:g} \\cdot {end * end * result.params.t1:.5g} = "
        f"{end * end * result.params.t1**2 / 2:.5g}$. The solver gathered {result.gathered[-1]:.5g}."
    )


def tables(result: Result) -> list[str]:
    """One table for each quantity, in Markdown."""
    found = []
    for index, name in enumerate(_PRINTED):
        digits = max(result.digits(index), 1)
        rows = [f"| {way} | `{shown(result.table[row, index], digits)}` |" for row, way in enumerate(WAYS)]
        found.append("\n".join([f"| {name} | |", "|:--|--:|", *rows]))
    return found


def about_agreement(result: Result) -> str:
    """To how many digits the four ways agree."""
    counts = [result.digits(index) for index in range(len(QUANTITIES))]
    why = "More are not shown."
    if min(counts) < MOST_DIGITS:
        why = f"Further ones are lost to the solver, which was allowed an error of about {TOLERANCE:g} in each step."
    return f"All digits shown are the same in all four: {counts[0]}, {counts[1]} and {counts[2]} of them. {why}"


def exercise(result: Result) -> tuple[str, float, float, str]:
    """Question, answer, tolerance and explanation: the gradient by the end time."""
    k, t1, end = result.params.k, result.params.t1, result.end
    answer = end * k * t1 * end
    return (
        r"What is $\partial L / \partial t_1$ here, if the end time may move? (to 1 %)",
        answer,
        0.01 * abs(answer) + 1e-6,
        f"Later by $dt$, the state moves on by $f\\, dt$, and $L$ by $a f\\, dt$: $a(t_1)\\, f(t_1) = z(t_1) \\cdot "
        f"k\\, t_1\\, z(t_1) = {end:.5g} \\cdot ({k:g}) \\cdot {t1:g} \\cdot ({end:.5g}) = {answer:.5g}$.",
    )
