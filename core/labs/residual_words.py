"""What the page on residual networks and ODEs says about results, in sentences with their numbers."""

from itertools import pairwise

from core.expression.printing import power_of_ten
from core.labs.annuli import CIRCLE, Run, Snapshot
from core.labs.depth_limit import BLOCKS as DEPTHS
from core.labs.depth_limit import NETWORKS, Limits, Setting
from core.labs.residual import CHECKED, FIELDS, PLAYED, Block, Comparison
from core.labs.verdict import verdict

HALVED = ["stays the same", "becomes about half", "becomes about a quarter", "becomes about a sixteenth"]
DRAWN_ANEW = [
    "as far away as with smooth weights",
    "ever closer to where it started",
    "ever further away",
]
SEPARABLE = ["yes, with enough training", "no, never all of it"]


def step_name(h: float) -> str:
    """1, 1/2, 1/4 and so on.

    >>> step_name(1.0), step_name(0.125)
    ('1', '1/8')
    """
    return "1" if h == 1 else f"1/{round(1 / h)}"


def powers(value: float) -> str:
    r"""Four digits, as LaTeX.

    >>> powers(-0.0123446)
    '-1.234 \\cdot 10^{-2}'
    """
    if not value:
        return "0"
    return power_of_ten(f"{value:.3e}".removesuffix("e+00"))


def about_crossings(result: Comparison) -> str:
    """How many pairs of paths cross, with thick and thin blocks."""
    starts = result.truth.shape[1]
    pairs = starts * (starts - 1) // 2
    first, last = result.paths[0], result.paths[len(PLAYED) - 1]
    alike = (
        f"differ by at most {result.against_solver:.1g} in any of their states"
        if result.against_solver
        else "give the same states, to the last digit"
    )
    return (
        f"With h = 1, {first.crossed} of {pairs} pairs of the network's paths cross or touch; with "
        f"h = {step_name(last.h)}, {last.crossed or 'none'}. Solutions of the ODE never do: section 5 rests on that. "
        f"With {CHECKED} blocks the network and the Euler method of this project's solver {alike}."
    )


def about_errors(result: Comparison, guess: str) -> str:
    """The prediction, held against the errors."""
    errors = result.errors
    ratio = errors[-2] / errors[-1]
    smaller = ["", *(f"{before / after:.2f}" for before, after in pairwise(errors))]
    rows = "\n".join(
        f"| {path.blocks} | {step_name(path.h)} | {path.error:.3g} | {times} |"
        for path, times in zip(result.paths, smaller, strict=True)
    )
    return (
        f"{verdict(guess, HALVED[1])} From {result.paths[-2].blocks} to {result.paths[-1].blocks} blocks the error "
        f"falls by a factor of {ratio:.2f}; on logarithmic axes the points lie along a line of slope "
        f"{result.order:.2f}. Where h is large, the rule does not hold yet.\n\n"
        f"| blocks N | h = 4/N | error at the end | times smaller |\n|--:|--:|--:|--:|\n{rows}"
    )


def block_steps(block: Block) -> list[str]:
    """A worked example: one residual block is one step of Euler's method."""
    params = block.params
    z, h = params.start, params.h
    slope = f"{block.f_t:z.5f} + ({block.f_z:z.5f}) \\cdot ({block.branch:z.5f})"
    apart = abs(block.solver - block.output)
    alike = f"they differ by {apart:.1g}" if apart else "the same number, to the last digit"
    return [
        f"The block is given $z = {z:.4g}$ at depth $t = 0$. Its branch computes "
        f"$f(z, 0) = {block.branch:z.5f}$, with ${FIELDS[params.field].latex}$.",
        f"The skip adds the input: $z + h f = {z:.4g} + {h:g} \\cdot ({block.branch:z.5f}) = {block.output:z.5f}$.",
        f"One step of Euler's method, by this project's solver, from the same $z$: ${block.solver:z.5f}$, {alike}.",
        f"The ODE's solution after $h$, by a method of order 8: ${block.truth:z.5f}$. This minus the block's output, "
        f"which is what the block misses: ${powers(block.missed)}$.",
        rf"What is expected of it, from steps 5 and 6 of section 3: $\frac{{h^2}}{{2}} (f_t + f_z f) = "
        rf"\frac{{{h:g}^2}}{{2}} \big({slope}\big) = {powers(block.expected)}$, with the partial derivatives $f_t$ and "
        f"$f_z$ by automatic differentiation. {_closeness(block)}",
    ]


def _closeness(block: Block) -> str:
    """What the leading term of a block's error is worth at this h."""
    if block.expected == block.missed == 0:
        return "Here the solution stands still, and so does the network: nothing is missed."
    if block.expected == 0:
        return "This first term is 0 here, so all that the block misses is the $O(h^3)$."
    ratio = block.missed / block.expected
    if abs(ratio - 1) < 0.05:
        return f"It misses {ratio:.2f} times that; the rest is the $O(h^3)$."
    return (
        f"It misses {ratio:.2f} times that: at this $h$ the $O(h^3)$, which was left out, still counts. As $h$ becomes "
        "smaller, the ratio tends to 1. Choose a smaller $h$ and see."
    )


def needed_blocks(result: Comparison, tolerance: float) -> str:
    """Why that many blocks are needed."""
    last = result.paths[-1]
    return (
        f"With {last.blocks} blocks the error is {last.error:.3g}, {last.error / tolerance:.3g} times {tolerance:g}. "
        f"At slope {result.order:.2f}, N must grow by that factor to the power of {-1 / result.order:.2f}: "
        f"about {result.needed(tolerance):,} blocks. A method of higher order needs far fewer evaluations."
    )


_WHAT_HAPPENS = {
    ("smooth", "1/N"): "The states converge as blocks are doubled, at the rate of Euler's method: this network has an "
    "ODE as its limit, and another depth is only another step size.",
    ("smooth", "1/sqrt(N)"): "Each block is too strong: N blocks of strength $1/\\sqrt N$ are as long a way as the "
    "ODE's over a depth of $\\sqrt N$. Most ends run away; the others come to rest where the branch is 0, and stay "
    "there. The ODE that scale 1/N leads to is lost.",
    ("independent", "1/N"): "The blocks average out: N steps of size 1/N in random directions of mean zero add up to "
    "about $1/\\sqrt N$. There is a limit, but a useless one: every state stays where it started.",
    ("independent", "1/sqrt(N)"): "The state jitters like a diffusing particle. How far it gets on average has a "
    "limit (a stochastic differential equation), but the end of one network keeps changing as blocks are added: not an "
    "ODE.",
}


def about_setting(setting: Setting) -> str:
    """What one kind of weights does as networks deepen."""
    return (
        f"**{setting.weights.capitalize()} weights, scale {setting.scale}.** "
        f"{_WHAT_HAPPENS[setting.weights, setting.scale]} Measured over {NETWORKS} networks (root mean square): the "
        f"end is {setting.moved[0]:.2g} from the start with {DEPTHS[0]} blocks and {setting.moved[-1]:.2g} with "
        f"{DEPTHS[-1]} (slope {setting.moved_slope:+.2f}); doubling N = {DEPTHS[-2]} changes it by "
        f"{setting.change[-1]:.2g} (slope {setting.change_slope:+.2f})."
    )


def about_prediction(result: Limits, guess: str) -> str:
    """The prediction for independent weights scaled by 1/N, held against the measurement."""
    drawn, smooth = result.find("independent", "1/N"), result.find("smooth", "1/N")
    return (
        f"{verdict(guess, DRAWN_ANEW[1])} With new weights for each block the end is {drawn.moved[0]:.2g} from the "
        f"start with {DEPTHS[0]} blocks, and {drawn.moved[-1]:.2g} with {DEPTHS[-1]} (root mean square over {NETWORKS} "
        f"networks). With smooth weights it is {smooth.moved[-1]:.2g}."
    )


def about_proof(guess: str) -> str:
    """Why a Neural ODE of two dimensions cannot do it."""
    return (
        f"{verdict(guess, SEPARABLE[1])} This is why. Where $f$ is smooth, exactly one solution passes through each "
        "state at each depth, so two paths cannot meet. The same holds backwards: inputs and outputs correspond one to "
        "one, continuously both ways (a homeomorphism of the plane). The ring surrounds the disc, and so its image "
        "still surrounds the disc's image: no straight line has all of one on this side and all of the other on that. "
        "Where the training gets the whole disc right, a channel through the ring is taken for the disc. It can be so "
        "narrow that few points fall into it. (All this is true of the exact flow; the solver follows it only roughly, "
        "with a tolerance of 0.001 for the error of each step.) With a third dimension there is a way around: lift the "
        "disc off the plane, and cut below it."
    )


def about_training(snapshot: Snapshot) -> str:
    """A table of all networks, and what it says."""
    if not len(snapshot.runs[0].losses):
        return "These are the networks with their first, random weights. Train them, then play the flow."
    rows = "\n".join(map(_row, (run for run in snapshot.runs if len(run.losses))))
    return (
        f"| seed | network | loss, last 25 | points right | circle lost | nfe, first to last |\n"
        f"|--:|:--|--:|--:|--:|--:|\n{rows}\n\n"
        f"*Circle lost*: how much of the circle of radius 1.25, in the middle of the ring, is taken for the disc, on "
        f"{CIRCLE} places. The plain Neural ODE may have nearly all points right: it squeezes the disc out through a "
        "narrow channel. The price, as training goes on, is a harder flow: more evaluations of f, and a loss that "
        "jumps whenever points fall into the channel. *nfe*: evaluations of f on the way forward, for one batch."
    )


def _row(run: Run) -> str:
    kind = f"augmented (+{run.augment})" if run.augment else "Neural ODE"
    seen = run.picture
    return (
        f"| {run.seed} | {kind} | {run.final_loss:.2g} | {seen.accuracy:.1%} | {seen.circle_lost:.2%} | "
        f"{run.nfe[0]} to {run.nfe[-1]} |"
    )


SKIP = {
    "its branch must return the shape it was given": "The skip adds the input to the branch's output, so both need "
    "equal shapes. Where a ResNet changes the size, its skip needs a projection of its own, and that block is no step "
    "of an ODE.",
    "a switch that opens it when the branch is not needed": "There is no switch: the skip is always on. A branch that "
    "is not needed returns about 0.",
    "the same weights in every block": "Equal weights are not needed: f may depend on depth. For the limit, the "
    "weights have to change smoothly with depth.",
}
SKIP_RIGHT = next(iter(SKIP))
