"""Figures of the page that compares maps."""

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.maps import Panel, in_words, symmetric
from core.figures.theme import EVIDENCE, GRADIENT, GREY, MUTED, SERIES, SIGNED
from core.labs.compare_maps import AllClasses, Beyond, Sweep, Target
from core.labs.two_maps import Difference


def strip(result: Sweep, scale: str) -> list[Panel]:
    """One small panel for each stage, each on its own scale."""
    return [
        Panel(
            one.layer,
            one.values,
            (0.0, float(one.values.max())),
            scale,
            f"At {one.layer}, {one.shape[1]} by {one.shape[2]} cells. {in_words(one.values)}",
            on_picture=True,
            caption=f"{one.shape[1]} x {one.shape[2]}, rank {rank:+.2f}" + ("" if one.values.any() else ", blank"),
        )
        for one, rank in zip(result.maps, result.ranks, strict=True)
    ]


def beyond_panels(results: list[Beyond], scale: str) -> list[Panel]:
    """The maps of the other methods; those on pixels are shown as they are, without the picture."""
    return [
        Panel(
            one.name,
            one.values,
            (0.0, float(one.values.max())),
            GREY if one.name.startswith("Guided") else scale,
            f"{one.name}. {in_words(one.values)}",
            on_picture=not one.name.startswith("Guided"),
            caption=f"rank correlation with Grad-CAM {one.rank:+.2f}",
        )
        for one in results
    ]


def target_panels(result: Target, name: str, scale: str) -> list[Panel]:
    """Grad-CAM of the score and of the probability."""
    return [
        Panel(
            title,
            values,
            (0.0, float(values.max())),
            scale,
            f"Grad-CAM of {title} of {name}. {in_words(values)}",
            on_picture=True,
            caption=f"maximum {values.max():.3g}",
        )
        for title, values in (("the score", result.score_map), ("the probability", result.probability_map))
    ]


def lengths_chart(result: Target) -> go.Figure:
    """The lengths of both gradients against the probability, each divided by its own longest."""
    looks = (
        ("gradient of the score", EVIDENCE, "circle", "solid", [one.of_score for one in result.sweep]),
        ("gradient of the probability", GRADIENT, "square", "dash", [one.of_probability for one in result.sweep]),
    )
    probabilities = [one.probability for one in result.sweep]
    traces = [
        line(
            probabilities,
            [value / (max(values) or 1.0) for value in values],
            name,
            colour,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"color": colour, "size": 8, "symbol": symbol},
        )
        for name, colour, symbol, dash, values in looks
    ]
    here = result.here.probability
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": [here, here],
            "y": [0, 1.05],
            "name": "this picture",
            "line": {"color": MUTED, "dash": "dot"},
        }
    )
    return chart(traces, "probability of the class", "length / longest", x_range=(-0.02, 1.02), y_range=(-0.02, 1.08))


def lengths_alt(result: Target) -> str:
    """Text alternative of `lengths_chart`."""
    listed = "; ".join(
        f"at {one.probability:.3f} the score's {one.of_score:.3g}, the probability's {one.of_probability:.3g}"
        for one in result.sweep[::3]
    )
    return f"Lengths of the two gradients by the probability of the class: {listed}."


def class_panels(result: AllClasses, classes: tuple[str, ...], chosen: list[int], scale: str) -> list[Panel]:
    """The positive part of each class's cell scores, on one common scale."""
    high = float(max(result.scores[index].max() for index in chosen))
    return [
        Panel(
            classes[index],
            np.maximum(result.scores[index], 0),
            (0.0, max(high, 0.0)),
            scale,
            f"Scores of {classes[index]} in each cell. {in_words(result.scores[index])}",
            on_picture=True,
            caption=f"score {result.scores[index].mean():.2f}, maximum {result.scores[index].max():.3g}",
        )
        for index in chosen
    ]


def winners_chart(result: AllClasses, classes: tuple[str, ...], shown: int = 6) -> go.Figure:
    """Which class wins each cell: a colour and a letter for those that win most, a dot for the others."""
    order = [index for index, _ in result.most[:shown]]
    rank = np.full(len(result.scores), shown)
    rank[order] = range(len(order))
    cells = rank[result.winners]
    colours = [*SERIES[:shown], f"{MUTED}50"]
    steps = [[edge / (shown + 1), colour] for i, colour in enumerate(colours) for edge in (i, i + 1)]
    letters = np.array([*"ABCDEFGH"[:shown], "."])
    rows, columns = cells.shape
    return go.Figure(
        {
            "data": [
                {
                    "type": "heatmap",
                    "z": cells.tolist(),
                    "zmin": -0.5,
                    "zmax": shown + 0.5,
                    "colorscale": steps,
                    "showscale": False,
                    "xgap": 1,
                    "ygap": 1,
                    "text": letters[cells].tolist(),
                    "texttemplate": "%{text}",
                    "textfont": {"color": "#000000"},
                    "customdata": np.array(classes, dtype=object)[result.winners].tolist(),
                    "hovertemplate": "row %{y}, column %{x}: %{customdata}<extra></extra>",
                    "x0": 1,
                    "y0": 1,
                }
            ],
            "layout": {
                "height": int(min(480, 110 + 620 * rows / columns)),
                "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
                "xaxis": {"title": {"text": "column (cells)"}, "fixedrange": True, "range": [0.5, columns + 0.5]},
                "yaxis": {
                    "title": {"text": "row (cells)"},
                    "fixedrange": True,
                    "range": [rows + 0.5, 0.5],
                },
            },
        }
    )


def winners_alt(result: AllClasses, classes: tuple[str, ...]) -> str:
    """Text alternative of `winners_chart`."""
    listed = ", ".join(f"{classes[index]} {cells}" for index, cells in result.most[:6])
    return f"The class with the highest score in each of {result.winners.size} cells. Cells won: {listed}."


def side_panel(values: np.ndarray, letter: str, title: str, scale: str, high: float) -> Panel:
    """A pinned map, from 0 to `high`."""
    return Panel(
        f"{letter}: {title}",
        values,
        (0.0, high),
        scale,
        f"{letter}, {title}. {in_words(values)}",
        on_picture=True,
        caption=f"maximum {values.max():.3g}",
    )


def difference_panel(result: Difference) -> Panel:
    """A less B, signed."""
    return Panel(
        "A less B",
        result.values,
        symmetric(result.values),
        SIGNED,
        f"A less B, signed. {in_words(result.values)}",
        on_picture=True,
        caption="relative to each maximum" if result.relative else "in the unit of both",
    )
