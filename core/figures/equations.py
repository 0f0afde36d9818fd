"""Figures of the lesson on differential equations: states over time, errors, iterates, families."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.chart import chart, line
from core.figures.scene import Axis, Clock, Dots, Line, Scene
from core.figures.theme import AGAINST, EVIDENCE, GRADIENT, MUTED, SERIES, STATE, TRUTH
from core.labs import picard
from core.labs.analytic import Comparison
from core.labs.equations import Stacked
from core.labs.existence import PAST, T1, BlowUp, Uniqueness

FLOOR = 1e-17
"""Errors below are drawn here: a logarithmic axis has no 0."""


def stacked_scenes(result: Stacked) -> list[Scene]:
    """The stacked states over time and, from order 2 on, z' over z."""
    names = [f"z{i + 1} = z{_primes(i)}" for i in range(result.params.order)]
    times, states = result.times, result.states
    over_time = Scene(
        title="The stacked states over time",
        x=Axis("time t", 0.0, float(times[-1])),
        y=_axis("state", states),
        layers=[
            Line(np.column_stack([times, states[:, i]]), SERIES[i], name, times, dashed=i > 0)
            for i, name in enumerate(names)
        ],
        alt=f"{', '.join(names)} from t = 0 to {times[-1]:.3g}; z ends at {states[-1, 0]:.4g}.",
    )
    if result.params.order == 1:
        return [over_time]
    plane = Scene(
        title="The state moves in a plane: z' over z" if states.shape[1] == 2 else "Two of the states: z' over z",
        x=_axis("z", states[:, 0]),
        y=_axis("z'", states[:, 1]),
        layers=[
            Line(states[:, :2], STATE, "path", times),
            Dots(states[:1, :2], EVIDENCE, "start", symbol="square", size=5),
        ],
        alt=f"The path of (z, z') from ({states[0, 0]:.3g}, {states[0, 1]:.3g}) to "
        f"({states[-1, 0]:.3g}, {states[-1, 1]:.3g}).",
    )
    return [over_time, plane]


def time_clock(result: Stacked) -> Clock:
    """A clock that draws the curves up to its time."""
    return Clock("time t", 0.0, float(result.times[-1]))


def comparison_scene(result: Comparison) -> list[Scene]:
    """The formula, and the solver's steps on top of it."""
    run, method = result.run, result.params.method
    scene = Scene(
        title="The solution",
        x=Axis("time t", 0.0, float(result.times[-1])),
        y=_axis("z", result.truth, pad=0.25),
        layers=[
            Line(np.column_stack([result.times, result.truth]), TRUTH, "formula", width=5.0),
            Line(_thin(run.times, run.states[:, 0]), STATE, method, dashed=True),
            Dots(_thin(run.times, run.states[:, 0]), STATE, method, size=3.0),
        ],
        alt=f"The formula ends at {result.truth[-1]:.5g}; {method} reaches {run.end:.5g} at t = {run.t:.3g}.",
    )
    return [scene]


def error_chart(result: Comparison) -> go.Figure:
    """Global and local error over time, on a logarithmic axis."""
    run = result.run
    every = max(1, len(result.global_errors) // 200)
    traces = [
        _errors(result.local_times, result.local_errors, "local error of one step", GRADIENT, "diamond-open", "dot"),
        _errors(run.times[1:][::every], result.global_errors[::every], "global error", STATE, "circle"),
    ]
    if len(result.allowed):
        allowed = line(result.local_times.tolist(), result.allowed.tolist(), "tolerance (1 + |z|)", MUTED)
        traces.append(allowed | {"mode": "lines", "line": {"color": MUTED, "dash": "dash", "width": 2}})
    end = float(result.times[-1])
    return chart(traces, "time t", "error in z", x_range=(0.0, end), y_scale="log", y_range=_decades(traces))


def error_alt(result: Comparison) -> str:
    """`error_chart` in words."""
    if not len(result.global_errors):
        return "No step was taken, so that there is no error to show."
    return (
        f"Errors over time. Global: {result.global_errors[0]:.1e} after the first step, "
        f"{result.global_errors[-1]:.1e} at the end. Local errors of single steps: from "
        f"{result.local_errors.min():.1e} to {result.local_errors.max():.1e}."
    )


def picard_scene(result: picard.Iterates) -> list[Scene]:
    """One frame for each iterate, over the solution; the iterate before it is faint."""
    alive = result.truth[np.isfinite(result.truth)]
    low, high = float(alive.min()), float(alive.max())
    high = min(max(high, low + 0.1), 8.0)  # a solution that grows over every bound must not flatten its iterates
    layers: list[Line | Dots] = [Line(np.column_stack([result.times, result.truth]), TRUTH, "solution", width=5.0)]
    for k in range(len(result.latex)):
        if k:
            layers.append(Line(np.column_stack([result.times, result.values[k - 1]]), MUTED, "before", frame=k))
        layers.append(Line(np.column_stack([result.times, result.values[k]]), STATE, "iterate k", frame=k))
    errors = ", ".join(f"{error:.2g}" for error in result.errors)
    scene = Scene(
        title="Picard's iterates",
        x=Axis("time t", 0.0, result.params.h),
        y=Axis("z", low - 0.1 * (high - low), high + 0.1 * (high - low)),
        layers=layers,
        alt=f"Iterates 0 to {len(result.latex) - 1} over the solution on [0, {result.params.h:g}]; errors {errors}.",
    )
    return [scene]


def picard_clock() -> Clock:
    """One frame for each iterate."""
    return Clock("iterate", start=1.0, seconds=7.0, frames=tuple(f"k = {k}" for k in range(picard.MOST + 1)))


def picard_chart(result: picard.Iterates) -> go.Figure:
    """Errors of the iterates beside the theorem's bound."""
    ks = list(range(len(result.latex)))
    errors = [float(e) if np.isfinite(e) else None for e in result.errors]
    traces = [_errors(ks, errors, "error of iterate k", STATE, "circle")]
    if result.bound.applies:
        traces.append(_errors(ks, result.bounds, "bound M Lᵏ αᵏ⁺¹ / (k+1)!", AGAINST, "diamond", dash="dash"))
    return chart(traces, "iterate k", "largest error on [0, α]", y_scale="log", y_range=_decades(traces))


def picard_alt(result: picard.Iterates) -> str:
    """`picard_chart` in words."""
    errors = f"Errors of the iterates: {', '.join(f'{error:.1e}' for error in result.errors)}."
    if not result.bound.applies:
        return f"{errors} The theorem gives no bound here."
    return f"{errors} Bounds: {', '.join(f'{limit:.1e}' for limit in result.bounds)}."


def family_scene(result: Uniqueness) -> list[Scene]:
    """Solutions of one initial value problem, one frame for each time c of leaving 0."""
    faint = [
        Line(np.column_stack([result.times, result.family[i]]), MUTED, "others", width=1.0) for i in (0, 5, 10, 15)
    ]
    chosen = [
        Line(np.column_stack([result.times, curve]), STATE, "solution that leaves at c", width=3.5, frame=i)
        for i, curve in enumerate(result.family)
    ]
    scene = Scene(
        title="Solutions of z' = 3 z^(2/3), z(0) = 0",
        x=Axis("time t", 0.0, T1),
        y=Axis("z", -0.5, 8.5),
        layers=[*faint, *chosen],
        alt="All are 0 until a time c and (t - c)^3 from there; they end at "
        + ", ".join(f"{result.family[i, -1]:.3g} for c = {result.leaving[i]:g}" for i in (0, 5, 10, 15, 20))
        + ".",
    )
    return [scene]


def family_clock(result: Uniqueness) -> Clock:
    """One frame for each c."""
    return Clock("leaving 0 at", start=5.0, frames=tuple(f"c = {c:g}" for c in result.leaving))


def blow_up_scene(result: BlowUp) -> list[Scene]:
    """The solution up to its end, and what solvers gave."""
    top = 25 * result.params.z0
    layers: list[Line | Dots] = [Line(np.column_stack([result.times, result.truth]), TRUTH, "solution", width=5.0)]
    for i, run in enumerate(result.runs):
        layers.append(Line(_thin(run.times, run.states[:, 0]), SERIES[i], run.method, dashed=bool(i % 2)))
    end = result.params.end
    layers.append(Line(np.array([[end, 0.0], [end, top]]), MUTED, "t* = 1 / z(0)", width=1.0, dashed=True))
    last = ", ".join(f"{run.method} t = {run.t:.4g} with z = {run.end:.2g}" for run in result.runs)
    scene = Scene(
        title="Beyond the end of a solution",
        x=Axis("time t", 0.0, PAST * end),
        y=Axis("z", 0.0, top),
        layers=layers,
        alt=f"The solution grows over every bound at t = {end:.4g}. Last values: {last}.",
    )
    return [scene]


def _errors(x: Any, y: Any, name: str, colour: str, symbol: str, dash: str = "solid") -> dict[str, Any]:
    values = [None if value is None else max(float(f"{float(value):.4g}"), FLOOR) for value in y]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [round(float(value), 5) for value in x],
        "y": values,
        "name": name,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 9 if symbol.endswith("open") else 6, "symbol": symbol},
    }


def _decades(traces: list[dict[str, Any]]) -> tuple[float, float]:
    """Whole powers of ten around all values clear of rounding, at least three of them."""
    values = np.array([y for trace in traces for y in trace["y"] if y is not None and y > 1e-12])
    if not len(values):
        return 1e-15, 1e-12
    low, high = np.floor(np.log10(values.min())), np.ceil(np.log10(values.max() * 1.01))
    return float(10.0 ** min(low, high - 3)), float(10.0**high)


def _axis(title: str, values: np.ndarray, pad: float = 0.08) -> Axis:
    low, high = float(values.min()), float(values.max())
    room = pad * (high - low) or 0.5
    return Axis(title, low - room, high + room)


def _thin(times: np.ndarray, values: np.ndarray, most: int = 600) -> np.ndarray:
    """At most about `most` points, the last among them, and none too large for 32 bits."""
    every = max(1, -(-len(times) // most))
    keep = np.unique([*range(0, len(times), every), len(times) - 1])
    return np.column_stack([times[keep], np.clip(values[keep], -1e30, 1e30)])


def _primes(order: int) -> str:
    return "'" * order
