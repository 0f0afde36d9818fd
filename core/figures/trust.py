"""Figures of the tests of a heatmap: maps to scrub through, and curves."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from core.figures.chart import chart, line
from core.figures.maps import Panel, in_words, symmetric
from core.figures.scene import Axis, Clock, Scene, Shade
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, GREY, MUTED, SIGNED, STATE
from core.labs.covering import Occluded
from core.labs.trust import Cascade, Curves, title

GUIDED, EDGES = "Guided back-propagation", "Edge detector"

Map = Float[np.ndarray, "h w"]


def cascade_scenes(cascade: Cascade, scale: str) -> list[Scene]:
    """Grad-CAM, guided back-propagation and the edges, one frame for each number of random stages."""
    last = cascade.attempts[-1]
    scenes = [
        _scene(
            "Grad-CAM",
            [one.heat for one in cascade.attempts],
            cascade,
            scale,
            f"Grad-CAM as trained: {in_words(cascade.attempts[0].heat)} With all stages random: {in_words(last.heat)}",
        )
    ]
    sharp = [one.sharp for one in cascade.attempts]
    first = sharp[0]
    if first is not None:
        filled = [np.zeros_like(first) if one is None else one for one in sharp]
        like = last.sharp_like.rank if last.sharp_like else 0.0
        told = f"Guided back-propagation; rank correlation with its first map {like:.2f} when all stages are random."
        scenes.append(_scene(GUIDED, filled, cascade, GREY, told))
    edges = _scene(
        EDGES, [cascade.edges], cascade, GREY, "Sobel's edge detector: the same at every place of the slider."
    )
    return [*scenes, edges]


def cascade_clock(cascade: Cascade) -> Clock:
    """One frame for each number of random stages."""
    labels = [f"{n} random, down to {one.stage}" if n else "as trained" for n, one in enumerate(cascade.attempts)]
    return Clock("random stages", start=0, seconds=float(len(labels)), frames=tuple(labels))


def _scene(name: str, maps: list[Map], cascade: Cascade, scale: str, alt: str) -> Scene:
    """Each map on its own scale, from 0 to its maximum."""
    height, width = cascade.size
    return Scene(
        name,
        Axis("from the left (pixels)", 0, width),
        Axis("from the bottom (pixels)", 0, height),
        [
            Shade(
                np.ascontiguousarray(one[::-1]),
                (0.0, float(one.max()) or 1.0),
                scale,
                opacity=1.0,
                frame=None if len(maps) == 1 else n,
            )
            for n, one in enumerate(maps)
        ],
        alt,
        square=True,
    )


_LOOKS = (("Grad-CAM", EVIDENCE, "circle", "solid"), (GUIDED, STATE, "square", "dash"), (EDGES, MUTED, "x", "dot"))


def cascade_chart(cascade: Cascade, measure: str) -> go.Figure:
    """Likeness of each method's map to its own first one; `measure` is ``rank`` or ``structure``."""
    numbers = list(range(len(cascade.attempts)))
    names = ["as trained", *(one.stage for one in cascade.attempts[1:])]
    traces = [
        line(
            numbers,
            values,
            name,
            colour,
            customdata=names,
            hovertemplate="%{y:.2f} with %{x} random, down to %{customdata}",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"color": colour, "size": 8, "symbol": symbol},
        )
        for (name, colour, symbol, dash), values in zip(_LOOKS, likenesses(cascade, measure), strict=True)
        if values
    ]
    y_title = "rank correlation with the first map" if measure == "rank" else "structural similarity to the first map"
    return chart(
        traces, "random stages (number, from the scores down)", y_title, y_range=(-1.05, 1.05), hovermode="x unified"
    )


def likenesses(cascade: Cascade, measure: str) -> list[list[float]]:
    """Of Grad-CAM, guided back-propagation (empty without it) and the edge detector."""
    heat = [getattr(one.heat_like, measure) for one in cascade.attempts]
    sharp = [getattr(one.sharp_like, measure) if one.sharp_like else 0.0 for one in cascade.attempts]
    return [heat, sharp if cascade.attempts[0].sharp is not None else [], [1.0] * len(heat)]


def cascade_alt(cascade: Cascade, measure: str) -> str:
    """Text alternative of `cascade_chart`."""
    listed = [
        f"{name}: {', '.join(f'{value:.2f}' for value in values)}"
        for (name, *_), values in zip(_LOOKS, likenesses(cascade, measure), strict=True)
        if values
    ]
    what = "Rank correlation" if measure == "rank" else "Structural similarity"
    return f"{what} with the trained network's map, by the number of random stages from 0 up. {'. '.join(listed)}."


def curves_chart(one: Curves) -> go.Figure:
    """Probability against the share of changed pixels."""
    shares = (100 * one.map.shares).tolist()
    random = np.stack([each.probabilities for each in one.random])
    band: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": shares,
            "y": edge.tolist(),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": last,
            "name": f"range of {len(random)} random maps",
            **({"fill": "tonexty", "fillcolor": f"{MUTED}50"} if last else {}),
        }
        for edge, last in ((random.min(0), False), (random.max(0), True))
    ]
    small = {"size": 5}
    traces = [
        *band,
        line(shares, one.random_mean.tolist(), "mean of the random maps", MUTED, line={"color": MUTED, "dash": "dot"}),
        line(shares, one.eigen.probabilities.tolist(), "Eigen-CAM", STATE, line={"color": STATE, "dash": "dash"}),
        line(shares, one.map.probabilities.tolist(), title(one.method), EVIDENCE),
    ]
    for trace in traces[2:]:
        trace["marker"] = trace["marker"] | small
    x_title = "pixels made grey (%)" if one.way == "delete" else "pixels brought back (%)"
    return chart(traces, x_title, "probability of the class", y_range=(-0.02, 1.02))


def curves_alt(one: Curves) -> str:
    """Text alternative of `curves_chart`."""
    way = "Deletion" if one.way == "delete" else "Insertion"
    middle = len(one.map.shares) // 2
    return (
        f"{way}: the probability starts at {one.map.probabilities[0]:.2f} and ends at {one.map.probabilities[-1]:.2f}. "
        f"When half of the pixels are changed it is {one.map.probabilities[middle]:.2f} by {title(one.method)}, "
        f"{one.eigen.probabilities[middle]:.2f} by Eigen-CAM and {one.random_mean[middle]:.2f} in a random order."
    )


def occlusion_panel(result: Occluded, name: str) -> Panel:
    """The falls of the score on the picture, signed."""
    return Panel(
        f"Occlusion, {name}",
        result.falls,
        symmetric(result.falls),
        SIGNED,
        f"By how much the score of {name} falls when a square is grey. {in_words(result.falls)}",
        on_picture=True,
        caption=f"largest fall {result.falls.max():.3g}",
    )


def signed_panel(values: Map, name: str) -> Panel:
    """A weighted sum with its signs, on the picture."""
    return Panel(
        name,
        values,
        symmetric(values),
        SIGNED,
        f"{name}, signed. {in_words(values)}",
        on_picture=True,
        caption=f"maximum {values.max():.3g}",
    )


def agreement_chart(result: Occluded) -> go.Figure:
    """Rank correlation of each method with occlusion, as bars."""
    ranked = sorted(result.agreement.items(), key=lambda item: item[1])
    values = [value for _, value in ranked]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": [title(method) for method, _ in ranked],
        "text": [f"{value:+.2f}" for value in values],
        "textposition": "auto",
        "marker": {"color": [GRADIENT if value >= 0 else AGAINST for value in values]},
        "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
    }
    figure = chart([bars], "rank correlation with occlusion", "", x_range=(-1.0, 1.0), height=320)
    return figure.update_layout(margin={"l": 130}, yaxis={"type": "category"})


def agreement_alt(result: Occluded) -> str:
    """Text alternative of `agreement_chart`."""
    ranked = sorted(result.agreement.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{title(method)} {value:+.2f}" for method, value in ranked)
    return f"Bars of the rank correlation with occlusion: {listed}."
