"""What the gradient lab says about the six ways and their steps, in sentences with their numbers."""

from collections.abc import Iterable

import numpy as np

from core.labs.gradient_problems import PROBLEMS
from core.labs.gradient_steps import EPSILONS, Differences, Sweep, TwoSteps
from core.labs.gradients import WAYS, Comparison, Gradient, Way
from core.labs.verdict import verdict

TITLES = {
    "adjoint": "adjoint",
    "direct": "direct",
    "checkpointed": "checkpointed",
    "sensitivities": "sensitivities",
    "differences": "differences",
}
NEAREST = ["the adjoint's", "the direct one", "both are the same, to rounding"]
COMPUTED = ["the adjoint's", "the direct one", "the exact one"]
FINER = ["stays", "goes to 0", "grows"]
SMALLEST = ["the smaller, the better", "there is a best one in between", "it does not matter"]
_SHOWN = 2
"""Numbers of a vector that a table has room for."""


def size(bytes_: float) -> str:
    """Bytes, with a unit.

    >>> size(0), size(640), size(10481 * 1024), size(3 * 1024)
    ('0', '640 B', '10.2 MiB', '3.0 KiB')
    """
    if bytes_ < 1024:
        return f"{bytes_:.0f} B" if bytes_ else "0"
    return f"{bytes_ / 1024:.1f} KiB" if bytes_ < 1024**2 else f"{bytes_ / 1024**2:.1f} MiB"


def distance(value: float) -> str:
    """A relative distance; below 1e-14 it is rounding's.

    >>> distance(0.01234), distance(3e-16), distance(float("nan"))
    ('1.2e-02', '< 1e-14', 'none')
    """
    if value != value:
        return "none"
    return "< 1e-14" if value < 1e-14 else f"{value:.1e}"


def _numbers(values: Iterable[float]) -> str:
    numbers = list(values)
    if len(numbers) == 1:
        return f"{numbers[0]:.5g}"
    return ", ".join(f"{value:.4g}" for value in numbers[:_SHOWN]) + (", ..." if len(numbers) > _SHOWN else "")


def value_table(result: Comparison) -> str:
    """All gradients."""
    exact = "exact" if PROBLEMS[result.params.problem].solution else "12 digits"
    rows = [_value_row(exact, result.exact)]
    rows += [_value_row(TITLES[way.name], way.gradient) for way in result.ways]
    return "| way | $dL/dz_0$ | $dL/d\\theta$ | $dL/dt_1$ |\n|:--|--:|--:|--:|\n" + "\n".join(rows)


def _value_row(name: str, gradient: Gradient | None) -> str:
    if gradient is None:
        return f"| {name} | failed | | |"
    return f"| {name} | {_numbers(gradient.z0)} | {_numbers(gradient.theta)} | {gradient.t1:.5g} |"


def distance_table(result: Comparison) -> str:
    """How far each gradient is from the exact and from the direct one, in z0 and theta, relative."""
    direct = result.find("direct").gradient
    rows = []
    for way in result.ways:
        if way.gradient is not None:
            from_direct = "" if direct is None or way.name == "direct" else distance(way.gradient.distance(direct))
            rows.append(f"| {TITLES[way.name]} | {distance(way.gradient.distance(result.exact))} | {from_direct} |")
    return "| way | from exact | from direct |\n|:--|--:|--:|\n" + "\n".join(rows)


def cost_table(result: Comparison) -> str:
    """What each way took."""
    rows = [
        f"| {TITLES[way.name]} | {way.forward:,} + {way.backward:,} | {1000 * way.seconds:.1f} ms | {_kept(way)} |"
        for way in result.ways
        if way.gradient is not None
    ]
    return "| way | $f$: there + back | time | kept |\n|:--|--:|--:|--:|\n" + "\n".join(rows)


def _kept(way: Way) -> str:
    return size(way.kept) if way.name in WAYS else "no way back"


def failures(result: Comparison) -> list[str]:
    """One sentence for each way that failed."""
    return [f"{TITLES[way.name].capitalize()}: {way.message}" for way in result.ways if way.message]


def _steps(result: Comparison) -> str:
    params = result.params
    return f"tolerance 1e{params.setting}" if params.adaptive else f"{params.setting} steps"


def about_nearest(result: Comparison, guess: str) -> str:
    """Which gradient is nearest to the exact one."""
    adjoint, direct = result.find("adjoint").gradient, result.find("direct").gradient
    if adjoint is None or direct is None:
        return "With these steps not every way arrives, so there is no nearest one to tell: take more steps."
    a, d = adjoint.distance(result.exact), direct.distance(result.exact)
    same = adjoint.distance(direct) < 1e-12
    right = NEAREST[2] if same else NEAREST[0] if a < d else NEAREST[1]
    return (
        f"{verdict(guess, right)} With {result.params.method} and {_steps(result)} the adjoint's is {distance(a)} off, "
        f"the direct one {distance(d)}. **Which of the two wins changes with the problem**: try others. Neither is "
        "*the* right one."
    )


def about_computed(result: Comparison, guess: str) -> str:
    """Which gradient is the derivative of the number that was computed: finite differences tell."""
    adjoint, direct, differences = (result.find(name).gradient for name in ("adjoint", "direct", "differences"))
    if adjoint is None or direct is None or differences is None:
        return "Nor is there anything to hold the finite differences against."
    gaps = {COMPUTED[0]: differences.distance(adjoint), COMPUTED[1]: differences.distance(direct)}
    gaps[COMPUTED[2]] = differences.distance(result.exact)
    best = min(gaps, key=gaps.__getitem__)
    listed = ", ".join(f"{distance(gap)} from {name}" for name, gap in gaps.items())
    text = f"{verdict(guess, best)} Finite differences of that number are {listed}. "
    return text + (_why_adaptive(gaps[COMPUTED[1]]) if result.params.adaptive else _why_fixed(result))


def _why_fixed(result: Comparison) -> str:
    sensitivities = result.find("sensitivities").gradient
    direct = result.find("direct").gradient
    text = (
        "Back-propagation differentiates the very steps that computed the loss (*discretise, then optimise*). "
        "The adjoint solves another equation with errors of its own (*optimise, then discretise*); at finite $h$ it is "
        "not the derivative of any number that was computed."
    )
    if sensitivities is None or direct is None:
        return text
    apart = abs(sensitivities.t1 / direct.t1 - 1) if direct.t1 else abs(sensitivities.t1 - direct.t1)
    return text + (
        f" Sensitivities go with the steps too: {distance(sensitivities.distance(direct))} from direct in $z_0$ and "
        rf"$\theta$. In $t_1$ they differ by {distance(apart)}, relative: direct lets all steps grow with $t_1$, while "
        "adjoint and sensitivities take the formula $a(t_1) f(z(t_1))$."
    )


def _why_adaptive(gap: float) -> str:
    return (
        "With error control the loss is computed by steps that are themselves chosen by the inputs. Back-propagation "
        "takes the steps for constants; differences also see how the choice changes. That is why even they are "
        f"{distance(gap)} apart, about the size of the tolerance's error: with error control no two ways are the same, "
        "and only a tighter tolerance brings them together."
    )


COSTS = (
    "*There + back*: evaluations of $f$. On the way back, direct evaluates no $f$: it multiplies by the "
    "derivatives of those that it kept, checkpointed evaluates each once more, and the adjoint solves for $z$ anew. "
    "Sensitivities form all of $\\partial f/\\partial z$ and $\\partial f/\\partial\\theta$ at each evaluation. "
    "Differences need two solves for each number. *Time*: of the processor, for the whole; the median of a few runs, "
    "measured once for these settings on this machine. For states as small as these it is mostly Python's. *Kept*: "
    "bytes of tensors and stored states that live when the loss is known and wait for the way back; the graph's own "
    "nodes are not counted."
)


def about_steps(sweep: Sweep, guess: str) -> str:
    """The prediction about the difference of both gradients, held against the slopes."""
    if len(sweep.x) < 2:
        return "Too few of these solves came to their end: choose a smaller $t_1$ or another method."
    name = "tolerance" if sweep.params.adaptive else "h"
    between, adjoint, direct = ("too few points" if rate is None else f"{rate:.2f}" for rate in sweep.slopes)
    lost = f" {sweep.lost} of the coarsest solves failed and are left out." if sweep.lost else ""
    return (
        f"{verdict(guess, FINER[1])} Adjoint and direct tend to the same limit, the exact gradient. From {name} = "
        f"{sweep.x[0]:.2g} to {sweep.x[-1]:.2g} their difference falls from {distance(sweep.between[0])} to "
        f"{distance(sweep.between[-1])}. Measured slopes against {name}: {between} between the two, {adjoint} for the "
        f"adjoint's error, {direct} for the direct one's.{lost}"
    )


def about_needed(sweep: Sweep, difference: float, needed: int) -> str:
    """Why that many steps are needed."""
    rate = sweep.slopes[0]
    return (
        f"With {sweep.counts[-1]} steps they differ by {sweep.between[-1]:.3g}, {sweep.between[-1] / difference:.3g} "
        f"times {difference:g}. At slope {rate:.2f} the steps must grow by that factor to the power of "
        f"{1 / (rate or 1):.2f}: about {needed:,}."
    )


def about_differences(result: Differences, guess: str) -> str:
    """Where the best step of finite differences lies, and what the chosen one gives."""
    central, one_sided = result.slopes()
    chosen = 10.0**result.params.epsilon
    best = result.best
    at = min(range(len(EPSILONS)), key=lambda i: abs(EPSILONS[i] - chosen))
    text = (
        f"{verdict(guess, SMALLEST[1])} The central difference is best at $\\varepsilon$ = {EPSILONS[best]:.1g}, "
        f"{result.central[best]:.1e} off; the chosen {chosen:.0e} gives {result.central[at]:.1e}. "
    )
    rounding = "to the left, rounding errors of the loss, about $10^{-16}$, are divided by ever smaller $\\varepsilon$"
    if result.params.adaptive:
        return text + (
            f"With error control the curve has a floor, {np.median(result.central):.1e} in its middle: each moved "
            f"solve chooses other steps, and back-propagation does not see that choice. To the right of the floor the "
            f"formula's own error takes over; {rounding}. A tighter tolerance lowers the floor."
        )
    return text + (
        f"To the right of the best, the formula's own error grows with the square of $\\varepsilon$ (slope "
        f"{central:.2f} between 0.001 and 0.1; one-sided {one_sided:.2f}); {rounding}. Balanced, that is "
        "$\\varepsilon \\approx 10^{-16/3}$, about 5e-06."
    )


def two_steps(example: TwoSteps) -> list[str]:
    """The worked example: two Euler steps and both gradients by hand."""
    (z0, z1, z2), (d2, d1, d0), (a2, a1, a0) = example.z, example.direct, example.adjoint
    h, k, (first, second) = example.h, example.k, example.factors
    return [
        f"Two steps of Euler's method for $z' = k\\,t\\,z$ with $k = {k:g}$, $h = {h:g}$ from $z_0 = {z0:g}$: "
        f"$z_1 = z_0 (1 + h k \\cdot 0) = {z1:.5g}$, $z_2 = z_1 (1 + h k \\cdot h) = {z2:.5g}$. "
        f"The loss is $L = \\tfrac12 z_2^2 = {z2 * z2 / 2:.5g}$.",
        f"**Direct**, by the chain rule through these very steps: $dL/dz_2 = z_2 = {d2:.5g}$, then "
        f"$dL/dz_1 = {d2:.5g} \\cdot {second:.5g} = {d1:.5g}$ and "
        f"$dL/dz_0 = {d1:.5g} \\cdot {first:.5g} = {d0:.5g}$.",
        f"**Adjoint**: $a' = -a\\,\\partial f/\\partial z = -a\\,k\\,t$, from $a(2h) = z_2 = {a2:.5g}$ backwards. An "
        f"Euler step backwards takes the slope where it *begins*, at $t = 2h$: "
        f"$a(h) = {a2:.5g} \\cdot (1 + h k \\cdot 2h) = {a1:.5g}$, then at $t = h$: "
        f"$a(0) = {a1:.5g} \\cdot (1 + h k \\cdot h) = {a0:.5g}$.",
        f"By the solver: `odeint` {example.by_direct:.5g}, `odeint_adjoint` {example.by_adjoint:.5g}. Exact: "
        f"{example.exact:.5g}. The forward steps take slopes at $0, h$, those backwards at $2h, h$: the same equation, "
        "other points, other numbers. Both gaps close as $h \\to 0$.",
    ]
