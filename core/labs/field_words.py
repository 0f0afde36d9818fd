"""The sentences of the vector-field explorer, with the numbers of its results in them."""

import math

import numpy as np
import sympy

from core.expression import parse_field
from core.labs.equilibria import MOST, Equilibrium, Kind, classify
from core.labs.fields import Plane
from core.labs.lorenz import LITERATURE, Twins
from core.labs.systems import LORENZ, PENDULUM
from core.labs.trajectories import FAR, Race, Run
from core.labs.verdict import verdict
from core.ode import METHODS

MEANS: dict[Kind, str] = {
    "saddle": "repels, but for two curves that run into it",
    "stable node": "attracts, without turning round",
    "unstable node": "repels, without turning round",
    "stable spiral": "attracts, turning round and round",
    "unstable spiral": "repels, turning round and round",
    "centre (linearly)": "closed curves around it, if the field were linear; a curved field may differ",
    "degenerate": "an eigenvalue is 0: the linear part does not decide",
}
"""What each kind does to its surroundings."""

ENERGY_ANSWERS = ["it grows", "it stays as it is", "it falls"]
NEAREST = ["one with fixed steps", "one that chooses its steps"]
FRICTION = ["they stay centres", "they attract: stable spirals", "they repel: unstable spirals"]
GAINS = ["ten times as long", "twice as long", "longer by a fixed time, whatever the gap was"]
"""Answers to the page's predictions."""


def about_plane(plane: Plane) -> list[str]:
    """What a learner must know to read the picture."""
    said = []
    if not plane.autonomous:
        said.append(
            "This field changes with $t$. Arrows, nullclines, portrait and equilibria are those of the field frozen at "
            "$t = 0$: a solution that starts at such an equilibrium does not stay, and curves may cross."
        )
    if plane.more:
        said.append(
            f"There are more than {MOST} places where the field is 0; {MOST} of them are shown. "
            "They may fill a curve, then no single one is isolated."
        )
    for component, zero in enumerate(plane.vanishing, 1):
        if zero:
            said.append(f"$z_{component}'$ is 0 everywhere in the picture, so its nullcline is the whole plane.")
    return said


def equilibria_table(plane: Plane) -> str:
    """The equilibria as a table in Markdown, or a sentence that there are none."""
    if not plane.equilibria:
        return "No equilibrium was found inside the picture: nowhere do the two nullclines meet."
    rows = [
        f"| ({_number(one.place[0])},\u00a0{_number(one.place[1])}) | **{one.kind}** | "
        f"{_number(one.trace, 3)},\u00a0{_number(one.determinant, 3)} | {one.eigenvalues_in_words} |"
        for one in plane.equilibria
    ]
    head = ["| place | kind | trace, det | eigenvalues |", "|:--|:--|:--|:--|"]
    kinds = {one.kind for one in plane.equilibria}
    means = [f"- {_capital(kind)}: {means}." for kind, means in MEANS.items() if kind in kinds]
    return "\n".join([*head, *rows, "", *means])


def runs_table(race: Race) -> str:
    """What each method took and how far it ended from the reference, as a table in Markdown."""
    head = f"| method | off at t\u00a0=\u00a0{race.params.time:g} by | steps + rejected | nfe |"
    rows = [
        f"| {run.title} | {_error(run)} | {run.accepted} + {run.rejected} | {run.nfe} |"
        for run in (race.reference, *race.runs)
    ]
    return "\n".join([head, "|:--|--:|--:|--:|", *rows])


def about_runs(race: Race) -> list[str]:
    """What happened: who failed and why, who was best for what price."""
    failed = [run for run in (race.reference, *race.runs) if run.trouble]
    said = [f"{_capital(run.title)} {run.trouble}.{_why(run)}" for run in failed]
    if race.step != race.params.step:
        said.append(f"So many steps would take too long: fixed steps are h = {race.step:.3g} instead.")
    return said


def about_race(race: Race) -> str:
    """The best and the worst of the runs that arrived, and what became of an invariant; in one or two sentences."""
    arrived = sorted(((run.error, run) for run in race.runs if run.error is not None), key=lambda pair: pair[0])
    if not arrived:
        return "No method is chosen, or none arrived, so there is no distance to tell."
    (least, best), (most, worst) = arrived[0], arrived[-1]
    said = f"At $t = {race.params.time:g}$ {best.title} is {least:.2g} away from the reference, for {best.nfe} "
    said += "evaluations of $f$."
    if worst is not best:
        said = said[:-1] + f"; {worst.title} is {most:.2g} away, for {worst.nfe}."
    drifted = [run for run in race.runs if run.drift is not None and run.levels is not None]
    if drifted:
        run = max(drifted, key=lambda one: abs(one.drift or 0.0))
        assert run.levels is not None
        said += (
            f" This system has a quantity that no solution changes, `{race.params.invariant}`. On the curve of "
            f"{run.title} it goes from {run.levels[0]:.4g} to {run.levels[-1]:.4g}: the solver's doing is "
            f"{run.drift:+.2g}."
        )
    return said


def about_nearest(guess: str, race: Race) -> str:
    """The answer to the prediction about the nearest solver, from the runs on screen."""
    arrived = [run for run in race.runs if run.error is not None]
    if not arrived:
        return ""
    best = min(arrived, key=lambda run: run.error or 0.0)
    truth = NEAREST[1 if METHODS[best.method].adaptive else 0]
    return f"{verdict(guess, truth)} Nearest here is {best.title}. Step size and tolerance decide; move them."


def about_friction(guess: str) -> str:
    """The answer to the prediction about friction: kinds of the hanging pendulum without and with it, at w = 1."""
    kinds = [classify(np.array([[0.0, 1.0], [-1.0, -d]])) for d in (0.0, 0.5, 3.0)]
    return (
        f"{verdict(guess, FRICTION[1])} The Jacobian where it hangs has the rows $(0, 1)$ and $(-w^2, -d)$, so its "
        f"trace is $-d$ and its determinant $w^2$. At $w = 1$ it is a {kinds[0]} for $d = 0$, a {kinds[1]} for "
        f"$d = 0.5$, and a {kinds[2]} for $d = 3$, where it creeps back without a swing. Those on its head stay "
        "saddles: their determinant is $-w^2$ whatever $d$ is."
    )


def about_gain(guess: str) -> str:
    """What the prediction about Lorenz's equations was worth."""
    return f"{verdict(guess, GAINS[2])} As long as the distance grows like $e^{{r t}}$, a tenth costs it $\\ln 10 / r$."


def compare_energy(guess: str, race: Race) -> str:
    """The answer to the prediction about Euler's energy."""
    euler = next(run for run in race.runs if run.method == "euler")
    assert euler.levels is not None
    first, last = float(euler.levels[0]), float(euler.levels[-1])
    truth = "it grows" if last > first else "it falls" if last < first else "it stays as it is"
    turns = abs(float(euler.step_states[-1, 0] - euler.step_states[0, 0])) / (2 * math.pi)
    over = f" By then it has gone over the top and round {turns:.1f} times." if turns > 1 else ""
    others = ", ".join(
        f"{run.title} ({run.levels[-1]:.4g})" for run in race.runs if run.levels is not None and run is not euler
    )
    return (
        f"{verdict(guess, truth)} With $h = {race.step:g}$ Euler's energy goes from {first:.4g} to {last:.4g}.{over} "
        "Each of its steps runs along the tangent, out of the curve of constant energy; implicit Euler takes the "
        f"tangent at the far end, and the opposite happens. At the end the others have: {others}."
    )


def upright(w: float, d: float) -> list[str]:
    """The pendulum's upright equilibrium, classified in steps; symbols by sympy, numbers from the same matrix."""
    components = parse_field(PENDULUM.formulas).components
    symbols = {name: sympy.Symbol(name, real=True) for name in ("z1", "z2", "w", "d")}
    z1, z2 = symbols["z1"], symbols["z2"]
    f = sympy.Matrix([one.sympy.doit() for one in components])
    place = {z1: sympy.pi, z2: sympy.Integer(0)}
    jacobian = f.jacobian([z1, z2])
    here = jacobian.subs(place)
    matrix = np.array(here.subs({symbols["w"]: w, symbols["d"]: d}).tolist(), dtype=float)
    one = Equilibrium((math.pi, 0.0), matrix, classify(matrix))
    first, second = (value.real for value in one.eigenvalues)
    lam = sympy.Symbol("lambda")
    second_order, by_lambda, constant = (sympy.latex(part * lam**k) for part, k in _powers(here.charpoly(lam)))
    polynomial = f"{second_order} + {by_lambda} + {constant}".replace("+ -", "- ")
    return [
        f"**Where does the field stand still?** $z_1' = {sympy.latex(f[0])}$ is 0 for $z_2 = 0$, and then $z_2' = "
        f"{sympy.latex(f[1])}$ is 0 where $\\sin z_1 = 0$. Upright is $z_1 = \\pi$: the field there is "
        f"$({', '.join(sympy.latex(value) for value in f.subs(place))})$.",
        "**The Jacobian** holds the derivatives of each component (row) by $z_1$ and $z_2$ (column): "
        f"$J = {sympy.latex(jacobian)}$.",
        f"**At the place**, $\\cos \\pi = -1$: $J = {sympy.latex(here)}$. For $w = {w:g}$, $d = {d:g}$ its trace is "
        f"{_number(one.trace)} and its determinant {one.determinant:.4g}.",
        f"**Eigenvalues** $\\lambda$ are the zeros of $\\det(\\lambda I - J) = {polynomial}$, here "
        f"{first:.4g} and {second:.4g}. Their product is {first * second:.4g}, the determinant.",
        f"**The kind**: one is positive and one negative, so it is a **{one.kind}**. Along one direction the pendulum "
        f"falls away as ${_exponential(first)}$, along the other it comes closer as ${_exponential(second)}$. No "
        "eigenvalue has real part 0, so the curved field does the same as its linear part (Hartman and Grobman).",
    ]


def spiral_border(plane: Plane) -> tuple[str, float, str]:
    """Question, answer and reason: at which determinant does a node become a spiral?"""
    traces = [one.trace for one in plane.equilibria if abs(one.trace) > 1e-9]  # with trace 0 there is no node
    trace, whose = (traces[0], "An equilibrium of the table") if traces else (-1.0, "Some equilibrium")
    question = (
        f"{whose} has trace {trace:.4g}. Keep that trace and raise the determinant from 0: at which value do the "
        "eigenvalues become complex, so that nodes turn into spirals?"
    )
    reason = (
        "The eigenvalues are $(\\tau \\pm \\sqrt{\\tau^2 - 4 \\Delta})/2$ with trace $\\tau$ and determinant "
        f"$\\Delta$. The root is of a negative number from $\\Delta = \\tau^2/4 = {trace**2 / 4:.4g}$ on."
    )
    return question, trace**2 / 4, reason


def about_twins(twins: Twins) -> list[str]:
    """How fast the two parted, beside the literature's exponent."""
    params = twins.params
    said = [f"{_capital(twins.trouble)}."] if twins.trouble else []
    if twins.fitted is None:
        said.append("The distance reaches 1 too soon, or the time is too short, for a rate of growth to be measured.")
        return said
    begin, end = (float(twins.times[index]) for index in (twins.fitted[0], twins.fitted[1] - 1))
    verb = "grows" if twins.rate > 0 else "shrinks"
    text = f"From $t = {begin:.3g}$ to {end:.3g} the distance {verb} like ${_exponential(twins.rate)}$"
    if params.flow.values == tuple((one.name, one.default) for one in LORENZ.parameters):
        text += (
            f"; the largest Lyapunov exponent, the mean of that rate over infinite time, is {LITERATURE}. "
            "Over a short time the rate depends on which part of the butterfly is passed"
        )
    said.append(text + ".")
    parted = twins.parted()
    if parted is not None:
        text = f"The gap of $10^{{{math.log10(params.gap):.0f}}}$ has become 1 at $t = {parted:.3g}$."
        if twins.rate > 0:
            text += (
                " At that rate, a start known ten times as well puts it off by "
                f"$\\ln 10 / {twins.rate:.3g} = {math.log(10) / twins.rate:.2g}$ units of time, whatever the gap was."
            )
        said.append(text)
    else:
        said.append(f"The distance never reaches 1; at the end it is {twins.distance[-1]:.2g}.")
    return said


def _error(run: Run) -> str:
    if run.trouble:
        return run.trouble
    if not run.method:
        return "0 by definition"
    return "the reference did not arrive" if run.error is None else f"{run.error:.2g}"


def _why(run: Run) -> str:
    if not run.trouble.startswith("ran off"):
        return ""
    fixed = run.method in METHODS and not METHODS[run.method].adaptive
    advice = " A smaller step may help." if fixed else ""
    return f" From there it is more than {FAR:g} pictures away from the middle.{advice}"


def _number(value: float, digits: int = 4) -> str:
    return f"{0.0 if abs(value) < 1e-12 else value:.{digits}g}"


def _powers(polynomial: sympy.Poly) -> list[tuple[sympy.Expr, int]]:
    """Coefficients and their powers, the highest first."""
    parts = polynomial.all_coeffs()
    return [(part, len(parts) - 1 - index) for index, part in enumerate(parts)]


def _exponential(rate: float) -> str:
    factor = {"1": "", "-1": "-"}.get(f"{rate:.3g}", f"{rate:.3g}\\,")
    return f"e^{{{factor}t}}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def lorenz_latex() -> str:
    """Lorenz's equations, typeset."""
    return parse_field(LORENZ.formulas).latex
