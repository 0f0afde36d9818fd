"""The plane of z = h lambda with regions of stability, and the run at the place chosen there."""

import math
from collections.abc import Sequence

import numpy as np

from core.figures.scene import Axis, Clock, Dots, Layer, Line, Scene, Shade
from core.figures.theme import EVIDENCE, SERIES, SIGNED, STATE, TRUTH
from core.labs.stability import IMAGINARY, REAL, STEPS, Region, TestRun

_FURTHEST = 25.0
"""Values beyond leave the picture: a run that grows shows how, not where to."""


def plane(regions: Sequence[Region], run: TestRun) -> Scene:
    """The first region shaded by how much a step grows, the outlines of all, and z to be moved."""
    first = regions[0]
    layers: list[Layer] = [Shade(first.growth, (-1.0, 1.0), SIGNED, opacity=0.55)]
    layers.append(Line(np.array([[REAL[0], 0.0], [REAL[1], 0.0]]), TRUTH, width=1.0))
    layers.append(Line(np.array([[0.0, IMAGINARY[0]], [0.0, IMAGINARY[1]]]), TRUTH, width=1.0))
    for index, one in enumerate(regions):
        layers.append(
            Line(one.outline, SERIES[index % len(SERIES)], one.method, width=3.0 - 0.3 * index, dashed=index % 2 == 1)
        )
    intervals = ", ".join(f"{one.method} {_interval(one)}" for one in regions)
    p = run.params
    return Scene(
        f"|R(hλ)| of {first.method}",
        Axis("real part of hλ", *REAL),
        Axis("imaginary part of hλ", *IMAGINARY),
        layers,
        f"Shaded: a step of {first.method} shrinks the solution inside its outline |R(hλ)| = 1; outside it grows. "
        f"Stable on the real axis: {intervals}. The point is at {p.re:.2f} {p.im:+.2f} i.",
        square=True,
        handle=(p.re, p.im),
        handle_name="point hλ",
    )


def _interval(one: Region) -> str:
    return "everywhere left of 0" if math.isinf(one.interval) else f"from -{one.interval:.3f} to 0"


def run_scene(run: TestRun) -> Scene:
    """The real part of the solver's numbers, step by step, and of the exact solution."""
    n = len(run.states)
    steps = np.stack([np.arange(n), run.states[:, 0]], axis=1)
    exact = run.exact[:, :2]
    visible = steps[np.abs(steps[:, 1]) <= _FURTHEST]
    shown = np.where(np.abs(exact) <= STEPS + _FURTHEST, exact, np.nan)
    size = max(1.2, 1.1 * float(np.abs(visible[:, 1]).max()))
    colour = STATE if run.predicted <= 1 else EVIDENCE
    factor = "unknown" if run.measured is None else f"{run.measured:.4g}"
    return Scene(
        f"{run.params.method} on z' = λ z, h = 1",
        Axis("time t, in steps of h = 1", 0.0, float(STEPS)),
        Axis("real part of z", -size, size),
        [
            Line(shown, TRUTH, "exact", times=run.exact[:, 0], dashed=True),
            Line(_inside(steps, size), colour, "solver", times=np.arange(n, dtype=float), width=1.5),
            Dots(visible, colour, "solver", times=visible[:, 0]),
        ],
        f"{n - 1} steps from 1; each multiplies the size by {factor}. After the last it is "
        f"{math.hypot(*run.states[-1]):.3g}, and that of the exact solution {_size(run.exact[-1]):.3g}.",
    )


def _inside(steps: np.ndarray, size: float) -> np.ndarray:
    """The line up to where it leaves the picture."""
    return np.where(np.abs(steps[:, 1:]) <= 4 * size, steps, np.nan)


def _size(row: np.ndarray) -> float:
    return math.hypot(float(row[1]), float(row[2]))


def run_clock() -> Clock:
    """Time through the steps."""
    return Clock("time t", 0.0, float(STEPS), seconds=5.0)
