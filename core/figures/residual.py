"""Residual networks on the vector field of the ODE that they approach, and how fast they do."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from core.figures.chart import chart, line
from core.figures.scene import Arrows, Axis, Clock, Dots, Layer, Line, Scene
from core.figures.theme import MUTED, STATE, TRUTH
from core.labs.depth_limit import BLOCKS as DEPTHS
from core.labs.depth_limit import DRAWN, Chosen, Limits
from core.labs.residual import DEPTH, PLAYED, Comparison, Paths
from core.labs.residual_words import step_name

_HIGH = 3.0
"""Ends of the states' axis, up and down."""
_ARROW = 0.17
"""Length of an arrow along the depth axis, where f is 0."""
_FLATTENED = 0.4
"""A guess of how long a unit of z is on screen, beside one of t; it keeps arrows about equally long."""


def paths_clock() -> Clock:
    """One frame for each number of blocks that is drawn, starting with h = 1."""
    labels = tuple(f"h = {step_name(DEPTH / blocks)}, {blocks} blocks" for blocks in PLAYED)
    return Clock("step h from block to block", start=0, seconds=7.0, frames=labels)


def paths_scenes(result: Comparison) -> list[Scene]:
    """The plane of depth and state: field, solution, and in each frame the networks' states."""
    vectors = np.stack([np.ones_like(result.slopes), result.slopes], axis=1)
    vectors *= _ARROW / np.hypot(1, _FLATTENED * result.slopes)[:, None]
    layers: list[Layer] = [Arrows(result.grid, vectors, MUTED, "slope f(z, t)")]
    truth = joined(result.truth_times, result.truth[..., None])
    layers.append(Line(truth, TRUTH, "solution of the ODE", width=3.0))
    for frame, path in enumerate(result.paths[: len(PLAYED)]):
        layers += _network_layers(path, frame)
    axes = Axis("depth t", -0.1, DEPTH + 0.1), Axis("state z", -_HIGH, _HIGH)
    return [Scene("Residual network on the ODE's field", *axes, layers, paths_in_words(result))]


def _network_layers(path: Paths, frame: int) -> list[Layer]:
    points = joined(path.times, path.states[..., None])
    size = max(1.0, min(4.5, 36 / path.blocks))
    return [
        Line(points, STATE, "residual network", width=1.6, frame=frame),
        Dots(points[np.isfinite(points[:, 1])], STATE, "states between blocks", symbol="ring", size=size, frame=frame),
    ]


def joined(times: Float[np.ndarray, " n"], states: Float[np.ndarray, "n curves d"]) -> Float[np.ndarray, "m 1+d"]:
    """(time, state) of all curves one after the other, with a row of NaN after each: one layer instead of many."""
    n, curves, d = states.shape
    rows = np.full((curves, n + 1, 1 + d), np.nan)
    rows[:, :n, 0] = times
    rows[:, :n, 1:] = states.transpose(1, 0, 2)
    return rows.reshape(-1, 1 + d)


def paths_in_words(result: Comparison) -> str:
    """The figure's text alternative."""
    first, last = result.paths[0], result.paths[len(PLAYED) - 1]
    return (
        f"Depth t from 0 to {DEPTH:g} against state z, with the slopes f as arrows. {result.truth.shape[1]} solutions "
        f"of the ODE start between z = {result.truth[0, 0]:g} and {result.truth[0, -1]:g} and end between "
        f"{result.truth[-1].min():.2f} and {result.truth[-1].max():.2f}. With h = 1 the network's broken lines end up "
        f"to {first.error:.2g} off, with h = {step_name(last.h)} up to {last.error:.2g}."
    )


def error_chart(result: Comparison) -> go.Figure:
    """Error at the end against the number of blocks, both logarithmic, with the fitted slope."""
    blocks = [path.blocks for path in result.paths]
    last = result.paths[-1]
    fit = [last.error * (n / last.blocks) ** result.order for n in blocks]
    straight = {"color": MUTED, "width": 2, "dash": "dash"}
    return chart(
        [
            line(blocks, result.errors.tolist(), "measured", STATE),
            line(blocks, fit, f"slope {result.order:.2f}", MUTED, mode="lines", line=straight),
        ],
        "number of blocks N",
        "largest error at the end",
        x_scale="log",
        y_scale="log",
        x_range=(3, 1500),
        y_range=(3e-4, 10),
    )


def errors_in_words(result: Comparison) -> str:
    """The chart's text alternative."""
    first, last = result.paths[0], result.paths[-1]
    return (
        f"Error at the end against the number of blocks: {first.error:.2g} with {first.blocks} blocks, "
        f"{last.error:.2g} with {last.blocks}; the fitted slope is {result.order:.2f}."
    )


def limit_clock() -> Clock:
    """One frame for each number of blocks."""
    return Clock("number of blocks N", start=0, seconds=7.0, frames=tuple(f"{n} blocks" for n in DEPTHS))


def limit_scenes(chosen: Chosen) -> list[Scene]:
    """A few networks' states against depth, in each frame with other numbers of blocks."""
    setting = chosen.setting
    reach = max(float(np.abs(path).max()) for path in setting.paths)
    high = next(bound for bound in (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 1e9) if reach <= bound)
    layers: list[Layer] = []
    for frame, (blocks, path) in enumerate(zip(DEPTHS, setting.paths, strict=True)):
        points = joined(np.arange(blocks + 1) / blocks, path[..., None])
        layers.append(Line(points, STATE, f"{DRAWN} networks", width=1.6, frame=frame))
    alt = (
        f"States of {DRAWN} networks with {setting.weights} weights, each block scaled by {setting.scale}, against "
        f"depth. Over all networks the end is {setting.moved[0]:.2g} from the start with {DEPTHS[0]} blocks and "
        f"{setting.moved[-1]:.2g} with {DEPTHS[-1]}."
    )
    axes = Axis("depth t = k / N", 0, 1), Axis("state z", -high, high)
    return [Scene(f"{setting.weights.capitalize()} weights, scale {setting.scale}", *axes, layers, alt)]


_MARKS: Sequence[tuple[str, str]] = (("circle", "solid"), ("square", "dot"), ("diamond", "dash"), ("x", "dashdot"))


def doubling_chart(chosen: Chosen) -> go.Figure:
    """How much the end changes when the blocks are doubled, for every setting; the chosen one in colour."""
    traces = []
    for setting, (symbol, dash) in zip(chosen.limits.settings, _MARKS, strict=True):
        colour = STATE if setting is chosen.setting else MUTED
        name = f"{setting.weights}, {setting.scale}: slope {setting.change_slope:+.2f}"
        style = {"line": {"color": colour, "dash": dash, "width": 2}}
        marks = {"marker": {"color": colour, "symbol": symbol, "size": 8}}
        traces.append(line(DEPTHS[:-1], setting.change.tolist(), name, colour, **style, **marks))
    return chart(
        traces,
        "number of blocks N",
        "change of the end from N to 2N",
        x_scale="log",
        y_scale="log",
        x_range=(1.5, 700),
        y_range=(3e-4, 50),
        height=380,
    )


def doubling_in_words(result: Limits) -> str:
    """The chart's text alternative."""
    parts = (
        f"{one.weights} weights scaled by {one.scale}: from {one.change[0]:.2g} to {one.change[-1]:.2g}, "
        f"slope {one.change_slope:+.2f}"
        for one in result.settings
    )
    return "Change of the end when the blocks are doubled, from N = 2 to 512. " + "; ".join(parts) + "."
