"""What the page on the adjoint method says about results, in sentences with their numbers."""

from collections.abc import Iterable
from math import isfinite

from core.labs.adjoint import LATER, T0, Run
from core.labs.adjoint_nudge import Nudge
from core.labs.checked import Report
from core.labs.verdict import one_of, verdict

RISES, FALLS = "L rises", "L falls"
GUESSES = [RISES, FALLS]
NO_STEP = "none of them"

ALGORITHM = (
    r"Solve $z' = f(z, t, \theta)$ forwards. Keep only the end, $z(t_1)$.",
    r"Start values at $t_1$: the state $z(t_1)$; the adjoint $a(t_1) = \partial L / \partial z(t_1)$; nothing gathered "
    r"yet for $\theta$, so $a_\theta = 0$; and $a_t = -a(t_1) f(t_1)$, which is minus $dL/dt_1$. It has this sign so "
    "that it ends at $dL/dt_0$.",
    r"Solve all four together, backwards. Their slopes are $f$, $-a\, \partial f/\partial z$, "
    r"$-a\, \partial f/\partial\theta$ and $-a\, \partial f/\partial t$. The three products come from one "
    "vector-Jacobian product; no Jacobian matrix is formed.",
    r"At $t_0$ read off: $a = dL/dz(t_0)$, $a_\theta = dL/d\theta$, $a_t = dL/dt_0$.",
)
"""The paper's Appendix C, with the sign of the last accumulator set right."""

ACCUMULATOR = {
    "because time runs backwards there": "Backwards or not, a start value is a value: no direction changes its sign.",
    "because it shall end at $dL/dt_0 = -a(t_0) f(t_0)$": r"From $t_1$ down to $t_0$ it gathers $\int_{t_0}^{t_1} a\, "
    r"\partial f/\partial t\; dt$, which is exactly the change of $a f$. Started at $-a(t_1) f(t_1)$, it ends at "
    r"$-a(t_0) f(t_0)$.",
    "because the loss should fall": "A gradient says how the loss changes; the step to take is the optimiser's affair.",
}
ACCUMULATOR_RIGHT = list(ACCUMULATOR)[1]


def pair(values: Iterable[float]) -> str:
    """A point or a row, four digits each.

    >>> pair((1.0, -0.25))
    '(1.000, -0.2500)'
    """
    return "(" + ", ".join(f"{value:#.4g}" for value in values) + ")"


def about_loss(run: Run) -> str:
    """Where the solution ends, and how far that is from the target."""
    end, target = run.forward[0], run.params.target
    return (
        f"The solution ends at $z(t_1) = {pair(end)}$, the target is $z^* = {pair(target)}$, and half the squared "
        f"distance is the loss: **L = {run.loss:.4g}**. At $t_1$ the adjoint is $a(t_1) = z(t_1) - z^* = "
        f"{pair(run.a[0])}$: it points away from the target, along which $L$ grows fastest."
    )


def about_arrows(run: Run, scale: float) -> str:
    """How long the arrows are drawn."""
    return (
        f"Orange arrows are $a(t)^\\top$, drawn {scale:.2g} times as long. At $t_0$: $a(t_0) = {pair(run.a[-1])}$, the "
        "gradient of $L$ by the start."
    )


def about_nudge(nudge: Nudge, guess: str) -> str:
    """The prediction, held against both runs."""
    run, right = nudge.run, RISES if nudge.change > 0 else FALLS
    rows = "\n".join(
        f"| {part:g} $\\delta z$ | {told:+.5f} | {change:+.5f} | {change - told:+.5f} |"
        for part, told, change in nudge.smaller
    )
    first, last = (abs(change - told) for _, told, change in (nudge.smaller[0], nudge.smaller[-1]))
    factor = f" Here it is {first / last:.1f} times smaller." if last > 1e-9 else ""
    return (
        f"{verdict(guess, right)} It does so by {abs(nudge.change):.4f}. The adjoint told it without a second solve: "
        f"$a(t_0)\\, \\delta z = {pair(run.a[-1])} \\cdot {pair(nudge.shift)}^\\top = {nudge.told:+.4f}$.\n\n"
        f"| moved by | adjoint | two solves | missed |\n|:--|--:|--:|--:|\n"
        f"{rows}\n\n"
        f"What is missed shrinks faster than $\\delta z$: being of second order, it should be 16 times smaller for a "
        f"quarter of the move.{factor} "
        "The panel on the right shows $a(t)$ times the gap between both solutions at every $t$: for a small "
        "$\\delta z$ it is the same number all along the way. That is what the adjoint equation makes sure of."
    )


def gradient_table(run: Run) -> str:
    """Adjoint beside back-propagation, number by number."""
    names = [r"$dL/dz_1(t_0)$", r"$dL/dz_2(t_0)$", *(f"$dL/d{theta}$ (`{name}`)" for name, theta in thetas(run))]
    names += [r"$dL/dt_0$", r"$dL/dt_1$"]
    rows = "\n".join(
        f"| {name} | {ours:+.6g} | {theirs:+.6g} | {abs(ours - theirs):.1e} |"
        for name, ours, theirs in zip(names, run.adjoint.all, run.direct.all, strict=True)
    )
    return f"| | adjoint | through the steps | apart |\n|:--|--:|--:|--:|\n{rows}"


def thetas(run: Run) -> list[tuple[str, str]]:
    """The name of each parameter, and its theta in LaTeX: numbered if there are several."""
    names = run.params.names
    return [(name, rf"\theta_{i}" if len(names) > 1 else r"\theta") for i, name in enumerate(names, 1)]


def about_gradients(run: Run) -> str:
    """How well they agree, and what they took."""
    closeness = f"Both ways agree to {run.apart:.0e} of the largest number."
    if run.apart > 1e-5:
        closeness = (
            f"**The two ways differ by {run.apart:.0e} of the largest number**: this solution forgets its start, and "
            "solved backwards it does not come back well. The gradient lab follows that up."
        )
    return (
        f"{closeness} Back-propagation goes through the solver's steps and keeps them all; the adjoint kept $z(t_1)$ "
        f"alone and took {run.nfe[1]} evaluations of the augmented field in {run.steps[1]} steps, after {run.nfe[0]} "
        f"of $f$ in {run.steps[0]} steps forwards. Its state came back to within {run.reconstruction:.0e} of the start."
    )


def about_accumulators(run: Run) -> str:
    """What the accumulators start at, with numbers."""
    flat = "" if run.moving else " This $f$ does not depend on $t$: $a_t$ stays what it was, and $dL/dt_0 = -dL/dt_1$."
    begun = f"$a(t_1) = {pair(run.a[0])}$ and $a_t(t_1) = -a(t_1) f(t_1) = {run.a_t[0]:.5g}$"
    return f"Here {begun}; $a_\\theta$ starts at 0. Rings at $t_0$ are back-propagation's answers.{flat}"


def backward_steps(run: Run) -> list[str]:
    """A worked example: one step of the algorithm by hand, from t1."""
    t1, h = run.params.t1, float(run.times[0] - run.times[1])
    z, a, f1 = run.z[0], run.a[0], run.slopes[0]
    moved_z, moved_a = z - h * f1, a - h * run.slopes[1]
    steps = [
        f"At $t_1 = {t1:g}$ the state is $z = {pair(z)}$, and the slope there is $f = {pair(f1)}$.",
        f"The adjoint is $a = z - z^* = {pair(a)}$. So $dL/dt_1 = a f = {a[0]:.4g} \\cdot ({f1[0]:.4g}) + {a[1]:.4g} "
        f"\\cdot ({f1[1]:.4g}) = {a @ f1:.4g}$, and the accumulator of time starts at $a_t = {run.a_t[0]:.4g}$.",
        f"Go back by a small $h = {h:.3g}$, along the slope: $z(t_1 - h) \\approx z - h f = {pair(moved_z)}$. The "
        f"solver, which takes more care, has {pair(run.z[1])}.",
        f"The adjoint's slope is $-a\\, \\partial f/\\partial z = {pair(run.slopes[1])}$, so $a(t_1 - h) \\approx "
        f"{pair(moved_a)}$. The solver has {pair(run.a[1])}.",
    ]
    landed = ""
    for name, theta in thetas(run)[:1]:
        slope, gathered = run.slopes[2][0], run.a_theta[1, 0]
        steps.append(
            f"For ${theta}$, which is `{name}`, the slope is $-a\\, \\partial f/\\partial {theta} = {slope:.4g}$, so "
            f"after this step ${-h * slope:.4g}$ has been gathered; the solver has {gathered:.4g}."
        )
        landed = f" and $dL/d{theta} = {run.a_theta[-1, 0]:.4g}$"
    steps.append(
        f"After {len(run.times) - 1} such stretches, at $t_0 = {T0:g}$: $a = dL/dz(t_0) = {pair(run.a[-1])}${landed}."
    )
    return steps


def later_exercise(run: Run) -> tuple[str, float, float, str]:
    """Question, answer, tolerance and explanation: the solve ends a little later."""
    a, f1 = run.a[0], run.slopes[0]
    answer = LATER * float(a @ f1)
    question = (
        f"On screen $a(t_1) = {pair(a)}$, and the slope at the end is $f = {pair(f1)}$. By how much does $L$ change, "
        f"to first order, if the solve ends {LATER:g} later?"
    )
    measured = f" A second solve, ended later, changes $L$ by {run.later:.4g}." if isfinite(run.later) else ""
    explanation = (
        f"$dL/dt_1 = a(t_1) f(t_1) = {a @ f1:.4g}$, because a later end moves the end point along $f$, and $a$ says "
        f"what that does to $L$. Times {LATER:g}, that is {answer:.4g}.{measured}"
    )
    return question, answer, max(0.03 * abs(answer), 2e-5), explanation


def about_break(broken: Report, guess: str) -> str:
    """Which steps failed, and what had been said."""
    failed = [f"step {number}" for number, step in enumerate(broken.steps, 1) if step.status == "failed"]
    if not failed and broken.count("undecided"):
        return "No step fails, but sympy could not decide all of them in its time, so this settles nothing."
    if not failed:
        return (
            f"{verdict(guess, NO_STEP)} Every step still checks: for this $f$ the mistake makes no difference. Take "
            "*any smooth f* to see where it would."
        )
    verb = "fails" if len(failed) == 1 else "fail"
    return (
        f"{one_of(guess, failed)} {', '.join(failed).capitalize()} {verb}. Beneath a cross stands what the two sides "
        "differ by, entry by entry. The other steps do not notice."
    )
