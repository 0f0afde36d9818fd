"""Answers against evaluations, evaluations of pictures, noise, memory."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.theme import MUTED, SERIES
from core.labs.odenet_compare import KEEPING, Memory, Robust, Solved

_SYMBOLS = {"dopri5": "circle", "euler": "square", "midpoint": "diamond", "rk4": "triangle-up"}
_DASHES = {"dopri5": "solid", "euler": "dash", "midpoint": "dot", "rk4": "dashdot"}


def score_chart(rows: Sequence[Solved], exact: Solved, target: int, score_range: tuple[float, float]) -> go.Figure:
    """The score of the class against the evaluations that it took, by solver; the tightest solve as a level."""
    traces = []
    for colour, (name, symbol) in zip(SERIES, _SYMBOLS.items(), strict=False):
        some = [row for row in rows if row.way.method == name and not row.failure]
        traces.append(
            line(
                [sum(row.nfe) for row in some],
                [round(float(row.scores[target]), 5) for row in some],
                name,
                colour,
                marker={"color": colour, "size": 9, "symbol": symbol},
                **{"line": {"color": colour, "width": 1.5, "dash": _DASHES[name]}},
            )
        )
    level = float(exact.scores[target])
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level}
    return chart(
        traces,
        "evaluations of f, all blocks",
        "score of the class",
        x_scale="log",
        x_range=(2.5, 300),
        y_range=score_range,
        height=320,
        shapes=[shape | {"line": {"color": MUTED, "dash": "dash"}}],
    )


def score_range(several: Sequence[Sequence[Solved]], target: int) -> tuple[float, float]:
    """One scale for the scores of several networks."""
    values = [float(row.scores[target]) for rows in several for row in rows if not row.failure]
    low, high = min(values), max(values)
    room = 0.08 * max(high - low, 0.1)
    return low - room, high + room


def scores_in_words(title: str, rows: Sequence[Solved], exact: Solved, target: int) -> str:
    """Text alternative of `score_chart`."""
    said = "; ".join(
        f"{row.way.method} {row.way.setting}: {row.scores[target]:.3f} with {sum(row.nfe)} evaluations"
        for row in rows
        if not row.failure
    )
    return f"{title}: score of the class against evaluations. {said}. Tightest solve: {exact.scores[target]:.3f}."


def counts_chart(counts: Mapping[str, Sequence[int]]) -> go.Figure:
    """Evaluations for each picture, block upon block."""
    names = list(counts)
    blocks = np.array([counts[name] for name in names]).T
    shadings = ("", "/", "x")
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": names,
            "x": column.tolist(),
            "name": f"block {i + 1}",
            "marker": {"color": SERIES[i], "pattern": {"shape": shadings[i % 3]}},
        }
        for i, column in enumerate(blocks)
    ]
    figure = chart(traces, "evaluations of f", "", height=120 + 26 * len(names), barmode="stack", bargap=0.35)
    figure.update_layout(legend_traceorder="normal")
    return figure.update_yaxes(type="category", autorange="reversed", automargin=True)


def counts_in_words(counts: Mapping[str, Sequence[int]]) -> str:
    """Text alternative of `counts_chart`."""
    said = "; ".join(f"{name}: {' + '.join(map(str, each))} = {sum(each)}" for name, each in counts.items())
    return f"Evaluations of f in the blocks, for each picture. {said}."


def noise_chart(resnet: Robust, odenet: Robust) -> go.Figure:
    """Mean probability of the class against the noise, with the least and the most of the draws."""
    traces = []
    for title, found, colour, dash in (("ResNet", resnet, SERIES[0], "dash"), ("ODE-Net", odenet, SERIES[1], "solid")):
        mean, low, high = (f(found.probabilities, axis=1) for f in (np.mean, np.min, np.max))
        traces.append(
            line(
                found.sigmas,
                mean.round(4).tolist(),
                title,
                colour,
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": (high - mean).round(4).tolist(),
                    "arrayminus": (mean - low).round(4).tolist(),
                    "thickness": 1,
                },
                **{"line": {"color": colour, "width": 2, "dash": dash}},
            )
        )
    return chart(traces, "noise σ, colours from 0 to 1", "probability of the class", y_range=(-0.03, 1.03), height=320)


def noise_in_words(resnet: Robust, odenet: Robust) -> str:
    """Text alternative of `noise_chart`."""
    said = "; ".join(
        f"σ = {sigma:g}: ResNet {one:.2f}, ODE-Net {two:.2f}"
        for sigma, one, two in zip(
            resnet.sigmas, resnet.probabilities.mean(1), odenet.probabilities.mean(1), strict=True
        )
    )
    return f"Mean probability of the class under noise. {said}."


def memory_chart(resnet: Memory, odenet: Mapping[str, Sequence[Memory]], steps: Sequence[int]) -> go.Figure:
    """Bytes kept against the steps, for each way to the gradient, and the ResNet's as a level."""
    symbols = dict(zip(KEEPING, ("square", "diamond", "circle"), strict=True))
    traces = [
        line(
            steps,
            [each.kept / 1e6 for each in odenet[name]],
            f"ODE-Net, {name}",
            SERIES[i],
            marker={"color": SERIES[i], "size": 9, "symbol": symbols[name]},
        )
        for i, name in enumerate(KEEPING)
    ]
    level = {"color": MUTED, "width": 2, "dash": "dash"}
    ends = [steps[0], steps[-1]]
    traces.append(
        {"type": "scatter", "mode": "lines", "x": ends, "y": [resnet.kept / 1e6] * 2, "name": "ResNet", "line": level}
    )
    high = 1.08 * max(max(trace["y"]) for trace in traces)
    return chart(traces, "Euler steps in each block", "kept for the way back (MB)", y_range=(0.0, high), height=320)


def memory_in_words(resnet: Memory, odenet: Mapping[str, Sequence[Memory]], steps: Sequence[int]) -> str:
    """Text alternative of `memory_chart`."""
    said = []
    for name in KEEPING:
        each = ", ".join(f"{one.kept / 1e6:.1f} MB with {n}" for one, n in zip(odenet[name], steps, strict=True))
        said.append(f"{name}: {each}")
    level = f"ResNet: {resnet.kept / 1e6:.1f} MB"
    return f"Memory kept for one backward pass against Euler steps in each block. {'; '.join(said)}. {level}."
