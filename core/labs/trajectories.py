"""One start, several solvers: curves, steps, costs and errors against a fine reference.

Source: Hairer, Norsett, Wanner (1993), Solving ODEs I, sections II.1 to II.5.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.expression import parse
from core.labs.equilibria import Box
from core.labs.fields import Flow
from core.ode import (
    METHODS,
    MaxStepsError,
    NewtonError,
    NonFiniteError,
    Solution,
    SolverError,
    StepUnderflowError,
    solve,
)
from core.ode.problem import State

TITLES = {
    "euler": "Euler",
    "midpoint": "midpoint",
    "rk4_classic": "Runge-Kutta 4",
    "implicit_euler": "implicit Euler",
    "trapezoid": "trapezoidal rule",
    "dopri5": "Dormand-Prince 5",
    "tsit5": "Tsitouras 5",
    "dopri8": "Dormand-Prince 8",
}
"""The methods to choose from: name -> what they are called."""

MOST_STEPS = 2000
"""Of a method with fixed steps; a smaller step than that allows is made larger."""

FAR = 100.0
"""A solution that is this many pictures away from the middle has run off."""

SECONDS = 2.0
"""All solves of a race together take no longer."""

SAMPLES = 600
"""Points of a curve between the steps of a method that is smooth there."""


@dataclass(frozen=True)
class Params:
    """One initial value problem and how it is solved.

    Attributes:
        start: z at t = 0.
        time: the interval is [0, time].
        methods: names out of `TITLES`.
        step: of methods with fixed steps.
        tolerance: rtol, and 0.01 of it as atol, of the others.
        invariant: a formula that the exact solution leaves constant, or none.
    """

    flow: Flow
    box: Box
    start: tuple[float, float]
    time: float
    methods: tuple[str, ...]
    step: float
    tolerance: float
    invariant: str = ""


@dataclass(frozen=True, eq=False)
class Run:
    """What a method made of it.

    Attributes:
        times, states: (n,) and (n, 2), the curve to draw: straight between fixed steps, smooth between adaptive ones.
        step_times, step_states: (s,) and (s, 2), ends of the accepted steps, the start first.
        trouble: why it did not arrive at the end, in words; "" where it did.
        error: distance from the reference at the end; None where one of the two did not arrive.
        levels: (s,) values of the invariant at the ends of the steps; None without one.
    """

    method: str
    times: Float[np.ndarray, " n"]
    states: Float[np.ndarray, "n 2"]
    step_times: Float[np.ndarray, " s"]
    step_states: Float[np.ndarray, "s 2"]
    accepted: int
    rejected: int
    nfe: int
    trouble: str
    error: float | None = None
    levels: Float[np.ndarray, " s"] | None = None

    @property
    def title(self) -> str:
        """What the method is called."""
        return TITLES.get(self.method, "reference")

    @property
    def drift(self) -> float | None:
        """Value of the invariant at the last step's end less that at the start; None where there is none."""
        if self.levels is None:
            return None
        difference = float(self.levels[-1] - self.levels[0])
        return difference if math.isfinite(difference) else None


@dataclass(frozen=True, eq=False)
class Race:
    """All runs, beside a reference: dopri8 at a tolerance of 1e-10."""

    params: Params
    reference: Run
    runs: tuple[Run, ...]
    step: float
    """Of the methods with fixed steps, as taken."""


def race(params: Params) -> Race:
    """Solve by every method."""
    f = params.flow.function()
    deadline = monotonic() + SECONDS
    reference = _run(f, params, "dopri8", params.step, 1e-10, 1e-12, deadline)
    reference = replace(reference, method="")
    step = max(params.step, params.time / MOST_STEPS)
    runs = []
    for method in params.methods:
        run = _run(f, params, method, step, params.tolerance, 0.01 * params.tolerance, deadline)
        error = None
        if not run.trouble and not reference.trouble:
            error = float(np.linalg.norm(run.step_states[-1] - reference.step_states[-1]))
        runs.append(replace(run, error=error, levels=_levels(params, run.step_states)))
    return Race(params, reference, tuple(runs), step)


def _levels(params: Params, states: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"] | None:
    if not params.invariant:
        return None
    values = dict(params.flow.values) | {"z1": torch.from_numpy(states[:, 0]), "z2": torch.from_numpy(states[:, 1])}
    return parse(params.invariant)(values).numpy()


def _run(
    f: Callable[[Tensor, Tensor], Tensor],
    params: Params,
    method: str,
    step: float,
    rtol: float,
    atol: float,
    deadline: float,
) -> Run:
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in zip(*params.box, strict=True))
    middle, far = (low + high) / 2, FAR * (high - low)
    late = False

    def stop(t: float, z: State) -> bool:
        nonlocal late
        assert isinstance(z, Tensor)  # as the start is
        late = monotonic() > deadline
        return late or bool(((z - middle).abs() > far).any())

    adaptive = METHODS[method].adaptive
    limits: dict[str, Any] = (
        {"rtol": rtol, "atol": atol, "max_steps": 20_000} if adaptive else {"step_size": min(step, params.time)}
    )
    start = torch.tensor(params.start, dtype=torch.float64)
    trouble = ""
    try:
        found = solve(f, start, 0.0, params.time, method=method, dense=adaptive, stop=stop, **limits)
        if found.status == "stopped" and found.t < params.time:
            trouble = f"took too long and was stopped at t = {found.t:.4g}" if late else f"ran off at t = {found.t:.4g}"
    except SolverError as error:
        found = error.partial
        trouble = _words(error)
    if not isinstance(found, Solution) or not isinstance(found.states, Tensor):  # not even the first slope
        here = np.array([params.start])
        return Run(method, np.zeros(1), here, np.zeros(1), here, 0, 0, 1, trouble)
    step_times, step_states = found.times.numpy(), found.states.numpy()
    times, states = step_times, step_states
    if found.dense is not None and len(step_times) > 1:
        grid = torch.linspace(0, found.t, SAMPLES, dtype=torch.float64)
        smooth = found(grid)
        assert isinstance(smooth, Tensor)
        times, states = grid.numpy(), smooth.numpy()
    return Run(method, times, states, step_times, step_states, found.accepted, found.rejected, found.nfe, trouble)


def _words(error: SolverError) -> str:
    match error:
        case NonFiniteError():
            what = "met a value that is not finite"
        case StepUnderflowError():
            what = "needed ever smaller steps and gave up"
        case MaxStepsError():
            what = "used all the steps it is allowed"
        case NewtonError():
            what = "could not solve the equations of an implicit step"
        case _:
            what = "could not go on"
    return f"{what} at t = {error.t:.4g}"
