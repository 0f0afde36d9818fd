r"""Stiff problems: where stability, not accuracy, tells an explicit method its step size.

Source: Hairer, Wanner, Solving ODEs II, IV.1 (what stiffness is), IV.2 (explicit methods on it).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.solver_problems import Field, attempt, equal_steps
from core.ode import ADAPTIVE, Solution, solve

COMPARED = ("dopri5", "kencarp4", "radauIIA5", "implicit_euler")
"""An explicit pair, an implicit one, and two implicit methods with equal steps."""

PROBLEMS = {"cosine": "pulled to cos t", "vdp": "Van der Pol's slow phase"}

T1 = 2.0
EQUAL = 40
"""Steps of the methods without error control."""

TOLERANCE = 1e-5
MOST_STEPS = 1_000
"""Attempts, after which the solver gives up with a message of its own."""

STRENGTHS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
"""Of the comparison over lambda."""


@dataclass(frozen=True)
class Params:
    """A problem of stiffness lambda (Van der Pol's mu)."""

    problem: str
    strength: float


@dataclass(frozen=True, eq=False)
class Run:
    """One method on one problem."""

    method: str
    message: str
    """The solver's, where it gave up; else empty."""
    reached: float
    """The time that it got to."""
    nfe: int
    accepted: int
    rejected: int
    error: float
    """At the end, against the exact solution; NaN where none is known, or it did not get there."""
    points: Float[np.ndarray, "n 2"]
    """(t, z_1) at the steps' ends."""
    sizes: Float[np.ndarray, " accepted"]


@dataclass(frozen=True, eq=False)
class Result:
    """All methods on one problem."""

    params: Params
    runs: tuple[Run, ...]
    fastest: float
    """Rate of the fastest decay, in 1 / t: lambda, or 3 mu near z_1 = 2 of Van der Pol's oscillator."""

    @property
    def explicit(self) -> Run:
        """The run of dopri5."""
        return self.runs[0]

    @property
    def pinned(self) -> float:
        """Mean accepted step of the explicit method in the later half of its time, times the fastest rate."""
        run = self.explicit
        late = run.points[1:, 0] > run.reached / 2
        return float(run.sizes[late].mean()) * self.fastest if late.any() else float("nan")


@dataclass(frozen=True, eq=False)
class Sweep:
    """Steps over lambda."""

    problem: str
    results: tuple[Result, ...]


def field_of(params: Params) -> tuple[Field, tuple[float, ...]]:
    """The field and its start."""
    strength = params.strength
    if params.problem == "vdp":

        def oscillator(t: Tensor, z: Tensor) -> Tensor:
            a, b = z[0], z[1]
            return torch.stack([b, strength * (1 - a * a) * b - a])

        return oscillator, (2.0, 0.0)

    def pulled(t: Tensor, z: Tensor) -> Tensor:
        return -strength * (z - torch.cos(t))

    return pulled, (0.0,)


def exact(strength: float, t: np.ndarray) -> np.ndarray:
    """The solution of z' = -lambda (z - cos t), z(0) = 0."""
    size = 1 + strength * strength
    start = -strength * strength / size
    return (strength * strength * np.cos(t) + strength * np.sin(t)) / size + start * np.exp(-strength * t)


def run(params: Params, methods: tuple[str, ...] = COMPARED) -> Result:
    """The problem by each method, at tolerance 1e-5 or with 40 equal steps."""
    field, start = field_of(params)
    z0 = torch.tensor(start, dtype=torch.float64)
    fastest = params.strength * (3 if params.problem == "vdp" else 1)
    return Result(params, tuple(_run(params, field, z0, method) for method in methods), fastest)


def _run(params: Params, field: Field, z0: Tensor, method: str) -> Run:
    def work() -> Solution:
        if method not in ADAPTIVE:
            return equal_steps(field, z0, T1, method, EQUAL)
        return solve(field, z0, 0.0, T1, method=method, rtol=TOLERANCE, atol=TOLERANCE, max_steps=MOST_STEPS)

    solution, message = attempt(work)
    states = np.asarray(solution.states)
    error = np.nan
    if params.problem == "cosine" and not message:
        error = float(abs(states[-1, 0] - exact(params.strength, np.array(T1))))
    return Run(
        method,
        message,
        solution.t,
        solution.nfe,
        solution.accepted,
        solution.rejected,
        error,
        np.stack([solution.times.numpy(), states[:, 0]], axis=1),
        np.array(solution.step_sizes),
    )


def sweep(problem: str) -> Sweep:
    """dopri5 and kencarp4 for lambda = 1, 10, ... 10,000."""
    pair = ("dopri5", "kencarp4")
    return Sweep(problem, tuple(run(Params(problem, strength), pair) for strength in STRENGTHS))
