"""Two networks of layers: clouds and grids on their way through them, what they say of the plane, their training."""

from math import ceil

import numpy as np

from core.figures.annuli import border
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene, Shade
from core.figures.theme import AGAINST, EVIDENCE, MUTED, SERIES, SIGNED
from core.labs.clouds import REACH, Placed
from core.labs.layers import Run, Snapshot

FIRST, SECOND = AGAINST, EVIDENCE
"""Colours of class 0 and class 1; their symbols differ too."""
PLAIN, RESIDUAL = SERIES[1], SERIES[4]
_ROUND = (1.1, 2.2, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 80.0)
LEAST = 1e-36
"""Smaller values are drawn at the edge: what is sent to the browser has no digits for them."""
_MOST_FRAMES = 33
_LEAST_LOSS, _MOST_LOSS = 1e-5, 10.0


def flow_times(layers: int) -> list[tuple[int, float]]:
    """Frames of the way through so many layers: (layer, part of the way to the next one).

    Few layers get pictures in between, so that the eye can follow a point; of many, every second one is shown.
    """
    between = max(1, (_MOST_FRAMES - 1) // layers)
    between = min(between, 4)
    stride = max(1, ceil(layers / (_MOST_FRAMES - 1)))
    frames = [(t, part / between) for t in range(0, layers, stride) for part in range(between)]
    return [*frames, (layers, 0.0)]


def flow_clock(layers: int, start: int = 0) -> Clock:
    """One frame for each state, and for what is drawn between two."""
    return Clock("layer", start=start, seconds=6.0, frames=tuple(_label(*one, layers) for one in flow_times(layers)))


def _label(t: int, part: float, layers: int) -> str:
    if part:
        return f"between h{t} and h{t + 1}"
    return f"h0, the input, of {layers} layers" if not t else f"h{t}, after layer {t} of {layers}"


def flow_scenes(snapshot: Snapshot) -> list[Scene]:
    """The cloud and the grid in each state: plain, residual."""
    return [_flow(run, snapshot) for run in snapshot.runs]


def _flow(run: Run, snapshot: Snapshot) -> Scene:
    width = run.path.shape[2]
    axes = [_axis(run, index) for index in range(width)]
    layers: list[Layer] = []
    frames = flow_times(snapshot.params.layers)
    for frame, (t, part) in enumerate(frames):
        grid, points = (_between(states, t, part) for states in (run.grid, run.path))
        rows = np.full((len(grid), grid.shape[1] + 1, width), np.nan, np.float32)
        rows[:, :-1] = grid
        layers.append(Line(rows.reshape(-1, width), MUTED, "grid", width=0.8, frame=frame))
        layers.append(Dots(points[: snapshot.split], FIRST, "class 0", symbol="disc", size=3.0, frame=frame))
        layers.append(Dots(points[snapshot.split :], SECOND, "class 1", symbol="ring", size=3.0, frame=frame))
    if width == 2:
        ends = border(run.head, run.bias, axes[0].high)
        if len(ends):
            last = len(frames) - 1
            layers.append(Line(ends, MUTED, "the head's border", width=2.5, dashed=True, frame=last))
    title = f"{run.name.capitalize()} network"
    z = axes[2] if width == 3 else None
    return Scene(title, axes[0], axes[1], layers, flow_in_words(run, snapshot), z=z, square=width == 2)


def _between(states: np.ndarray, t: int, part: float) -> np.ndarray:
    return states[t] if not part else (1 - part) * states[t] + part * states[t + 1]


def _axis(run: Run, index: int) -> Axis:
    """Of one component; all have the same range, over all states."""
    reach = max(REACH, float(np.nan_to_num(np.abs(run.path)).max()))
    high = next((bound for bound in _ROUND if reach <= bound), reach)
    return Axis(f"component {index + 1} of h", -high, high)


def flow_in_words(run: Run, snapshot: Snapshot) -> str:
    """Text alternative: where the classes go."""
    centres = [run.path[:, : snapshot.split].mean(axis=1), run.path[:, snapshot.split :].mean(axis=1)]
    apart = np.linalg.norm(centres[1] - centres[0], axis=1)
    extent = np.abs(run.path).max(axis=(1, 2))
    return (
        f"{run.path.shape[1]} points and a grid go through the {snapshot.params.layers} layers of the {run.name} "
        f"network after {snapshot.done} iterations. The centres of the classes are {apart[0]:.2g} apart at the input "
        f"and {apart[-1]:.2g} after the last layer; the largest component is {extent[0]:.2g}, then {extent[-1]:.2g}."
    )


def border_scenes(snapshot: Snapshot) -> list[Scene]:
    """What each network says of every place of the plane: its decision boundary, moving as it learns."""
    return [_plane(run, snapshot) for run in snapshot.runs]


def _plane(run: Run, snapshot: Snapshot) -> Scene:
    given = run.path[0, :, :2]
    layers: list[Layer] = [
        Shade(run.scores, (0.0, 1.0), SIGNED, 0.45),
        Dots(given[: snapshot.split], FIRST, "class 0", symbol="disc", size=2.5),
        Dots(given[snapshot.split :], SECOND, "class 1", symbol="ring", size=2.5),
    ]
    alt = (
        f"The input plane, shaded by the {run.name} network's probability of class 1, from {run.scores.min():.2f} to "
        f"{run.scores.max():.2f}, after {snapshot.done} iterations. {run.accuracy:.1%} of the points are told right."
    )
    axes = Axis("x₁", -REACH, REACH), Axis("x₂", -REACH, REACH)
    return Scene(f"{run.name.capitalize()} network says", *axes, layers, alt, square=True)


def training_scenes(snapshot: Snapshot) -> list[Scene]:
    """Losses so far, and the gradient of the moment in every state."""
    rounds = max(1, ceil(snapshot.done / snapshot.params.iterations))
    x = Axis("iteration", 0, rounds * snapshot.params.iterations)
    everything = np.clip([value for run in snapshot.runs for value in (*run.losses, run.loss)], _LEAST_LOSS, _MOST_LOSS)
    low = float(min(10.0 ** np.floor(np.log10(everything.min())), 0.1))
    high = 1.0 if everything.max() <= 1 else _MOST_LOSS
    layers: list[Layer] = []
    for run in snapshot.runs:
        values = np.clip([*run.losses, run.loss], low, high)
        rows = np.stack([np.arange(len(values)), values], axis=1)
        layers.append(Line(rows[:: max(1, len(rows) // 800)], _colour(run), run.name, dashed=run.residual))
    losses = ", ".join(f"{run.name} {run.loss:.3g}" for run in snapshot.runs)
    loss = Scene(
        "Loss",
        x,
        Axis("cross-entropy", low, high, log=True),
        layers,
        f"Loss over {snapshot.done} iterations, in the end: {losses}.",
    )
    return [loss, _gradient_scene(snapshot)]


def _gradient_scene(snapshot: Snapshot) -> Scene:
    norms = np.concatenate([run.gradients for run in snapshot.runs])
    low, high = decades(norms)
    layers: list[Layer] = []
    for run in snapshot.runs:
        rows = np.stack([np.arange(len(run.gradients)), run.gradients.clip(low, high)], axis=1)
        layers.append(Line(rows, _colour(run), run.name, dashed=run.residual))
        symbol = "square" if run.residual else "disc"
        layers.append(Dots(rows, _colour(run), run.name, symbol=symbol, size=2.5))
    said = "; ".join(
        f"{run.name}: {run.gradients[-1]:.2g} at the last state, {run.gradients[0]:.2g} at the input"
        for run in snapshot.runs
    )
    return Scene(
        "Gradient in each state, now",
        Axis("state t (0 is the input)", 0, snapshot.params.layers),
        Axis("norm of dL/dh", low, high, log=True),
        layers,
        f"Norm of the loss's gradient in each state. {said}.",
    )


def decades(values: np.ndarray) -> tuple[float, float]:
    """Powers of ten that enclose the values, at least three decades apart; nothing below `LEAST`."""
    fine = values[np.isfinite(values)].clip(LEAST)
    if not len(fine):
        return 1e-3, 1.0
    low, high = np.floor(np.log10(fine.min())), np.ceil(np.log10(fine.max()))
    return float(10.0 ** max(min(low, high - 3), -36)), float(10.0 ** max(high, -33))


def _colour(run: Run) -> str:
    return RESIDUAL if run.residual else PLAIN


def drawing_scene(placed: tuple[Placed, ...], pen: tuple[float, float]) -> Scene:
    """A learner's points, and the pen."""
    points = np.array([(one.x, one.y) for one in placed]).reshape(-1, 2)
    second = np.array([one.label == 1 for one in placed], dtype=bool)
    layers = [
        Dots(points[~second], FIRST, "class 0", symbol="disc", size=4.0),
        Dots(points[second], SECOND, "class 1", symbol="ring", size=4.0),
    ]
    alt = (
        f"Points in the plane of x1 and x2: {np.sum(~second)} of class 0 and {np.sum(second)} of class 1. "
        f"The pen stands at ({pen[0]:.2f}, {pen[1]:.2f})."
    )
    axes = Axis("x₁", -REACH, REACH), Axis("x₂", -REACH, REACH)
    return Scene("Your points: click or tap to add one", *axes, layers, alt, square=True, handle=pen, handle_name="pen")
