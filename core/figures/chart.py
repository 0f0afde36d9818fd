"""What all plotly charts of the lessons have in common."""

from collections.abc import Sequence
from math import log10
from typing import Any, Literal, cast

import plotly.graph_objects as go

from core.figures.theme import MUTED

Scale = Literal["linear", "log"]


def chart(
    traces: Sequence[dict[str, Any]],
    x_title: str,
    y_title: str,
    *,
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    height: int = 340,
    **layout: Any,
) -> go.Figure:
    """Traces as plain dicts, in a chart whose height and ranges do not depend on the data.

    Args:
        x_title, y_title: with units.
        x_range, y_range: in the axes' own values, also on logarithmic axes (plotly wants powers of ten there).
        layout: further entries of plotly's layout.
    """
    return go.Figure(
        {
            "data": list(traces),
            "layout": {
                "height": height,
                "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
                "legend": {"orientation": "h", "y": -0.28, "x": 0},
                "xaxis": _axis(x_title, x_scale, x_range),
                "yaxis": _axis(y_title, y_scale, y_range),
                **layout,
            },
        }
    )


def line(x: Sequence[float], y: Sequence[float], name: str, colour: str, **more: Any) -> dict[str, Any]:
    """A trace of a line with its points marked."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(x),
        "y": list(y),
        "name": name,
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 7},
        **more,
    }


def numbers(figure: go.Figure) -> dict[str, list[Any]]:
    """Every point that a chart draws, as columns of a table: the trace's name, then the axes under their titles.

    A cell of a heatmap is a point, too, with its value in a last column.
    """
    axes = figure.to_dict()["layout"]
    titles = [axes.get(axis, {}).get("title", {}).get("text", axis[0]) for axis in ("xaxis", "yaxis")]
    rows: list[tuple[Any, ...]] = []
    for trace in cast(Sequence[Any], figure.data):
        name, x, y = trace.name or "", trace.x, trace.y
        if trace.type == "heatmap":
            rows += [(name, x[j], y[i], value) for i, row in enumerate(trace.z) for j, value in enumerate(row)]
        else:
            rows += [(name, *point) for point in zip(x, y, strict=True)]
    # A gap in a line is no point.
    columns = zip(*(row for row in rows if None not in row), strict=True) if rows else ()
    return dict(zip(("name", *titles, "value"), map(list, columns), strict=False))


def _axis(title: str, scale: Scale, limits: tuple[float, float] | None) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "title": {"text": title},
        "type": scale,
        "fixedrange": True,
        "showgrid": True,
        "gridcolor": f"{MUTED}40",
        "zeroline": scale == "linear",
        "zerolinecolor": f"{MUTED}80",
    }
    if scale == "log":
        decades = log10(limits[1] / limits[0]) if limits else 6
        axis |= {"exponentformat": "power", "dtick": 1 if decades <= 8 else 3}
    if limits is not None:
        axis["range"] = [log10(limits[0]), log10(limits[1])] if scale == "log" else list(limits)
    return axis
