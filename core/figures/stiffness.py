"""Figures of stiffness: where the steps lie, and how many it takes as lambda grows."""

from math import isnan

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene, Symbol
from core.figures.theme import MUTED, SERIES
from core.labs.stiffness import PROBLEMS, STRENGTHS, T1, Result, Sweep

_SYMBOLS: tuple[Symbol, ...] = ("disc", "ring", "square", "triangle")
_PLOTLY = ("circle", "square")


def stiff_scenes(result: Result, limit: float) -> list[Scene]:
    """Solution and step sizes of each method over t.

    Args:
        limit: of h times the fastest rate, where the explicit method's stability ends.
    """
    t = Axis("time t", 0.0, T1)
    dots: list[Layer] = []
    sizes: list[Layer] = [
        Line(np.array([[0.0, limit / result.fastest], [T1, limit / result.fastest]]), MUTED, "stability", dashed=True)
    ]
    for index, run in enumerate(result.runs):
        colour, symbol = SERIES[index], _SYMBOLS[index]
        dots.append(Dots(run.points, colour, run.method, times=run.points[:, 0], symbol=symbol, size=4.0 - index * 0.5))
        starts = run.points[:-1, 0]
        sizes.append(
            Dots(np.stack([starts, run.sizes], axis=1), colour, run.method, times=starts, symbol=symbol, size=3.0)
        )
    values = np.concatenate([run.points[:, 1] for run in result.runs])
    margin = 0.08 * (float(np.ptp(values)) or 1.0)
    steps = "; ".join(
        f"{run.method} {run.accepted} steps" + ("" if not run.message else f", then gave up at {run.reached:.2g}")
        for run in result.runs
    )
    smallest = min(float(run.sizes.min()) for run in result.runs if len(run.sizes))
    low = 10.0 ** np.floor(np.log10(min(smallest, limit / result.fastest)))
    pinned = (
        "" if isnan(result.pinned) else f" dopri5's steps late in its run are {result.pinned / result.fastest:.2g}."
    )
    return [
        Scene(
            f"Solution, {PROBLEMS[result.params.problem]}",
            t,
            Axis("z, first component", float(values.min()) - margin, float(values.max()) + margin),
            dots,
            f"Where each method stepped: {steps}.",
        ),
        Scene(
            "Step size",
            t,
            Axis("step size h", low, 1.0, log=True),
            sizes,
            f"Step sizes on a logarithmic axis; stability allows dopri5 {limit / result.fastest:.2g}.{pinned}",
        ),
    ]


def stiff_clock() -> Clock:
    """Time through the run."""
    return Clock("time t", 0.0, T1, seconds=6.0)


def sweep_chart(sweep: Sweep) -> go.Figure:
    """Accepted steps against lambda; open where the solver gave up."""
    traces = []
    for index in range(len(sweep.results[0].runs)):
        runs = [result.runs[index] for result in sweep.results]
        colour, symbol = SERIES[index], _PLOTLY[index]
        marks = [f"{symbol}-open" if run.message else symbol for run in runs]
        traces.append(
            line(
                STRENGTHS,
                [run.accepted for run in runs],
                runs[0].method,
                colour,
                marker={"color": colour, "size": 10, "symbol": marks},
            )
        )
    return chart(
        traces,
        "λ (1 / unit of t)" if sweep.problem == "cosine" else "λ of Van der Pol's oscillator",
        "accepted steps",
        x_scale="log",
        y_scale="log",
        x_range=(0.6, 2e4),
        y_range=(3.0, 3e3),
    )


def sweep_alt(sweep: Sweep) -> str:
    """The chart in words."""
    parts = []
    for result in sweep.results:
        runs = ", ".join(
            f"{run.method} {run.accepted}" + (" and gave up" if run.message else "") for run in result.runs
        )
        parts.append(f"{result.params.strength:g}: {runs}")
    return f"Accepted steps for each strength of stiffness, both logarithmic. {'; '.join(parts)}."
