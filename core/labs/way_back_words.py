"""What the gradient lab says about memory, about a f, and about failed reconstructions, with their numbers."""

from collections.abc import Sequence

import numpy as np

from core.labs.gradient_failures import METHOD, Run, Sweep
from core.labs.gradient_hard_problems import PROBLEMS
from core.labs.gradient_memory import Result
from core.labs.gradient_meter import Drifts, Reading
from core.labs.gradient_problems import PROBLEMS as METERED
from core.labs.gradient_words import TITLES, distance, size
from core.labs.verdict import verdict

DOUBLED = ["adjoint", "direct", "checkpointed", "all three"]
METER = ["does not move", "moves by about the tolerance", "moves by as much as a does"]
WORSE = ["off by about as much as the state", "within 10 % of the right one", "further off still, or none at all"]

CAVEATS = (
    "- *Constant memory* is meant in the number of steps only: one evaluation of $f$ with its derivatives, and the "
    "gradient itself, still need their room.\n"
    "- *The gradient* is that of the exact solution up to errors of two solves, not the derivative of the loss that "
    "was computed. Tolerances that are good enough for $z$ need not be for $dL/d\\theta$.\n"
    "- *Reversible* is the equation, not the computation: a solution is unique backwards too, yet its errors may grow "
    "without bound on the way.\n"
    "- Direct and checkpointed gradients reconstruct nothing. Their prices: memory for the one, another forward solve "
    "for the other. With error control they take the solver's steps for constants, which they are not quite."
)


def memory_table(result: Result) -> str:
    """Bytes that are kept, and the peak, with slopes."""
    first, last = result.steps[0], result.steps[-1]
    kept, peak = [], []
    for growth in result.growths:
        kept_slope, peak_slope, _ = growth.slopes(result.steps)
        ends = [f"{size(values[0])} | {size(values[-1])}" for values in (growth.kept, growth.peak)]
        kept.append(f"| {TITLES[growth.name]} | {ends[0]} | {kept_slope:.2f} |")
        peak.append(f"| {TITLES[growth.name]} | {ends[1]} | {peak_slope:.2f} |")
    return "\n\n".join(
        f"| {kind} | {first} steps | {last} steps | slope |\n|:--|--:|--:|--:|\n" + "\n".join(rows)
        for kind, rows in (("kept", kept), ("peak", peak))
    )


def about_memory(result: Result, guess: str) -> str:
    """The prediction, held against the measurement."""
    adjoint, direct, checkpointed = (result.find(name) for name in ("adjoint", "direct", "checkpointed"))
    flat = "the same bytes at every number of steps" if len(set(adjoint.kept)) == 1 else "not always the same bytes"
    slopes = ", ".join(f"{growth.slopes(result.steps)[2]:.2f}" for growth in (direct, checkpointed, adjoint))
    return (
        f"{verdict(guess, DOUBLED[1])} Only the direct way doubles. It keeps {size(result.more('direct'))} more for "
        f"each further step. The adjoint keeps {size(adjoint.kept[-1])}, {flat}; at its peak a further step costs "
        f"{size(result.more('adjoint'))}, its place in the list of times. Checkpointed lies between: about the square "
        f"root of the steps as states, and as many steps' graph at a time. Time is another matter: "
        f"{1000 * direct.seconds[-1]:.0f} ms direct, {1000 * checkpointed.seconds[-1]:.0f} ms checkpointed, "
        f"{1000 * adjoint.seconds[-1]:.0f} ms adjoint, of the processor. All three grow with the "
        f"steps (slopes {slopes})."
    )


def thousand_steps(result: Result) -> tuple[float, str]:
    """Peak of the direct way with 1,000 steps in MiB, by the growth of the last doubling; and why."""
    direct, last = result.find("direct"), int(result.steps[-1])
    more = result.more("direct")
    answer = (float(direct.peak[-1]) + more * (1000 - last)) / 1024**2
    return answer, (
        f"{last} steps need {size(direct.peak[-1])} and each further one {size(more)}: {size(direct.peak[-1])} + "
        f"{1000 - last} x {size(more)} = {answer:.1f} MiB."
    )


def about_meter(reading: Reading, guess: str) -> str:
    """The prediction about a f, held against the solve."""
    problem = METERED[reading.params.problem]
    moved = float(np.abs(reading.a - reading.a[0]).max())
    start = reading.product[0]
    text = (
        f"{verdict(guess, METER[1])} From $t_1$ back to 0, a component of $a$ moves by up to {moved:.3g}, but "
        f"$a f$ {'minus what is due to $t$ ' if not problem.autonomous else ''}strays from {start:.6g} by "
        f"{reading.drift:.1e}, relative to $|a||f|$ at $t_1$; the tolerance of the way back is "
        f"1e{reading.params.backward}. The gradient is {distance(reading.error)} off. "
    )
    if not problem.autonomous:
        text += (
            r"Here $f$ depends on $t$, so $a f$ itself changes: $\frac{d}{dt}(a f) = a \frac{\partial f}{\partial t}$. "
            "The solver adds up that integral beside $a$; without it the meter would raise a false alarm. "
        )
    return text + rf"It ends at $a(0) f(z(0)) = -dL/dt_0 = {reading.product[-1]:.6g}$."


def about_drifts(drifts: Drifts) -> str:
    """What the tolerance does, and where the meter is blind."""
    return (
        f"The drift falls with the tolerance of the way back (slope {drifts.slope:.2f}), to {drifts.drifts[-1]:.1e}. "
        f"The gradient's error falls with it only to {drifts.errors[-1]:.1e}: what the way *there* got wrong, at its "
        f"tolerance 1e{drifts.params.forward}, the way back cannot see."
    )


def meter_choice(reading: Reading) -> tuple[dict[str, str], str]:
    """Whether a small drift proves a good gradient: answers with their explanations, and the right one."""
    numbers = (
        f"Here the drift is {reading.drift:.1e} and the gradient's error {reading.error:.1e}, with tolerance "
        f"1e{reading.params.forward} on the way there and 1e{reading.params.backward} on the way back."
    )
    return {
        "yes: it measures the gradient's error": f"It is one number beside a whole vector of errors. {numbers}",
        "no: it can only expose a bad way back": "A f is constant along *every* solution, also along one that starts "
        "at a wrong z(t1) or strays from the right path, as the tab Failures shows. A drift proves an error; no drift "
        f"proves nothing. {numbers}",
        "no: it says nothing at all": f"A drift is a sure sign of a bad way back, and costs one product. {numbers}",
    }, "no: it can only expose a bad way back"


def about_run(run: Run) -> str:
    """How the way back went."""
    stored = "only $z(t_1)$" if run.params.checkpoints == 1 else f"{run.params.checkpoints} states"
    if run.message:
        return (
            f"With {stored} stored, {METHOD} gave up at $t = {run.reached:.3g}$ on its way back from "
            f"$t_1 = {run.t1:g}$, {run.gap:.1e} away from the solution: no gradient, but at least no wrong one."
        )
    worst = max(float(np.nanmax(stretch.gap)) for stretch in run.stretches)
    between = f" (and up to {worst:.1e} away in between)" if worst > 2 * run.gap else ""
    return (
        f"With {stored} stored, the state that comes back at $t = 0$ is {run.gap:.1e} away from where it set "
        f"out{between}, in {run.nfe:,} evaluations and **without a word from the solver**: "
        f"each single step was within its tolerance, 1e{run.params.exponent}."
    )


def about_gradient(run: Run, guess: str) -> str:
    """What became of the gradient."""
    name = run.params.problem
    drift = (
        ""
        if np.isnan(run.drift)
        else f" The meter of the tab before reads a drift of {run.drift:.1e}"
        + (
            ": it does not see that the path is the wrong one, since $a f$ is constant along wrong paths too."
            if run.drift < 1e-2 < run.gap
            else "."
        )
    )
    if run.error <= 0.1:
        right = WORSE[1]
    elif 0.1 < run.error / max(run.gap, 1e-300) < 10:
        right = WORSE[0]
    else:
        right = WORSE[2]
    text = verdict(guess, right)
    if run.gradient is None:
        return f"{text} Here there is no gradient at all. More stored states, or fewer demands, help.{drift}"
    text += f" The gradient is {run.error:.1e} off, relative to its size; the state is {run.gap:.1e} off. "
    if name == "relaxation":
        text += (
            r"Here $\partial f/\partial z = -\lambda$ does not contain $z$, so $a$ is right whatever becomes of the "
            r"state. In $dL/d\lambda = \int a\,\frac{\partial f}{\partial\lambda}\,dt$ the state's error, which grows "
            r"backwards like $e^{\lambda (t_1 - t)}$, meets an $a$ that shrinks like $e^{-\lambda (t_1 - t)}$: the "
            "product stays small. **A lucky linear problem**; on the other two $a$ is multiplied by derivatives at the "
            "wrong place."
        )
    else:
        text += (
            "Here $\\partial f/\\partial z$ contains $z$: derivatives are taken at the wrong place, and $a$ follows."
        )
    return text + drift


def sweep_table(sweep: Sweep) -> str:
    """Gap and gradient's error for each strength."""
    one, many = sweep.checkpoints
    rows = [
        f"| {row[0].params.strength:g} | {_cell(row[0].gap, row[0])} | {_cell(row[0].error, row[0])} | "
        f"{_cell(row[1].gap, row[1])} | {_cell(row[1].error, row[1])} |"
        for row in sweep.runs
    ]
    strength = PROBLEMS[sweep.problem].strength.partition(",")[0]
    return (
        f"| {strength} | state, {one} stored | gradient | state, {many} stored | gradient |\n"
        "|--:|--:|--:|--:|--:|\n" + "\n".join(rows)
    )


def _cell(value: float, run: Run) -> str:
    return f"gave up at t = {run.reached:.2g}" if run.message else f"{value:.0e}"


def about_checkpoints(sweep: Sweep) -> str:
    """What stored states buy."""
    worst = sweep.runs[-1]
    span = worst[1].t1 / sweep.checkpoints[1]
    ends = (
        "even so it gives up"
        if worst[1].message
        else f"it arrives, {worst[1].gap:.1e} away, with a gradient that is {distance(worst[1].error)} off"
    )
    return (
        f"A stored state ends the growth: the way back starts from it anew, and errors have only "
        f"{span:.3g} of time to grow in place of {worst[1].t1:g}. In the last row, with {sweep.checkpoints[1]} "
        f"states stored, {ends}. Taken to its end (every step stored, or taken again from a stored state with a graph) "
        "nothing is reconstructed backwards: that is what `odeint_checkpointed` does."
    )


def enough_states(strength: float, t1: float) -> tuple[int, str]:
    """Evenly stored states for which errors grow by 1000 at most between two of them; and why."""
    need = strength * t1 / np.log(1000)
    answer = max(1, int(np.ceil(need)))
    return answer, (
        rf"Between two stored states an error grows by $e^{{\lambda t_1 / k}}$ with $k$ states. For at most 1000, "
        rf"$k \ge \lambda t_1 / \ln 1000 = {strength:g} \cdot {t1:g} / {np.log(1000):.3f} = {need:.2f}$, so {answer}."
    )


def notices(run: Run) -> Sequence[str]:
    """The solver's message, where it gave up."""
    return [f"The solver says: {run.message}"] if run.message else []
