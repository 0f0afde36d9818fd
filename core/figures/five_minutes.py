"""State, adjoint, and the gradient that gathers from t1 back to 0."""

import numpy as np

from core.figures.scene import Axis, Clock, Dots, Line, Scene
from core.figures.theme import EVIDENCE, GRADIENT, STATE
from core.labs.five_minutes import Result

STROKES = 60
"""That fill the area."""


def backwards_clock(result: Result) -> Clock:
    """From t1 down to 0."""
    return Clock("time t", result.params.t1, 0.0, seconds=6.0)


def curves_scene(result: Result) -> Scene:
    """z and a against time."""
    times = result.times
    layers = [
        Line(_points(times, result.z), STATE, "state z(t)", times=times, width=2.5),
        Line(_points(times, result.a), GRADIENT, "adjoint a(t)", times=times, width=2.5, dashed=True),
    ]
    return Scene(
        "Solved back from the end",
        _time(result),
        _axis("z and a", result.z, result.a),
        layers,
        f"From t = {result.params.t1:g} back to 0 the state z goes from {result.z[0]:.4g} to {result.z[-1]:.4g} and "
        f"the adjoint a from {result.a[0]:.4g} to {result.a[-1]:.4g}.",
    )


def all_scenes(result: Result) -> list[Scene]:
    """Those curves, the integrand with its area, and the area gathered so far."""
    times, integrand = result.times, result.integrand
    at = np.linspace(0, len(times) - 1, STROKES).astype(int)
    # to and fro between the axis and the curve
    heights = np.stack([np.zeros(STROKES), integrand[at]], axis=1)
    heights[1::2] = heights[1::2, ::-1]
    hatched = _points(np.repeat(times[at], 2), heights.ravel())
    area = Scene(
        "Integrand and its area",
        _time(result),
        _axis("a(t) t z(t)", integrand),
        [
            Line(hatched, EVIDENCE, "area", times=hatched[:, 0], width=1.2),
            Line(_points(times, integrand), EVIDENCE, "integrand", times=times, width=2.5),
        ],
        f"The integrand a df/dk = a t z falls in a straight line from {integrand[0]:.4g} at t = {times[0]:g} to 0.",
    )
    total = Dots(np.array([[0.0, result.gathered[-1]]]), EVIDENCE, "dL/dk", symbol="square", size=5.0, labels=["dL/dk"])
    gathered = Scene(
        "Area so far",
        _time(result),
        _axis("area from t to t1", result.gathered),
        [Line(_points(times, result.gathered), EVIDENCE, "area from t to t1", times=times, width=2.5), total],
        f"The area under the integrand from t to t1 grows from 0 at t1 to {result.gathered[-1]:.5g}, which is dL/dk, "
        "at t = 0.",
    )
    return [curves_scene(result), area, gathered]


def _points(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.stack([times, values], axis=1)


def _time(result: Result) -> Axis:
    return Axis("time t", 0.0, result.params.t1)


def _axis(title: str, *values: np.ndarray) -> Axis:
    """From or to 0, with some room."""
    low = min(0.0, *(float(value.min()) for value in values))
    high = max(0.0, *(float(value.max()) for value in values))
    room = 0.08 * (high - low) or 1.0
    return Axis(title, low - room, high + room)
