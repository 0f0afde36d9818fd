"""Two solutions of Lorenz's equations that start close together, and how fast they part.

Sources: Lorenz (1963), J. Atmos. Sci. 20; Strogatz (2015), section 9.3. The largest Lyapunov exponent at s = 10,
r = 28, b = 8/3 is 0.906 (Sprott 2003, Chaos and Time-Series Analysis, section 4.8.2).
"""

from dataclasses import dataclass
from time import monotonic

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.fields import Flow
from core.ode import Solution, SolverError, solve
from core.ode.problem import State

LITERATURE = 0.906
"""Largest Lyapunov exponent at the classical parameters, in 1 / time."""

SAMPLES = 1000
SECONDS = 2.0


@dataclass(frozen=True)
class Params:
    """The equations, where the first solution starts, how far from it the second one does, and until when."""

    flow: Flow
    start: tuple[float, float, float]
    gap: float
    """Added to z1 of the second start."""
    time: float


@dataclass(frozen=True, eq=False)
class Twins:
    """Both solutions at the same times, and the distance between them.

    Attributes:
        fitted: (first, last + 1), the samples at which log(distance) was taken for a line; None where it was for none.
        rate, offset: of that line, log(distance) = offset + rate * t.
        trouble: why the solve ended early, or "".
    """

    params: Params
    times: Float[np.ndarray, " n"]
    one: Float[np.ndarray, "n 3"]
    other: Float[np.ndarray, "n 3"]
    distance: Float[np.ndarray, " n"]
    fitted: tuple[int, int] | None
    rate: float
    offset: float
    nfe: int
    trouble: str

    def parted(self, at: float = 1.0) -> float | None:
        """The first time at which the distance reaches `at`."""
        reached = np.flatnonzero(self.distance >= at)
        return float(self.times[reached[0]]) if len(reached) else None


def twins(params: Params) -> Twins:
    """Solve for both starts at once: one state of shape (2, 3), so that they share every step and its error."""
    f = params.flow.function()
    start = torch.tensor([params.start, params.start], dtype=torch.float64)
    start[1, 0] += params.gap
    deadline = monotonic() + SECONDS
    trouble = ""

    def stop(t: float, z: State) -> bool:
        return monotonic() > deadline

    try:
        found: object = solve(
            f, start, 0.0, params.time, method="dopri8", rtol=1e-6, atol=1e-9, dense=True, max_steps=20_000, stop=stop
        )
    except SolverError as error:
        found, trouble = error.partial, f"the solver could not go on at t = {error.t:.4g}"
    states, times, nfe = start[None], np.zeros(1), 0
    if isinstance(found, Solution) and found.t > 0:
        if found.t < params.time and not trouble:
            trouble = f"the solve took too long and was stopped at t = {found.t:.4g}"
        grid = torch.linspace(0, found.t, SAMPLES, dtype=torch.float64)
        smooth = found(grid)
        assert isinstance(smooth, Tensor)
        states, times, nfe = smooth, grid.numpy(), found.nfe
    one, other = states[:, 0].numpy(), states[:, 1].numpy()
    distance = np.linalg.norm(other - one, axis=1)
    fitted, rate, offset = growth(times, distance)
    return Twins(params, times, one, other, distance, fitted, rate, offset, nfe, trouble)


def growth(
    times: Float[np.ndarray, " n"], distance: Float[np.ndarray, " n"]
) -> tuple[tuple[int, int] | None, float, float]:
    """A line through log(distance) against time: (first, last + 1) sample used, slope, value at t = 0.

    It is fitted from t = 1, when the gap has turned into the direction that grows, until the distance comes to 1, where
    the size of the attractor begins to hold it, or falls to 1e-11, where rounding rules.
    """
    begin = int(np.searchsorted(times, 1.0))
    past = np.flatnonzero((distance[begin:] >= 1.0) | (distance[begin:] <= 1e-11))
    end = begin + int(past[0]) if len(past) else len(times)
    if end - begin < 20:
        return None, np.nan, np.nan
    slope, offset = np.polyfit(times[begin:end], np.log(distance[begin:end]), 1)
    return (begin, end), float(slope), float(offset)
