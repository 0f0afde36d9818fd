"""A disc and a ring on their way through a Neural ODE, and its training."""

from collections.abc import Callable, Sequence
from math import ceil

import numpy as np
from jaxtyping import Float

from core.figures.residual import joined
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene, Shade
from core.figures.theme import AGAINST, EVIDENCE, MUTED, SERIES, SIGNED
from core.labs.annuli import REACH, SHOWN, Run, Snapshot

DISC, RING = AGAINST, EVIDENCE
PLAIN, AUGMENTED = SERIES[1], SERIES[4]
_ROUND = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 32.0, 64.0)


def flow_clock() -> Clock:
    """Depth in the block, from input to output."""
    return Clock("depth t", 0.0, 1.0, start=1.0, seconds=4.0)


def flow_scenes(plain: Run, augmented: Run) -> list[Scene]:
    """Ways of the points: of the plain network, of the first two and of the first three dimensions of the other."""
    first = f"the first two of {2 + augmented.augment} dimensions"
    x, y = _axis(plain, 0), _axis(plain, 1)
    flat = Scene("Neural ODE", x, y, [*_ways(plain, 2), *_border(plain)], _way_in_words(plain), square=True)
    x, y, z = (_axis(augmented, index) for index in range(3))
    alt = _way_in_words(augmented)
    shadow = Scene(f"Augmented, {first}", x, y, _ways(augmented, 2), alt, square=True)
    alt = f"The same in space, with the first added dimension upwards. {alt}"
    return [flat, shadow, Scene("Augmented, three dimensions", x, y, _ways(augmented, 3), alt, z=z)]


def _axis(run: Run, index: int) -> Axis:
    """Of one dimension; all of a network's have the same range."""
    reach = float(np.abs(run.picture.path[..., :3]).max())
    high = next((bound for bound in _ROUND if reach <= bound), reach)
    return Axis(("z₁", "z₂", "z₃ (added)")[index], -high, high)


def _ways(run: Run, dims: int) -> list[Layer]:
    path = run.picture.path[..., :dims]
    made: list[Layer] = []
    for part, colour, name in ((path[:, :SHOWN], DISC, "disc"), (path[:, SHOWN:], RING, "ring")):
        rows = joined(np.linspace(0, 1, len(path)), part)
        # dashed lines have open heads: the classes differ by more than colour
        made.append(Line(rows[:, 1:], colour, name, times=rows[:, 0], width=1.2, dashed=name == "ring"))
    return made


def _border(run: Run) -> list[Layer]:
    """The straight line on which the head's score is 0."""
    ends = border(run.picture.weights, run.picture.bias, _axis(run, 0).high)
    return [Line(ends, MUTED, "the head's border, at t = 1", dashed=True)] if len(ends) else []


def border(weights: Float[np.ndarray, " 2"], bias: float, high: float) -> Float[np.ndarray, "ends 2"]:
    """The two ends of weights . z + bias = 0 within [-high, high] squared; none where the line passes outside."""
    a, b = (float(weight) for weight in weights)
    found = []
    if b:
        found += [(x, -(a * x + bias) / b) for x in (-high, high)]
    if a:
        found += [(-(b * y + bias) / a, y) for y in (-high, high)]
    slack = high * (1 + 1e-9)
    inside = [place for place in found if abs(place[0]) <= slack and abs(place[1]) <= slack]
    return np.array([min(inside), max(inside)]) if len(inside) > 1 else np.empty((0, 2))


def _way_in_words(run: Run) -> str:
    path = run.picture.path
    disc, ring = (np.linalg.norm(part.mean(axis=0)) for part in (path[-1, :SHOWN], path[-1, SHOWN:]))
    return (
        f"{SHOWN} points of the disc and {SHOWN} of the ring flow from depth 0 to 1; their centres end {disc:.1f} and "
        f"{ring:.1f} from the origin. {run.picture.accuracy:.1%} of them end on the right side of the head's border."
    )


def border_scenes(plain: Run, augmented: Run) -> list[Scene]:
    """What each network says of every place of the input plane."""
    return [_plane("Neural ODE says", plain), _plane("Augmented one says", augmented)]


def _plane(title: str, run: Run) -> Scene:
    axes = Axis("x₁", -REACH, REACH), Axis("x₂", -REACH, REACH)
    starts = run.picture.path[0, :, :2]
    layers: list[Layer] = [
        Shade(run.picture.grid, (0.0, 1.0), SIGNED, 0.7),
        Dots(starts[:SHOWN], DISC, "disc", symbol="disc", size=2.5),
        Dots(starts[SHOWN:], RING, "ring", symbol="ring", size=2.5),
    ]
    alt = (
        f"The input plane, shaded by the probability of the ring, from {run.picture.grid.min():.2f} to "
        f"{run.picture.grid.max():.2f}. Of the circle in the middle of the ring, "
        f"{run.picture.circle_lost:.1%} is taken for the disc."
    )
    return Scene(title, *axes, layers, alt, square=True)


def training_scenes(snapshot: Snapshot, seed: int) -> list[Scene]:
    """Loss and evaluations of f over the training, of all seeds; the chosen one thicker."""
    longest = max(len(run.losses) for run in snapshot.runs)
    rounds = max(1, ceil(longest / snapshot.params.iterations))  # more than one where the training went on
    x = Axis("iteration", 0, rounds * snapshot.params.iterations)
    most = max((int(run.nfe.max()) for run in snapshot.runs if len(run.nfe)), default=0)
    return [
        Scene(
            f"Loss (thick: seed {seed})",
            x,
            Axis("cross-entropy", 1e-5, 3.0, log=True),
            _curves(snapshot.runs, seed, [_smooth(run.losses) for run in snapshot.runs]),
            "Loss over training. " + _ends(snapshot.runs, lambda run: f"{run.final_loss:.2g}"),
        ),
        Scene(
            f"Evaluations of f (thick: seed {seed})",
            x,
            Axis("evaluations (nfe)", 10, max(200, most), log=True),
            _curves(snapshot.runs, seed, [run.nfe.astype(float) for run in snapshot.runs]),
            "Evaluations of f for one batch, over training. " + _ends(snapshot.runs, lambda run: f"{run.nfe[-1]}"),
        ),
    ]


def _curves(runs: Sequence[Run], seed: int, values: Sequence[Float[np.ndarray, " iterations"]]) -> list[Layer]:
    layers: list[Layer] = []
    for run, heights in zip(runs, values, strict=True):
        colour, name = (AUGMENTED, "augmented") if run.augment else (PLAIN, "Neural ODE")
        points = np.stack([np.arange(1.0, len(heights) + 1), heights], axis=1)
        width = 2.4 if run.seed == seed else 1.0
        if len(points):
            layers.append(Line(points, colour, name, width=width, dashed=bool(run.augment)))
    return layers


def _smooth(losses: Float[np.ndarray, " n"], window: int = 10) -> Float[np.ndarray, " n"]:
    """Mean of up to `window` batches that end at each one: single batches jump about."""
    total = np.concatenate([[0.0], np.cumsum(losses)])
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(ends - window, 0)
    return np.maximum((total[ends] - total[starts]) / (ends - starts), 1e-5)


def _ends(runs: Sequence[Run], value: Callable[[Run], str]) -> str:
    names = {False: "Neural ODE", True: "augmented"}
    trained = [run for run in runs if len(run.losses)]
    return "; ".join(f"seed {run.seed}, {names[run.augment > 0]}: {value(run)} in the end" for run in trained) + "."
