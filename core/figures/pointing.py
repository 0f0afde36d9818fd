"""Where heat points: marks on a scene, and how often each method hits."""

from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.figures.chart import chart
from core.figures.theme import EVIDENCE, TRUTH
from core.labs.pointing import BASELINES, TITLES, Estimate, Result, Row
from core.labs.pointing_scene import Look

Measure = Literal["pointing", "iou"]
AXES: dict[Measure, str] = {
    "pointing": "in the box (% of objects)",
    "iou": "mean IoU (0 to 1)",
}
UNITS: dict[Measure, int] = {"pointing": 100, "iou": 1}
"""Of the axes, in one."""


@dataclass(frozen=True, eq=False)
class Marked:
    """A look at a scene, and what of it is shown.

    Attributes:
        heat: whether the map lies on the picture, with its hottest place.
        around: whether the box around what is at least 15 % of the maximum is drawn.
        opacity: of the heat, 0 to 1.
        alt: the picture in words.
        told: a sentence beneath it.
    """

    look: Look
    alt: str
    told: str = ""
    heat: bool = True
    around: bool = False
    opacity: float = 0.5


def pointing_chart(result: Result) -> go.Figure:
    """How often each method's hottest place lies in the box."""
    return rates_chart(result, "pointing")


def iou_chart(result: Result) -> go.Figure:
    """How well each method's box fits."""
    return rates_chart(result, "iou")


def rates_chart(result: Result, measure: Measure) -> go.Figure:
    """A dot with its 95 % interval for each method, the first on top; baselines are open diamonds."""
    traces = [
        _dots([row for row in result.rows if (row.method in BASELINES) == base], measure, base)
        for base in (False, True)
    ]
    titles = [TITLES[row.method] for row in result.rows]
    figure = chart(traces, AXES[measure], "", x_range=(0, 1.02 * UNITS[measure]), height=110 + 26 * len(titles))
    return figure.update_yaxes(
        {"type": "category", "categoryorder": "array", "categoryarray": titles[::-1], "automargin": True}
    )


def rates_alt(result: Result, measure: Measure) -> str:
    """Text alternative of `rates_chart`."""
    unit, values = UNITS[measure], [(TITLES[row.method], estimate(row, measure)) for row in result.rows]
    listed = "; ".join(
        f"{title} {unit * v.value:.3g} ({unit * v.low:.3g} to {unit * v.high:.3g})" for title, v in values
    )
    return f"Dots with 95 % intervals, {AXES[measure]}: {listed}."


def estimate(row: Row, measure: Measure) -> Estimate:
    """A method's rate or mean."""
    return row.pointing if measure == "pointing" else row.iou


def _dots(rows: list[Row], measure: Measure, baseline: bool) -> dict[str, object]:
    values = [estimate(row, measure) for row in rows]
    colour, unit = TRUTH if baseline else EVIDENCE, UNITS[measure]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "knows nothing of the picture" if baseline else "map of the network",
        "x": [unit * each.value for each in values],
        "y": [TITLES[row.method] for row in rows],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [unit * (each.high - each.value) for each in values],
            "arrayminus": [unit * (each.value - each.low) for each in values],
            "color": colour,
            "thickness": 2,
            "width": 5,
        },
        "marker": {"color": colour, "size": 10, "symbol": "diamond-open" if baseline else "circle"},
        "hovertemplate": "%{y}: %{x:.3g}<extra></extra>",
    }
