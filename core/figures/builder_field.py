"""A receptive field, framed in the picture that the network is fed."""

from typing import Any

import plotly.graph_objects as go

from core.figures.chart import chart
from core.figures.theme import EVIDENCE, GRADIENT
from core.labs.builder_field import Along, Seen


def framed(seen: Seen) -> go.Figure:
    """The picture, what the cell sees of it, and, dashed, how far its field reaches in all."""
    height, width = seen.rows.n, seen.columns.n
    (top, bottom), (left, right) = seen.rows.inside, seen.columns.inside
    (y0, y1), (x0, x1) = seen.rows.whole, seen.columns.whole
    traces: list[dict[str, Any]] = [_rectangle((x0, x1), (y0, y1), "receptive field", GRADIENT, dash="dash")]
    if right > left and bottom > top:
        traces.append(_rectangle((left, right), (top, bottom), "seen of the picture", EVIDENCE, fill=True))
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [seen.columns.middle],
            "y": [seen.rows.middle],
            "marker": {"symbol": "cross-thin", "size": 14, "line": {"color": EVIDENCE, "width": 3}},
            "name": "centre of the field",
        }
    )
    figure = chart(traces, "column of the input (pixels)", "row of the input (pixels)", height=460)
    edge = 0.04 * max(height, width)
    figure.update_layout(
        images=[
            {
                "source": seen.url,
                "xref": "x",
                "yref": "y",
                "x": 0,
                "y": 0,
                "sizex": width,
                "sizey": height,
                "sizing": "stretch",
                "layer": "below",
            }
        ],
        xaxis={"range": _range(seen.columns, edge), "showgrid": False, "zeroline": False, "constrain": "domain"},
        yaxis={
            "range": _range(seen.rows, edge)[::-1],
            "showgrid": False,
            "zeroline": False,
            "scaleanchor": "x",
            "constrain": "domain",
        },
        legend={"y": -0.18},
    )
    return figure


def _range(along: Along, edge: float) -> list[float]:
    """The input and, up to six tenths of it, what the layer's outermost cells see beyond; the same for every cell."""
    beyond = max(-along.field.of(0).start, along.field.of(along.cells - 1).stop - along.n, 0)
    margin = min(beyond, 0.6 * along.n) + edge
    return [-margin, along.n + margin]


def _rectangle(
    x: tuple[int, int], y: tuple[int, int], name: str, colour: str, dash: str = "solid", fill: bool = False
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x[0], x[1], x[1], x[0], x[0]],
        "y": [y[0], y[0], y[1], y[1], y[0]],
        "line": {"color": colour, "width": 2 if dash == "dash" else 3, "dash": dash},
        "fill": "toself" if fill else "none",
        "fillcolor": f"{colour}22",
        "name": name,
        "hoverinfo": "skip",
    }


def framed_in_words(seen: Seen) -> str:
    """Which cell, and which rows and columns it sees."""
    (top, bottom), (left, right) = seen.rows.inside, seen.columns.inside
    return (
        f"The picture that the network is fed, {seen.rows.n} x {seen.columns.n} pixels. Cell ({seen.rows.cell}, "
        f"{seen.columns.cell}) of layer {seen.number} sees "
        + (
            f"rows {top} to {bottom - 1} and columns {left} to {right - 1}: {seen.share:.1%} of it"
            f"{', with gaps' * seen.holes}."
            if seen.share
            else "nothing of it, only padding."
        )
    )
