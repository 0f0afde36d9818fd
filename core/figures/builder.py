"""The volumes of a network as boxes, its shares, and a receptive field in a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import plotly.graph_objects as go

from core.figures.chart import chart
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, SERIES, STATE
from core.labs.builder import Shares, Table

_GROUPS = {
    "input": ("input", MUTED),
    "conv": ("convolution", STATE),
    "max_pool": ("pooling", GRADIENT),
    "average_pool": ("pooling", GRADIENT),
    "global_pool": ("pooling", GRADIENT),
    "residual": ("residual block or fire module", AGAINST),
    "fire": ("residual block or fire module", AGAINST),
    "flatten": ("flat: flatten or dense", EVIDENCE),
    "dense": ("flat: flatten or dense", EVIDENCE),
}
"""Kind -> what the legend calls it, and its colour. Other kinds leave the shape as it is and have no box."""

_GAP, _SLANT = 1.4, 0.22


@dataclass(frozen=True)
class Box:
    """What a box is drawn from."""

    number: int
    kind: str
    channels: int
    height: int
    width: int


def boxes(table: Table) -> list[Box]:
    """The input, and every layer that may change the shape."""
    found = [Box(0, "input", *table.network.shape)]
    for row, cost in table.counted:
        if row.kind in _GROUPS:
            channels, *cells = cost.shape
            height, width = cells or (1, 1)
            found.append(Box(row.number, row.kind, channels, height, width))
    return found


def volumes(table: Table) -> go.Figure:
    """One box for each volume: as high as it has cells, as wide as it has channels, on logarithmic scales."""
    faces: dict[str, tuple[list[float | None], list[float | None]]] = {}
    colours: dict[str, str] = {}
    ticks: list[float] = []
    labels: list[str] = []
    place = 0.0
    drawn = boxes(table)
    for box in drawn:
        name, colour = _GROUPS[box.kind]
        colours[name] = colour
        xs, ys = faces.setdefault(name, ([], []))
        width, height, depth = (_length(size) for size in (box.channels, box.height, box.width))
        for face in _faces(place, width, height, depth * _SLANT):
            xs += [*(x for x, _ in face), None]
            ys += [*(y for _, y in face), None]
        ticks.append(place + width / 2)
        labels.append(str(box.number) if box.number else "in")
        place += width + depth * _SLANT + _GAP
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [None if x is None else round(x, 2) for x in xs],
            "y": [None if y is None else round(y, 2) for y in ys],
            "fill": "toself",
            "fillcolor": f"{colours[name]}55",
            "line": {"color": colours[name], "width": 1.2},
            "name": name,
            "hoverinfo": "skip",
        }
        for name, (xs, ys) in faces.items()
    ]
    most = max(box.height for box in drawn)
    powers = [2**i for i in range(0, most.bit_length(), 1 if most < 64 else 2)]
    figure = chart(traces, "layer (in: the input); box width: channels, log scale", "cells down, log scale", height=360)
    keep = -(-len(ticks) // 14)  # more labels than that would cover each other
    figure.update_layout(
        xaxis={
            "tickvals": ticks[::keep],
            "ticktext": labels[::keep],
            "showgrid": False,
            "zeroline": False,
            "tickangle": 0,
            "range": [-0.5, round(place - _GAP + 0.5, 2)],
        },
        yaxis={"tickvals": [_length(size) for size in powers], "ticktext": list(map(str, powers)), "zeroline": False},
        legend={"y": -0.3},
    )
    return figure


def _length(size: int) -> float:
    """Of a box's side: 1 for one cell or channel, and 1 more for each doubling."""
    return log2(size) + 1


def _faces(x: float, width: float, height: float, depth: float) -> Iterator[Sequence[tuple[float, float]]]:
    """Front, top and side of a box whose back lies to the upper right."""
    right, top = x + width, height
    yield (x, 0), (right, 0), (right, top), (x, top), (x, 0)
    yield (x, top), (right, top), (right + depth, top + depth), (x + depth, top + depth), (x, top)
    yield (right, 0), (right + depth, depth), (right + depth, top + depth), (right, top), (right, 0)


def volumes_in_words(table: Table) -> str:
    """The volumes for who does not see them; in a long network, those where the shape changes."""
    told, last = [], None
    for box in boxes(table):
        shape = (box.channels, box.height, box.width)
        if shape != last:
            where = "the input" if box.number == 0 else f"layer {box.number}"
            told.append(f"{where}: {box.channels} of {box.height} x {box.width}")
        last = shape
    begin = "Boxes for the volumes between the layers, as channels of cells down x across, where that changes."
    return f"{begin} {'; '.join(told)}."


def shares_chart(found: Shares) -> go.Figure:
    """Parameters and multiply-adds, layer by layer, in per cent."""
    x = [str(share.row.number) for share in found.shares]
    bars = [
        {
            "type": "bar",
            "x": x,
            "y": [round(100 * getattr(share, what), 3) for share in found.shares],
            "name": name,
            "marker": {"color": colour, "pattern": {"shape": pattern}},
        }
        for what, name, colour, pattern in (
            ("parameters", "parameters", SERIES[3], ""),
            ("multiply_adds", "multiply-adds", SERIES[0], "/"),
        )
    ]
    figure = chart(bars, "number of the layer", "part of the total (%)", height=320)
    figure.update_layout(barmode="group", xaxis={"type": "category", "tickangle": 0}, legend={"y": -0.32})
    return figure


def shares_in_words(found: Shares) -> str:
    """The largest bars."""
    busiest = ", ".join(str(share.row.number) for share in found.busiest)
    return (
        f"Bars for {len(found.shares)} layers. Most parameters: layer {found.heaviest.row.number}, "
        f"{found.heaviest.parameters:.1%}. Most multiply-adds: layer {busiest}, {found.busiest[0].multiply_adds:.1%} "
        f"{'each' if len(found.busiest) > 1 else 'of all'}."
    )
