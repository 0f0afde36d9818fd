"""Figures of the solver lab: order, work, and the steps of a run with error control."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene, Symbol
from core.figures.theme import EVIDENCE, GRADIENT, MUTED, SERIES, STATE, TRUTH
from core.labs.adaptive_steps import Result
from core.labs.solvers import FRAMES, Motion, OrderResult, WorkResult

SYMBOLS: tuple[Symbol, ...] = ("disc", "square", "triangle", "cross", "ring")
_PLOTLY = ("circle", "square", "triangle-up", "x", "diamond", "star")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def motion_scene(motion: Motion) -> Scene:
    """Each method's steps in each frame, over the exact solution."""
    layers: list[Layer] = [Line(np.stack([motion.t, motion.exact], axis=1), TRUTH, "exact", width=3.0)]
    for frame, runs in enumerate(motion.runs):
        for index, (method, points) in enumerate(zip(motion.params.methods, runs, strict=True)):
            colour, symbol = SERIES[index % len(SERIES)], SYMBOLS[index % len(SYMBOLS)]
            layers.append(Line(points, colour, method, width=1.5, dashed=index >= len(SYMBOLS), frame=frame))
            layers.append(Dots(points, colour, method, symbol=symbol, frame=frame))
    values = np.concatenate([motion.exact, *(points[:, 1] for points in motion.runs[0])])
    ends = ", ".join(
        f"{method} {runs[-1, 1] - motion.exact[-1]:+.2g}"
        for method, runs in zip(motion.params.methods, motion.runs[0], strict=True)
    )
    return Scene(
        "The same solution with ever smaller steps",
        Axis("time t", 0.0, float(motion.t[-1])),
        _fitted("z, first component", values),
        layers,
        f"The exact solution and runs with {', '.join(map(str, FRAMES))} steps. With {FRAMES[0]} steps the error at "
        f"the end is {ends or 'not shown'}.",
    )


def motion_clock(motion: Motion) -> Clock:
    """Frames from long steps to short ones."""
    t1 = float(motion.t[-1])
    return Clock("step size h", frames=tuple(f"h = {t1 / n:.4g}, {n} steps" for n in FRAMES), start=0, seconds=4.0)


def order_chart(result: OrderResult) -> go.Figure:
    """Error against step size; filled points are those of the fitted slope."""
    traces = []
    for index, curve in enumerate(result.curves):
        symbol = _PLOTLY[index % len(_PLOTLY)]
        shown = curve.errors > 0  # an error of exactly 0 has no place on a logarithmic axis
        style: dict[str, Any] = {
            "line": {"color": SERIES[index % len(SERIES)], "width": 2, "dash": _DASHES[index % len(_DASHES)]},
            "marker": {
                "color": SERIES[index % len(SERIES)],
                "size": 8,
                "symbol": [symbol if used else f"{symbol}-open" for used in curve.used[shown]],
            },
        }
        name = curve.method if curve.slope is None else f"{curve.method} (slope {curve.slope:.2f})"
        traces.append(line(curve.h[shown].tolist(), curve.errors[shown].tolist(), name, "", **style))
    lowest, highest = 2.0 / 4 / 2**9 / 1.6, 2.0 / 4 * 1.6
    floor = {"color": TRUTH, "width": 2, "dash": "dot"}
    at = [lowest, highest]
    traces.append(
        {"type": "scatter", "mode": "lines", "x": at, "y": [result.floor] * 2, "name": "round-off", "line": floor}
    )
    figure = chart(
        traces,
        "step size h (units of t)",
        "error of one step" if result.params.local else "largest error",
        x_scale="log",
        y_scale="log",
        x_range=(lowest, highest),
        y_range=(1e-9, 10.0) if result.params.single else (1e-17, 10.0),
        height=440,
    )
    return figure.update_yaxes(dtick=3)  # over 17 decades, a label for each would not fit


def order_alt(result: OrderResult) -> str:
    """The chart in words."""
    lines = [
        f"{curve.method} falls to {curve.errors.min():.1e}"
        + (" without a slope clear of round-off" if curve.slope is None else f" with slope {curve.slope:.2f}")
        for curve in result.curves
        if len(curve.errors)
    ]
    return f"Error against step size, both logarithmic: {'; '.join(lines) or 'no method is chosen'}."


def work_chart(result: WorkResult) -> go.Figure:
    """Error at the end against evaluations of f."""
    traces = []
    for index, work in enumerate(result.works):
        colour = SERIES[index % len(SERIES)]
        shown = work.errors > 0
        setting = "rtol = %{customdata:.0e}" if work.adaptive else "%{customdata} steps"
        traces.append(
            line(
                work.nfe[shown].tolist(),
                work.errors[shown].tolist(),
                work.method if work.adaptive else f"{work.method} (equal steps)",
                colour,
                line={"color": colour, "width": 2, "dash": "solid" if work.adaptive else "dot"},
                marker={"color": colour, "size": 8, "symbol": _PLOTLY[index % len(_PLOTLY)]},
                customdata=work.settings[shown].tolist(),
                hovertemplate=f"{setting}<br>nfe %{{x}}<br>error %{{y:.2e}}",
            )
        )
    figure = chart(
        traces,
        "nfe: evaluations of f",
        "error at the end",
        x_scale="log",
        y_scale="log",
        x_range=(6.0, 3_000.0),
        y_range=(1e-15, 100.0),
        height=440,
    )
    return figure.update_yaxes(dtick=3)  # over 17 decades, a label for each would not fit


def work_alt(result: WorkResult) -> str:
    """The chart in words."""
    lines = [
        f"{work.method} from {work.errors[0]:.1e} with {work.nfe[0]} evaluations to {work.errors[-1]:.1e} with "
        f"{work.nfe[-1]}"
        for work in result.works
        if len(work.nfe)
    ]
    return f"Error at the end against evaluations of f, both logarithmic: {'; '.join(lines) or 'no method is chosen'}."


def step_scenes(result: Result) -> list[Scene]:
    """A run with error control: solution, step sizes, error ratios, global error; all over t."""
    t = Axis("time t", 0.0, result.t1)
    ends, starts, rejected = result.t[1:], result.t[:-1], result.rejections
    counts = f"{len(result.sizes)} steps were accepted and {len(rejected)} rejected"
    return [
        Scene(
            "Solution",
            t,
            _fitted("z, first component", result.curve[:, 1]),
            [
                Line(result.curve, STATE, "solution", times=result.curve[:, 0]),
                _dots(result.t, result.z, STATE, "accepted", result.t),
                _dots(rejected[:, 0], result.rejected_z, EVIDENCE, "rejected", rejected[:, 0], "cross", 5.0),
            ],
            f"The solution with its steps: {counts}.",
        ),
        Scene(
            "Step size",
            t,
            _decades("step size h", np.concatenate([result.sizes, rejected[:, 1]])),
            [
                _dots(starts, result.sizes, STATE, "accepted", starts),
                _dots(rejected[:, 0], rejected[:, 1], EVIDENCE, "rejected", rejected[:, 0], "cross", 5.0),
            ],
            f"Step sizes, logarithmic: from {_least(result.sizes):.2g} to {_most(result.sizes):.2g}; {counts}.",
        ),
        Scene(
            "Estimated error of each step over the tolerance",
            t,
            Axis("error ratio", 1e-3, 1e3, log=True),
            [
                Line(np.array([[0.0, 1.0], [result.t1, 1.0]]), MUTED, "limit", dashed=True),
                _dots(starts, result.ratios.clip(1e-3, 1e3), STATE, "accepted", starts),
                _dots(
                    rejected[:, 0], rejected[:, 2].clip(1e-3, 1e3), EVIDENCE, "rejected", rejected[:, 0], "cross", 5.0
                ),
            ],
            f"Error ratios: accepted steps lie at or below 1, rejected ones above; the largest accepted is "
            f"{_most(result.ratios):.2f}. Values below 0.001 are drawn there, those above 1000 there.",
        ),
        Scene(
            "Global error",
            t,
            _decades("error of z", np.append(result.errors[np.nan_to_num(result.errors) > 0], result.tolerance)),
            [
                Line(
                    np.array([[0.0, result.tolerance], [result.t1, result.tolerance]]), MUTED, "tolerance", dashed=True
                ),
                _error_line(ends, result.errors[1:]),
            ],
            f"The error against a reference with tolerance 1e-12: at most {result.worst:.1e}, where the tolerance is "
            f"{result.tolerance:.0e}.",
        ),
    ]


def step_clock(result: Result) -> Clock:
    """Time through the run."""
    return Clock("time t", 0.0, result.t1, seconds=8.0)


def _error_line(t: np.ndarray, errors: np.ndarray) -> Line:
    points = np.stack([t, np.where(errors > 0, errors, np.nan)], axis=1)
    return Line(points, GRADIENT, "global error", times=t)


def _dots(
    x: np.ndarray,
    y: np.ndarray,
    colour: str,
    name: str,
    times: np.ndarray | None = None,
    symbol: Symbol = "disc",
    size: float = 3.0,
    labels: Sequence[str] = (),
) -> Dots:
    return Dots(np.stack([x, y], axis=1), colour, name, times, symbol, size, labels)


def _least(values: np.ndarray) -> float:
    return float(values.min()) if len(values) else 0.0


def _most(values: np.ndarray) -> float:
    return float(values.max()) if len(values) else 0.0


def _fitted(title: str, values: np.ndarray) -> Axis:
    """An axis around the values, never endless."""
    finite = values[np.isfinite(values)].clip(-50, 50)
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    margin = 0.08 * ((high - low) or 1.0)
    return Axis(title, low - margin, high + margin)


def _decades(title: str, values: np.ndarray) -> Axis:
    """A logarithmic axis over whole powers of ten."""
    good = values[(values > 0) & np.isfinite(values)]
    low, high = (float(good.min()), float(good.max())) if len(good) else (1e-3, 1.0)
    return Axis(title, 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high * 1.001)), log=True)
