"""Figures of the gradient lab: gradients against steps, memory and time, and the meter a f."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, SERIES, STATE
from core.labs.gradient_memory import Result
from core.labs.gradient_meter import Drifts, Reading
from core.labs.gradient_steps import EPSILONS, Differences, Sweep

_WAYS = {"adjoint": (GRADIENT, "square", "dash"), "direct": (STATE, "circle", "solid")}
_WAYS |= {"checkpointed": (AGAINST, "diamond", "dot")}
_FLOOR = 1e-16


def steps_chart(sweep: Sweep) -> go.Figure:
    """How far adjoint, direct and exact gradient are from each other, against h or the tolerance."""
    kinds = (
        ("adjoint from direct", sweep.between, EVIDENCE, "x", "solid"),
        ("adjoint from exact", sweep.adjoint, *_WAYS["adjoint"]),
        ("direct from exact", sweep.direct, *_WAYS["direct"]),
    )
    traces = []
    for (name, values, colour, symbol, dash), rate in zip(kinds, sweep.slopes, strict=True):
        title = name if rate is None else f"{name}: slope {rate:.2f}"
        shown = np.maximum(values, _FLOOR).tolist()
        traces.append(line(sweep.x.tolist(), shown, title, colour, **_marks(colour, symbol, dash)))
    adaptive = sweep.params.adaptive
    least = min(
        (float(values[-1]) for values in (sweep.between, sweep.adjoint, sweep.direct) if len(values)), default=1
    )
    low = next((low for low in (1e-3, 1e-6, 1e-9) if low < least), 1e-13)
    return chart(
        traces,
        "tolerance of the solver" if adaptive else "step h",
        "relative distance",
        x_scale="log",
        y_scale="log",
        x_range=(5e-11, 2e-2) if adaptive else (2e-3, 1.0),
        y_range=(low, 100.0),
        height=380,
    )


def steps_alt(sweep: Sweep) -> str:
    """The chart in words."""
    if not len(sweep.x):
        return "No solve came to its end."
    name = "tolerance" if sweep.params.adaptive else "h"
    rate = sweep.slopes[0]
    return (
        f"Relative distances of gradients against {name}, both logarithmic. Adjoint from direct: "
        f"{sweep.between[0]:.2g} at {name} = {sweep.x[0]:.2g}, {sweep.between[-1]:.2g} at {sweep.x[-1]:.2g}"
        f"{'' if rate is None else f', slope {rate:.2f}'}. From exact, at the end: adjoint {sweep.adjoint[-1]:.2g}, "
        f"direct {sweep.direct[-1]:.2g}."
    )


def _marks(colour: str, symbol: str, dash: str) -> dict[str, Any]:
    return {
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 8, "symbol": symbol},
    }


def differences_chart(result: Differences) -> go.Figure:
    """The V of finite differences, with the step that the table uses."""
    chosen = 10.0**result.params.epsilon
    x = list(EPSILONS)
    return chart(
        [
            line(x, result.central.tolist(), "central", STATE, **_marks(STATE, "circle", "solid")),
            line(x, result.one_sided.tolist(), "one-sided", GRADIENT, **_marks(GRADIENT, "square", "dash")),
            line([chosen, chosen], [_FLOOR, 1e3], "chosen", MUTED, mode="lines", **_marks(MUTED, "circle", "dot")),
        ],
        "step ε of the differences, relative",
        "relative distance from direct",
        x_scale="log",
        y_scale="log",
        x_range=(5e-14, 0.2),
        y_range=(1e-14, 1e2),
        height=360,
    )


def differences_alt(result: Differences) -> str:
    """The chart in words."""
    best = result.best
    return (
        f"Error of the first parameter's derivative against the step of the differences, both logarithmic: central "
        f"{result.central[0]:.1e} at 0.1, least {result.central[best]:.1e} at {EPSILONS[best]:.1g}, "
        f"{result.central[-1]:.1e} at 1e-13; one-sided at best {result.one_sided.min():.1e}. The table uses "
        f"1e{result.params.epsilon}."
    )


def memory_chart(result: Result) -> go.Figure:
    """Bytes that wait for the way back, and the peak, against the steps."""
    traces = []
    for growth in result.growths:
        colour, symbol, _ = _WAYS[growth.name]
        kept, peak, _ = growth.slopes(result.steps)
        for values, kind, rate, dash in ((growth.kept, "kept", kept, "dash"), (growth.peak, "peak", peak, "solid")):
            title = f"{growth.name}, {kind}: slope {rate:.2f}"
            mark = symbol if kind == "peak" else f"{symbol}-open"
            x, y = result.steps.tolist(), (values / 1024**2).tolist()
            traces.append(line(x, y, title, colour, **_marks(colour, mark, dash)))
    return chart(
        traces,
        "number of steps",
        "memory of tensors (MiB)",
        x_scale="log",
        y_scale="log",
        x_range=(6.0, 350.0),
        y_range=(0.05, 200.0),
        height=420,
    )


def memory_alt(result: Result) -> str:
    """The chart in words."""
    parts = [
        f"{growth.name} keeps {growth.kept[0] / 1024:.0f} KiB with {result.steps[0]} steps and "
        f"{growth.kept[-1] / 1024:.0f} KiB with {result.steps[-1]}, peak {growth.peak[-1] / 1024:.0f} KiB"
        for growth in result.growths
    ]
    return f"Memory against the number of steps, both logarithmic: {'; '.join(parts)}."


def time_chart(result: Result) -> go.Figure:
    """Seconds of both passes against the steps."""
    traces = []
    for growth in result.growths:
        title = f"{growth.name}: slope {growth.slopes(result.steps)[2]:.2f}"
        milliseconds = (1000 * growth.seconds).tolist()
        colour, symbol, dash = _WAYS[growth.name]
        traces.append(line(result.steps.tolist(), milliseconds, title, colour, **_marks(colour, symbol, dash)))
    return chart(
        traces,
        "number of steps",
        "time of both passes (ms)",
        x_scale="log",
        y_scale="log",
        x_range=(6.0, 350.0),
        y_range=(0.5, 2000.0),
        height=320,
    )


def time_alt(result: Result) -> str:
    """The chart in words."""
    parts = [f"{growth.name} {1000 * growth.seconds[-1]:.0f} ms" for growth in result.growths]
    return f"Time against the number of steps, both logarithmic; with {result.steps[-1]} steps: {', '.join(parts)}."


def meter_clock(reading: Reading) -> Clock:
    """From t1 back to 0."""
    return Clock("time t, backwards", reading.params.t1, 0.0, start=0.0, seconds=6.0)


def meter_scenes(reading: Reading) -> list[Scene]:
    """State, adjoint, and what a f strays by; drawn from t1 back to 0."""
    t = Axis("time t", 0.0, reading.params.t1)
    states: list[Layer] = []
    adjoint: list[Layer] = []
    for i in range(reading.z.shape[1]):
        colour = SERIES[i]
        there = np.stack([reading.forward_times, reading.forward[:, i]], axis=1)
        states.append(Line(there, MUTED, f"z{i + 1} forwards", width=3.0))
        states.append(_backwards(reading.curve_times, reading.z[:, i], colour, f"z{i + 1} backwards"))
        adjoint.append(_backwards(reading.curve_times, reading.a[:, i], colour, f"a{i + 1}"))
    stray = (reading.product - reading.expected) / reading.size
    raw = (reading.product - reading.product[0]) / reading.size
    reach = 1.3 * max(float(np.abs(stray).max()), 1e-15)
    meter: list[Layer] = [_backwards(reading.times, stray, EVIDENCE, "strays by")]
    product: list[Layer] = [_backwards(reading.times, reading.product, GRADIENT, "a f")]
    for layers, values, colour in ((meter, stray, EVIDENCE), (product, reading.product, GRADIENT)):
        points = np.stack([reading.times, values], axis=1)
        layers.append(Dots(points, colour, "the solver's steps", times=reading.times, size=3.0))
    if np.abs(reading.expected - reading.product[0]).max() > 0:
        product.append(_backwards(reading.times, reading.expected, MUTED, "expected", dashed=True))
    return [
        Scene("State", t, _around("z", reading.z, reading.forward), states, _span("The state", reading.z)),
        Scene("Adjoint", t, _around("a", reading.a), adjoint, _span("The adjoint", reading.a)),
        Scene(
            "a f",
            t,
            _around("a f", reading.product, reading.product[:1] + reading.size, reading.product[:1] - reading.size),
            product,
            f"{_span('a f', reading.product)} At first it is {reading.product[0]:.4g}; its largest unexplained change "
            f"is {reading.drift:.1e}, relative, and its whole change {np.abs(raw).max():.1e}.",
        ),
        Scene(
            "What a f strays by, enlarged",
            t,
            Axis("relative to |a| |f| at t1", -reach, reach),
            meter,
            f"On an axis from {-reach:.1e} to {reach:.1e}: at most {reading.drift:.1e}.",
        ),
    ]


def _backwards(times: np.ndarray, values: np.ndarray, colour: str, name: str, dashed: bool = False) -> Line:
    return Line(np.stack([times, values], axis=1), colour, name, times=times, dashed=dashed)


def _around(title: str, *values: np.ndarray) -> Axis:
    numbers = np.concatenate([np.ravel(one) for one in values])
    finite = numbers[np.isfinite(numbers)]
    low, high = float(finite.min()), float(finite.max())
    margin = 0.08 * ((high - low) or 1.0)
    return Axis(title, low - margin, high + margin)


def _span(what: str, values: np.ndarray) -> str:
    return f"{what}, backwards in time, between {values.min():.4g} and {values.max():.4g}."


def drift_chart(drifts: Drifts) -> go.Figure:
    """Drift of a f and error of the gradient against the tolerance of the way back."""
    x = drifts.tolerances.tolist()
    return chart(
        [
            line(x, drifts.drifts.tolist(), "drift of a f", EVIDENCE, **_marks(EVIDENCE, "circle", "solid")),
            line(x, drifts.errors.tolist(), "error of the gradient", GRADIENT, **_marks(GRADIENT, "square", "dash")),
        ],
        "tolerance of the way back",
        "relative size",
        x_scale="log",
        y_scale="log",
        x_range=(5e-12, 2e-2),
        y_range=(1e-15, 10.0),
    )


def drift_alt(drifts: Drifts) -> str:
    """The chart in words."""
    return (
        f"Against the tolerance of the way back, from 1e-2 to 1e-11: the drift of a f falls from "
        f"{drifts.drifts[0]:.1e} to {drifts.drifts[-1]:.1e}, the gradient's error from {drifts.errors[0]:.1e} to "
        f"{drifts.errors[-1]:.1e}."
    )
