"""Results of the solver lab in words: tables, notices, the worked example. Every number comes from a result."""

import math
from collections.abc import Sequence
from fractions import Fraction

from core.labs.adaptive_steps import Result as Steps
from core.labs.solvers import OrderResult, WorkResult, expected_nfe
from core.labs.stability import Region, TestRun
from core.labs.stiffness import EQUAL, MOST_STEPS, T1, Run, Sweep
from core.labs.stiffness import Result as Stiff
from core.labs.verdict import said, verdict
from core.ode.tableaus import TABLEAUS
from core.ode.trees import Tree, density

TITLES = {
    "euler": "euler",
    "midpoint": "midpoint",
    "heun2": "heun2 (2 stages)",
    "heun3": "heun3 (3 stages)",
    "rk4_classic": "rk4_classic",
    "rk4": "rk4 (3/8 rule)",
    "bosh3": "bosh3 (Bogacki, Shampine)",
    "dopri5": "dopri5 (Dormand, Prince)",
    "tsit5": "tsit5 (Tsitouras)",
    "dopri8": "dopri8 (Dormand, Prince)",
    "explicit_adams": "explicit_adams (Adams, Bashforth)",
    "implicit_euler": "implicit_euler",
    "trapezoid": "trapezoid",
    "sdirk2": "sdirk2",
    "trbdf2": "trbdf2",
    "kencarp4": "kencarp4 (Kennedy, Carpenter)",
    "radauIIA3": "radauIIA3",
    "radauIIA5": "radauIIA5",
    "gl4": "gl4 (Gauss)",
    "gl6": "gl6 (Gauss)",
}
"""Methods as menus show them: the name that `solve` knows and, where it does not tell, whose they are."""

HALVING = ["divided by 2", "divided by 4", "divided by 8", "divided by 16"]
"""Answers to: what does half the step do to the error of a method of order 4?"""

CHEAPEST = ["Euler, simple steps", "RK4, equal steps", "an adaptive method"]
FACTORS = ["at most 0.5", "0.5 to 1", "1 to 2", "more than 2"]
BELOW = ["below the tolerance", "about the tolerance", "above the tolerance"]
CRAWL = ["the same", "about 10 times as many", "about 100 times as many"]


def order_table(result: OrderResult) -> str:
    """Theory beside measurement, as a Markdown table."""
    extra = 1 if result.params.local else 0
    rows = [
        f"| {curve.method} | {curve.order + extra} | {'none' if curve.slope is None else f'{curve.slope:.2f}'} | "
        f"{int(curve.used.sum())} |"
        for curve in result.curves
    ]
    head = "| method | p + 1 | measured slope | points |" if extra else "| method | p | measured slope | points |"
    return "\n".join([head, "|:--|--:|--:|--:|", *rows])


def about_order(result: OrderResult, guess: str) -> str:
    """What the prediction was worth, and where rounding takes over."""
    ends = "one step's error falls with slope $p + 1$" if result.params.local else "the error falls with slope $p$"
    kind = "float32" if result.params.single else "float64"
    text = (
        f"{verdict(guess, HALVING[-1])} Order $p$ means error $\\approx C h^p$; half the step divides it by $2^p$. On "
        f"logarithmic axes {ends}. "
    )
    floored = [curve.method for curve in result.curves if len(curve.errors) and curve.errors.min() < result.floor]
    reach = f"{', '.join(floored)} got there" if floored else "no method got there"
    return text + (
        f"Below about {result.floor:.1e} (100 rounding errors of {kind}) smaller steps no longer help: {reach}. "
        "More steps then add more rounding errors, so those points are left out of the fit."
    )


def about_order_outliers(result: OrderResult) -> str | None:
    """Slopes off the theory by more than 0.25, with the reason to think of first."""
    extra = 1 if result.params.local else 0
    off = [
        f"{curve.method} {curve.slope:.2f}"
        for curve in result.curves
        if curve.slope is not None and abs(curve.slope - curve.order - extra) > 0.25
    ]
    if not off:
        return None
    return (
        f"Off the theory by more than 0.25: {', '.join(off)}. The order holds as h goes to 0; here the steps whose "
        "error is clear of round-off are still too long, and the next power of h takes part."
    )


def work_table(result: WorkResult, tolerance: float = 1e-6) -> str:
    """Where evaluations come from, at one tolerance (adaptive) or at the most steps (equal steps)."""
    rows = []
    for work in result.works:
        if not len(work.nfe):
            continue
        near = [i for i, setting in enumerate(work.settings) if work.adaptive and math.isclose(setting, tolerance)]
        at = near[0] if near else len(work.nfe) - 1
        accepted, rejected, nfe = int(work.accepted[at]), int(work.rejected[at]), int(work.nfe[at])
        sum_ = expected_nfe(work.method, accepted, rejected)
        how = f"{accepted} + {rejected} attempts, Newton: {nfe}" if sum_ is None else f"{sum_[0]} = {nfe}"
        setting = f"rtol {work.settings[at]:.0e}" if work.adaptive else f"{accepted} steps"
        rows.append(f"| {work.method} | {setting} | {how} | {work.errors[at]:.1e} |")
    head = "| method | setting | nfe: per attempt x (accepted + rejected) | error |"
    return "\n".join([head, "|:--|:--|:--|--:|", *rows])


def about_work(result: WorkResult, guess: str, wanted: float = 1e-3) -> str:
    """Which method was cheapest to an error."""
    best: dict[str, tuple[int, bool]] = {}
    for work in result.works:
        enough = work.nfe[work.errors <= wanted]
        if len(enough):
            best[work.method] = (int(enough.min()), work.adaptive)
    if not best:
        return f"{said(guess)}None of the chosen methods came below an error of {wanted:.0e} here: choose others."
    winner = min(best, key=lambda name: best[name][0])
    nfe, adaptive = best[winner]
    kind = CHEAPEST[2] if adaptive else CHEAPEST[0] if winner == "euler" else CHEAPEST[1]
    others = ", ".join(f"{name} {best[name][0]}" for name in best if name != winner)
    failed = [work.method for work in result.works if work.method not in best]
    never = f" {', '.join(failed)} did not get there within the work tried." if failed else ""
    priced = f"To an error of {wanted:.0e} the cheapest is {winner} with {nfe} evaluations; {others}.{never}"
    return f"{verdict(guess, kind)} {priced}"


def stability_table(regions: Sequence[Region]) -> str:
    """What the tableaus decide."""
    rows = [
        f"| {one.method} | {'all below 0' if math.isinf(one.interval) else f'-{one.interval:.4f} to 0'} | "
        f"{_yes(one.a_stable)} | {_yes(one.l_stable)} |"
        for one in regions
    ]
    return "\n".join(["| method | stable real hλ | A-stable | L-stable |", "|:--|:--|:--|:--|", *rows])


def about_run(run: TestRun, guess: str) -> str:
    """Predicted beside measured growth per step."""
    place = f"hλ = {run.params.re:.2f} {'-' if run.params.im < 0 else '+'} {abs(run.params.im):.2f} i"
    if run.measured is None:
        return f"At {place}, a pole of R, the step's equation has no solution, so there is nothing to measure."
    truth = math.exp(run.params.re)
    right = FACTORS[sum(run.predicted > limit for limit in (0.5, 1.0, 2.0))]
    return (
        f"{verdict(guess, right)} At {place}: |R(hλ)| = {run.predicted:.6g} from the tableau, {run.measured:.6g} "
        f"measured per step of the solver's run. The exact solution is multiplied by {truth:.4g}. "
        f"{_judged(run.predicted, truth)}"
    )


def _judged(predicted: float, truth: float) -> str:
    if predicted > 1 >= truth:
        return "The numbers grow although the solution does not: the step is too long for this method."
    if predicted <= 1 < truth:
        return "The numbers shrink although the solution grows: stable does not mean right."
    return "Both shrink." if truth <= 1 else "Both grow."


def about_steps(result: Steps, guess: str) -> str:
    """The global error beside the tolerance."""
    worst, tolerance = result.worst, result.tolerance
    ratio = worst / tolerance
    answer = BELOW[0] if ratio < 0.5 else BELOW[1] if ratio <= 2 else BELOW[2]
    return (
        f"{verdict(guess, answer)} The largest global error is {worst:.2g}, {_plain(ratio)} times the tolerance "
        f"{tolerance:.0e}. rtol and atol bound the estimated error of each single step; the problem may damp or "
        "magnify these errors."
    )


def step_message(result: Steps) -> str | None:
    """What the solver said when it gave up."""
    return f"The solver says: {result.message}" if result.message else None


def step_counts(result: Steps) -> str:
    """What the run took."""
    return (
        f"{result.params.method}: {len(result.sizes)} steps accepted, {len(result.rejections)} rejected, "
        f"{result.nfe} evaluations of f"
        + (f"; steps from {result.sizes.min():.2g} to {result.sizes.max():.2g}." if len(result.sizes) else ".")
    )


def stiff_table(result: Stiff) -> str:
    """All methods on one problem."""

    def end(run: Run) -> str:
        if run.message:
            return f"gave up at t = {run.reached:.3g}"
        return "not known" if math.isnan(run.error) else f"{run.error:.1e}"

    rows = [f"| {run.method} | {run.accepted} + {run.rejected} | {run.nfe} | {end(run)} |" for run in result.runs]
    return "\n".join(["| method | steps + rejected | nfe | error at the end |", "|:--|--:|--:|--:|", *rows])


def about_stiffness(result: Stiff, limit: float) -> str:
    """Whether stability or accuracy tells the explicit method its steps."""
    if math.isnan(result.pinned):
        return "dopri5 took no step in the later half."
    text = (
        f"In the later half of its run dopri5's mean step is h = {result.pinned / result.fastest:.3g}, so that h times "
        f"the fastest rate {result.fastest:g} is {result.pinned:.2f}; its tableau is stable up to {limit:.2f}. "
    )
    if result.pinned > 0.85 * limit:
        return text + "Stability, not accuracy, sets its steps: a looser tolerance would hardly make it faster."
    return text + "Accuracy, not stability, sets its steps: the problem is not stiff for it."


def stiff_messages(result: Stiff) -> list[str]:
    """What solvers said when they gave up."""
    return [f"{run.method} says: {run.message}" for run in result.runs if run.message]


def about_sweep(guess: str, sweep: Sweep) -> str:
    """Steps of the explicit and of the implicit method as the stiffness grows tenfold, where both are known."""
    hundred, thousand = (next(r for r in sweep.results if r.params.strength == x) for x in (100.0, 1_000.0))
    few, many = hundred.runs[0], thousand.runs[0]
    whole = many.accepted * T1 / many.reached  # for one that was stopped: what the whole interval would take
    about = "" if not many.message else f" (it was stopped at t = {many.reached:.2g}; in proportion)"
    return (
        f"{verdict(guess, CRAWL[1])} dopri5 took {few.accepted} steps at 100 and {whole:.0f} at 1,000{about}, "
        f"{whole / few.accepted:.1f} times as many; kencarp4, which is implicit, "
        f"{hundred.runs[1].accepted} and {thousand.runs[1].accepted}. The "
        f"solve ends after {MOST_STEPS:,} attempts: open marks say that it gave up."
    )


def largest_step(strength: float) -> tuple[str, float, float, str]:
    """Question, answer, tolerance and reason: Euler's longest stable step."""
    answer = 2 / strength
    return (
        f"What is the longest step h with which Euler's method does not grow on z' = -{strength:g} z?",
        answer,
        0.01 * answer,
        f"R(hλ) = 1 + hλ with λ = -{strength:g}, and |1 - {strength:g} h| <= 1 holds up to h = 2 / {strength:g}. "
        f"From 0 to {T1:g} that is at least {T1 / answer:,.0f} steps, where implicit Euler takes {EQUAL} as well.",
    )


def steps_and_work(result: WorkResult) -> tuple[str, dict[str, str], str]:
    """Question, answers with reasons, and the right one, about the first adaptive explicit run in the picture."""
    work = next((one for one in result.works if one.adaptive and expected_nfe(one.method, 1, 0)), None)
    method = "dopri5" if work is None else work.method
    each = TABLEAUS[method].stages - 1
    at = 0 if work is None else min(2, len(work.nfe) - 1)  # another tolerance than that of the table
    accepted, rejected = (10, 2) if work is None else (int(work.accepted[at]), int(work.rejected[at]))
    total = 2 + each * (accepted + rejected)
    right = f"{total}"
    answers = {
        f"{accepted}": "That is the number of accepted steps. Each step evaluates f several times.",
        f"{2 + each * accepted}": "This leaves out the rejected attempts: they are paid for as well.",
        right: f"{TABLEAUS[method].stages} stages less the one shared with the next step give {each} for each of "
        f"{accepted + rejected} attempts, and 2 more find the first slope and the first step size.",
        f"{2 + TABLEAUS[method].stages * (accepted + rejected)}": f"The last stage is evaluated where the next step "
        f"begins, and kept (FSAL): {each} evaluations per attempt, not {TABLEAUS[method].stages}.",
    }
    return f"{method} accepted {accepted} steps and rejected {rejected}. What is its nfe?", answers, right


_CONDITIONS: dict[Tree, str] = {
    (): r"\sum_i b_i",
    ((),): r"\sum_i b_i c_i",
    ((), ()): r"\sum_i b_i c_i^2",
    (((),),): r"\sum_{i,j} b_i a_{ij} c_j",
    ((), (), ()): r"\sum_i b_i c_i^3",
}


def order_conditions(method: str = "heun3") -> list[str]:
    """The worked example: the sums of the order conditions, exactly, from the tableau."""
    tableau = TABLEAUS[method]
    nodes = ", ".join(str(c) for c in tableau.c)
    weights = ", ".join(str(b) for b in tableau.b)
    stages = ", ".join(f"a_{{{i + 1}{j + 1}}} = {x}" for i, row in enumerate(tableau.a) for j, x in enumerate(row) if x)
    steps = [f"The tableau of {method}: nodes $c = ({nodes})$, weights $b = ({weights})$ and ${stages}$."]
    order = 1
    while True:
        residuals = {tree: r for tree, r in tableau.order_residuals(order).items() if tree in _CONDITIONS}
        sums = ", ".join(
            f"${_CONDITIONS[tree]} = {residual + Fraction(1, density(tree))}$ (wanted $1/{density(tree)}$)"
            for tree, residual in sorted(residuals.items(), key=lambda item: density(item[0]))
        )
        if any(residuals.values()):
            return [*steps, f"**Order {order}** asks for {sums}: missed, so the order is {order - 1}."]
        steps.append(f"**Order {order}** asks for {sums}: met.")
        order += 1


def _plain(value: float) -> str:
    """A number without an exponent where it needs none."""
    return f"{value:,.0f}" if 100 <= value < 1e6 else f"{value:.3g}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
