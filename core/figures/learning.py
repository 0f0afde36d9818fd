"""Training on a trajectory -> scenes: the phase plane with both fields, time series, loss and evaluations."""

import numpy as np

from core.figures.scene import Arrows, Axis, Dots, Layer, Line, Scene
from core.figures.theme import EVIDENCE, GRADIENT, STATE, TRUTH
from core.labs.learning import Progress

MOST = 1000
"""Points of a line that is sent to the browser."""


def states(progress: Progress) -> list[Scene]:
    """The trajectory in the plane or the space of its columns (none for one column), then each column over time.

    Where that makes an odd number, the distance over time is the last: they stand in pairs.
    """
    size = progress.measured.shape[1]
    scenes = [] if size == 1 else [_phase(progress)]
    scenes += [_series(progress, column) for column in range(size)]
    return [*scenes, _distance(progress)] if len(scenes) % 2 else scenes


def curves(progress: Progress) -> list[Scene]:
    """Loss and evaluations over the iterations."""
    return [_loss(progress), _evaluations(progress)]


def duration(progress: Progress) -> tuple[float, float]:
    """First and last time of the data."""
    return float(progress.measured_times[0]), float(progress.measured_times[-1])


def time_title(progress: Progress) -> str:
    """What the time is called: in a learner's file by its column's name."""
    return "time t (s)" if progress.data.truth else progress.data.time_name


def _phase(progress: Progress) -> Scene:
    names, space = progress.data.names, progress.measured.shape[1] == 3
    axes = [_axis(names[i], progress.measured[:, i]) for i in range(len(names))]
    layers: list[Layer] = []
    if len(progress.places):
        scale = progress.true_arrows if len(progress.true_arrows) else progress.arrows
        if len(progress.true_arrows):
            layers.append(Arrows(progress.places, _shortened(progress.true_arrows, scale, axes), TRUTH, "true field"))
        layers.append(Arrows(progress.places, _shortened(progress.arrows, scale, axes), STATE, "learned field"))
    layers += _compared(progress, progress.measured, progress.curve)
    what = "space" if space else "plane"
    alt = f"The {what} of {', '.join(names)} after {progress.done:,} iterations. {_fit(progress)}"
    z = axes[2] if space else None
    return Scene(f"In the {what} of the states", axes[0], axes[1], layers, alt, z, square=progress.data.truth)


def _series(progress: Progress, column: int) -> Scene:
    name = progress.data.names[column]
    low, high = duration(progress)
    points = np.column_stack([progress.measured_times, progress.measured[:, column]])
    learned = np.column_stack([progress.curve_times, progress.curve[:, column]])
    layers = _compared(progress, points, learned)
    alt = f"{name} over time after {progress.done:,} iterations. {_fit(progress)}"
    x = Axis(time_title(progress), low, high)
    return Scene(f"{name} over time", x, _axis(name, progress.measured[:, column]), layers, alt)


def _distance(progress: Progress) -> Scene:
    gaps = progress.distances
    kept = np.flatnonzero(gaps > 0)  # the first point is right by definition; it has no place on a logarithmic axis
    kept = kept[_some(len(kept))]
    largest = float(gaps.max()) or 1.0
    title = "distance |z - learned|" if progress.data.truth else "distance, in standard deviations"
    y = Axis(title, *_decades(max(float(gaps[kept].min(initial=largest)), 1e-4 * largest), largest), log=True)
    points = np.column_stack([progress.times, gaps])[kept]
    layers = [Line(points, EVIDENCE, "distance of the learned from the given", progress.times[kept])]
    alt = f"Distance over time after {progress.done:,} iterations, {largest:.3g} at most. {_fit(progress)}"
    return Scene("Distance over time", Axis(time_title(progress), *duration(progress)), y, layers, alt)


def _compared(progress: Progress, points: np.ndarray, learned: np.ndarray) -> list[Layer]:
    """What is learned from, and what is learned.

    A dashed line lies beneath the learned one where the points lie on the true curve; dots lie on it, rings are held
    out.
    """
    fitted, times = progress.data.fitted, progress.measured_times
    kept = _some(len(progress.curve_times))
    line = Line(learned[kept], STATE, "learned", progress.curve_times[kept], width=2.5)
    if progress.data.truth and not progress.noisy:
        return [Line(points, TRUTH, "true", width=2.0, dashed=True), line]
    kept = _some(fitted)
    size = 2.0 if len(kept) > 200 else 3.0
    layers: list[Layer] = [line, Dots(points[kept], TRUTH, "trained on", size=size)]
    if fitted < len(times):
        kept = fitted + _some(len(times) - fitted)
        layers.append(Dots(points[kept], GRADIENT, "held out", symbol="ring", size=size))
    return layers


def _loss(progress: Progress) -> Scene:
    points = _over_iterations(progress.losses)
    good = points[points[:, 1] > 0] if len(points) else points
    low, high = (good[:, 1].min(), good[:, 1].max()) if len(good) else (1e-3, 1.0)
    y = Axis("loss: mean |error|", *_decades(low, high), log=True)
    alt = f"No iteration yet: {progress.done} of {progress.total:,}."
    if len(good):
        alt = f"Loss of each batch: {good[0, 1]:.3g} at first, {progress.losses[-20:].mean():.3g} over the last 20."
    return Scene("Loss", _iterations(progress), y, [Line(good, EVIDENCE, "loss of a batch")], alt)


def _evaluations(progress: Progress) -> Scene:
    forward, backward = _over_iterations(progress.forward), _over_iterations(progress.backward)
    high = max([10.0, *(float(v[:, 1].max()) for v in (forward, backward, progress.watched) if len(v))])
    layers = [
        Line(progress.watched, TRUTH, "solve over the whole interval", dashed=True),
        Line(forward, STATE, "a batch, forwards"),
        Line(backward, GRADIENT, "and for its gradient"),
    ]
    alt = "No iteration yet."
    if progress.done:
        alt = (
            f"Evaluations of the field: a batch took {progress.forward[0]:.0f} at first and {progress.forward[-1]:.0f} "
            f"at last, its gradient {progress.backward[-1]:.0f}."
        )
    y = Axis("evaluations nfe", *_decades(1.0, high), log=True)
    layers = [Line(line.points[line.points[:, 1] > 0], line.colour, line.name, dashed=line.dashed) for line in layers]
    return Scene("Evaluations of the field", _iterations(progress), y, layers, alt)


def _iterations(progress: Progress) -> Axis:
    return Axis("iteration", 0.0, float(max(progress.total, progress.done, 1)))


def _over_iterations(values: np.ndarray) -> np.ndarray:
    points = np.column_stack([np.arange(1, len(values) + 1), values]).astype(float)
    return points[_some(len(points))]


def _some(count: int) -> np.ndarray:
    """Indices of at most `MOST` of `count` points, evenly, both ends among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST)).round().astype(int)) if count else np.zeros(0, int)


def _decades(low: float, high: float) -> tuple[float, float]:
    """The powers of ten around two positive numbers, so that the axis seldom moves."""
    return float(10.0 ** np.floor(np.log10(low))), float(10.0 ** np.ceil(np.log10(high * 1.001)))


def _axis(title: str, values: np.ndarray) -> Axis:
    low, high = float(values.min()), float(values.max())
    margin = 0.12 * (high - low) or max(abs(low), 1.0)
    return Axis(title, low - margin, high + margin)


def _shortened(slopes: np.ndarray, scale: np.ndarray, axes: list[Axis]) -> np.ndarray:
    """Slopes as arrows that fit between their places: right directions, lengths by the 0.3rd power of the speed."""
    spans = np.array([axis.high - axis.low for axis in axes])
    speeds = np.linalg.norm(slopes / spans, axis=1, keepdims=True)
    fastest = float(np.linalg.norm(scale / spans, axis=1).max()) or 1.0
    lengths = 0.07 * np.minimum(speeds / fastest, 3.0) ** 0.3
    return np.nan_to_num(slopes / np.where(speeds > 0, speeds, 1.0) * lengths)


def _fit(progress: Progress) -> str:
    text = f"Mean distance of the learned trajectory from the data it was fitted to: {progress.error:.3g}"
    if not np.isnan(progress.tail_error):
        text += f"; on the held-out end: {progress.tail_error:.3g}"
    return f"{text}." if not np.isnan(progress.error) else "The learned trajectory leaves the picture early."
