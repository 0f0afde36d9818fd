"""Curves and maps that settle a common mistake."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import Scale, chart, line
from core.figures.scene import Axis, Scene, Shade
from core.figures.theme import MUTED, SEQUENTIAL, SERIES, SIGNED
from core.labs.mistakes_data import Curve, Plot, Settled

_DECADES = 7
_MARKERS = ("circle", "square", "diamond", "x")


def plot(settled: Settled) -> go.Figure:
    """The curves; each told apart by its marker or dash beside its colour."""
    found = _plot(settled)
    traces = [_trace(curve, index) for index, curve in enumerate(found.curves)]
    x_scale: Scale = "log" if found.x_log else "linear"
    y_scale: Scale = "log" if found.y_log else "linear"
    return chart(
        traces,
        found.x_title,
        found.y_title,
        x_scale=x_scale,
        y_scale=y_scale,
        x_range=_range([x for curve in found.curves for x in curve.x], found.x_log),
        y_range=_range([y for curve in found.curves for y in curve.y], found.y_log),
        height=320,
    )


def plot_in_words(settled: Settled) -> str:
    """The chart's text alternative."""
    found = _plot(settled)
    parts = (f"{curve.name}: from {curve.y[0]:.3g} to {curve.y[-1]:.3g}, {_extremes(curve)}" for curve in found.curves)
    return f"{found.y_title} against {found.x_title}. " + "; ".join(parts) + "."


def maps(settled: Settled) -> list[Scene]:
    """The maps, each over its own cells."""
    return [
        Scene(
            grid.title,
            Axis("column", 0, grid.values.shape[1]),
            Axis("row, from below", 0, grid.values.shape[0]),
            [
                Shade(
                    np.ascontiguousarray(grid.values[::-1]),
                    (grid.low, grid.high),
                    SIGNED if grid.low < 0 else SEQUENTIAL[0],
                    1.0,
                )
            ],
            f"{grid.title}: {grid.values.shape[0]} x {grid.values.shape[1]} cells with values from "
            f"{grid.values.min():.2g} to {grid.values.max():.2g}; colours from {grid.low:.2g} to {grid.high:.2g}.",
            square=True,
        )
        for grid in settled.grids
    ]


def _range(values: list[float], logarithmic: bool) -> tuple[float, float]:
    """Ends of an axis, a little beyond the values; on a logarithmic one seven decades at most."""
    low, high = min(values), max(values)
    if logarithmic:
        return max(low, high / 10**_DECADES) / 1.5, high * 1.5
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _plot(settled: Settled) -> Plot:
    if settled.plot is None:
        raise ValueError("nothing to plot")
    return settled.plot


def _extremes(curve: Curve) -> str:
    return f"between {min(curve.y):.3g} and {max(curve.y):.3g}"


def _trace(curve: Curve, index: int) -> dict[str, Any]:
    colour = MUTED if curve.kind == "dashed" else SERIES[index % len(SERIES)]
    if curve.kind == "dashed":
        look: dict[str, Any] = {"mode": "lines", "line": {"color": colour, "width": 2, "dash": "dash"}}
    elif curve.kind == "dots":
        look = {"mode": "markers", "marker": {"color": colour, "size": 9, "symbol": "circle-open"}}
    else:
        marker = {"color": colour, "size": 5, "symbol": _MARKERS[index % len(_MARKERS)]}
        look = {"marker": marker}
    return line(curve.x, curve.y, curve.name, colour, **look)
