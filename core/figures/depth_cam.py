"""The map at every depth as a film over the picture, and the evidence along the depth as curves."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart
from core.figures.maps import Film, Panel, in_words
from core.figures.scene import Clock
from core.figures.theme import AGAINST, EVIDENCE, MUTED, STATE
from core.labs.depth_cam import MUCH, Moment, Pair, cosines


def panel(moment: Moment, title: str, scale: str) -> Panel:
    """One map over the picture, from 0 to its own maximum."""
    heat = moment.heat
    return Panel(
        title,
        heat,
        (0.0, float(heat.max())),
        scale,
        alt=f"{title}. {in_words(heat)} {totals(moment)}.",
        on_picture=True,
        caption=totals(moment),
    )


def totals(moment: Moment) -> str:
    """Both sums of a map, in words."""
    return f"for {moment.speaks_for:+.2f}, against {moment.against:+.2f}"


def place_in_words(moment: Moment, blocks: Sequence[str]) -> str:
    """Such as ``depth 1.25: block 2, t = 0.25``."""
    return f"depth {moment.place:.4g}: block {blocks.index(moment.layer) + 1}, t = {moment.t:.4g}"


def film(pair: Pair, scale: str) -> Film:
    """The ODE-Net's maps from the first block's start to the last one's end, which is shown first."""
    journey, beside = pair.journey, pair.beside
    blocks = list(dict.fromkeys(moment.layer for moment in journey.moments))
    labels = tuple(place_in_words(moment, blocks) for moment in journey.moments)
    return Film(
        tuple(panel(moment, f"ODE-Net, {label}", scale) for moment, label in zip(journey.moments, labels, strict=True)),
        Clock("depth", start=len(labels) - 1, seconds=8.0, frames=labels),
        tuple(companion(moment, blocks.index(moment.layer), beside) for moment in journey.moments),
        now="◀ this depth",
    )


def companion(moment: Moment, block: int, beside: Sequence[Moment]) -> int:
    """The residual block, of the same stage, that covers a place: it ends there, or is the first to end after it."""
    inside = [i for i, other in enumerate(beside) if block < other.place <= block + 1]
    return next((i for i in inside if beside[i].place >= moment.place - 1e-9), inside[-1] if inside else -1)


Curve = tuple[str, str, str, str, Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]
"""Name, colour, dash and symbol; values of the ODE-Net and of the ResNet."""


def evidence_chart(pair: Pair) -> go.Figure:
    """What speaks for and against the class at each place: the ODE-Net as lines, the ResNet as marks."""
    own, others = pair.journey.moments, pair.beside
    curves: list[Curve] = [
        ("for", EVIDENCE, "solid", "circle", [m.speaks_for for m in own], [m.speaks_for for m in others]),
        ("against", AGAINST, "dash", "square", [m.against for m in own], [m.against for m in others]),
    ]
    return _along(pair, "sum of cells (score)", curves)


def likeness_chart(pair: Pair) -> go.Figure:
    """The cosine of the map at each place with the network's own last map."""
    others = cosines(pair.beside, pair.beside[-1])
    curves: list[Curve] = [("", STATE, "solid", "diamond", pair.journey.likeness, others)]
    return _along(pair, "cosine with the last map", curves, y_range=(-0.03, 1.05), level=MUCH)


def _along(
    pair: Pair,
    y_title: str,
    curves: Sequence[Curve],
    y_range: tuple[float, float] | None = None,
    level: float | None = None,
) -> go.Figure:
    places = [moment.place for moment in pair.journey.moments]
    layers = [moment.layer for moment in pair.journey.moments]
    traces = []
    for name, colour, dash, symbol, along, dots in curves:
        x, y = _broken(places, along, layers)
        said = f": {name}" if name else ""
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(places) < 20 else "lines",
                "x": x,
                "y": y,
                "name": f"ODE-Net{said}",
                "line": {"color": colour, "width": 2.5, "dash": dash},
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [moment.place for moment in pair.beside],
                "y": [float(value) for value in dots],
                "text": [moment.layer for moment in pair.beside],
                "name": f"ResNet{said}",
                "marker": {"color": colour, "size": 10, "symbol": f"{symbol}-open", "line": {"width": 2}},
            }
        )
    last = int(max(places))
    thin = {"color": MUTED, "width": 1}
    edges: list[dict[str, Any]] = [
        {"type": "line", "x0": edge, "x1": edge, "yref": "paper", "y0": 0, "y1": 1, "line": thin}
        for edge in range(1, last)
    ]
    if level is not None:
        dotted = {"color": MUTED, "dash": "dot"}
        edges.append({"type": "line", "x0": 0, "x1": last, "y0": level, "y1": level, "line": dotted})
    return chart(
        traces,
        "depth (blocks end at 1, 2 and 3)",
        y_title,
        x_range=(-0.05, last + 0.05),
        y_range=y_range,
        height=320,
        shapes=edges,
    )


def _broken(places: Sequence[float], values: Sequence[float] | np.ndarray, layers: Sequence[str]) -> tuple[list, list]:
    """Points with a gap between two blocks, where another state begins."""
    x: list[float | None] = []
    y: list[float | None] = []
    for _, group in groupby(zip(layers, places, values, strict=True), lambda point: point[0]):
        if x:
            x.append(None)
            y.append(None)
        for _, place, value in group:
            x.append(place)
            y.append(round(float(value), 6))
    return x, y


def evidence_in_words(pair: Pair) -> str:
    """Text alternative of `evidence_chart`."""
    journey, beside = pair.journey, pair.beside
    ends = [moment for moment in journey.moments if moment.t == 1]
    own = "; ".join(f"at depth {moment.place:g} {totals(moment)}" for moment in (journey.moments[0], *ends))
    others = "; ".join(f"after {moment.layer} {totals(moment)}" for moment in beside)
    return f"Sums of the map along the depth. ODE-Net: {own}. ResNet: {others}."


def likeness_in_words(pair: Pair) -> str:
    """Text alternative of `likeness_chart`."""
    journey, beside = pair.journey, pair.beside
    ends = [(m.place, c) for m, c in zip(journey.moments, journey.likeness, strict=True) if m.t in (0, 1)]
    own = ", ".join(f"{cosine:.2f} at depth {place:g}" for place, cosine in ends)
    others = ", ".join(
        f"{cosine:.2f} after {moment.layer}" for moment, cosine in zip(beside, cosines(beside, beside[-1]), strict=True)
    )
    return f"Cosine of each map with the network's last one. ODE-Net: {own}. ResNet: {others}."
