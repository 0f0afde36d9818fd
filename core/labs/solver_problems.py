r"""Initial value problems of the solver lab, and solves of them with equal steps.

Each problem is written :math:`z' = f(t, z)` with a solution known in closed form, so that an error is an error and not
a difference between two solvers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.ode import ADAPTIVE, Solution, SolverError, solve

Field = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Problem:
    """An initial value problem from t = 0 to t1, with its solution."""

    title: str
    latex: str
    """The equation with its start and, in words, nothing else."""
    func: Field
    z0: tuple[float, ...]
    t1: float
    exact: Callable[[np.ndarray], np.ndarray]
    """Times (n,) to states (n, d); for a closed orbit right at its end alone."""


def decay(t: Tensor, z: Tensor) -> Tensor:
    """Linear decay."""
    return -z


_TURN = {dtype: torch.tensor([[0, 1], [-1, 0]], dtype=dtype) for dtype in (torch.float32, torch.float64)}


def oscillator(t: Tensor, z: Tensor) -> Tensor:
    """A mass on a spring: place and speed."""
    return _TURN[z.dtype] @ z


def cubic(t: Tensor, z: Tensor) -> Tensor:
    """Decay that slows down as z shrinks."""
    return -z * z * z


def forced(t: Tensor, z: Tensor) -> Tensor:
    """Growth and decay in turns, told by the time."""
    return 0.5 * torch.cos(t) * z


def orbit(t: Tensor, z: Tensor) -> Tensor:
    """A planet around its sun: place and speed in a plane."""
    place, speed = z[:2], z[2:]
    return torch.cat([speed, place * -(torch.dot(place, place) ** -1.5)])


PROBLEMS = {
    "decay": Problem("linear decay", "z' = -z,\\; z(0) = 1", decay, (1.0,), 2.0, lambda t: np.exp(-t)[:, None]),
    "oscillator": Problem(
        "oscillator",
        "z_1' = z_2,\\; z_2' = -z_1,\\; z(0) = (1, 0)",
        oscillator,
        (1.0, 0.0),
        2.0,
        lambda t: np.stack([np.cos(t), -np.sin(t)], axis=1),
    ),
    "cubic": Problem(
        "nonlinear decay", "z' = -z^3,\\; z(0) = 1", cubic, (1.0,), 1.0, lambda t: 1 / np.sqrt(1 + 2 * t)[:, None]
    ),
    "forced": Problem(
        "forced growth",
        "z' = \\tfrac12 z \\cos t,\\; z(0) = 1",
        forced,
        (1.0,),
        2.0,
        lambda t: np.exp(np.sin(t) / 2)[:, None],
    ),
}
"""Those of the study of order: smooth, and short enough for small steps."""

_ECCENTRICITY = 0.6
_START = (1 - _ECCENTRICITY, 0.0, 0.0, math.sqrt((1 + _ECCENTRICITY) / (1 - _ECCENTRICITY)))

ORBIT = Problem(
    "planet, one year",
    "x'' = -x / r^3,\\; y'' = -y / r^3,\\; r = \\sqrt{x^2 + y^2}",
    orbit,
    _START,
    2 * math.pi,
    lambda t: np.tile(_START, (len(t), 1)),
)
"""Kepler's ellipse of eccentricity 0.6: after one year the planet is where it was (Hairer, Norsett, Wanner I, II.4)."""

EQUAL_STEP_OPTIONS: dict[str, dict[str, int]] = {"explicit_adams": {"max_order": 5}}
"""Four past slopes, as the books' Adams-Bashforth formula of order 4."""


def attempt(work: Callable[[], Solution]) -> tuple[Solution, str]:
    """A solution and "", or as far as it got and the solver's message."""
    try:
        return work(), ""
    except SolverError as error:
        return cast(Solution, error.partial), str(error)


def equal_steps(
    func: Field, z0: Float[Tensor, " d"], t1: float, method: str, count: int, *, every_state: bool = True
) -> Solution:
    """`count` steps of the same size from t = 0 to t1, by any method.

    A method with error control is made to keep its step: no step is longer, and no error is too large.

    Raises:
        core.ode.SolverError: a step failed; `partial` holds the solution up to there.
    """
    h = t1 / count
    times = None if every_state else [t1]
    if method in ADAPTIVE:
        options = {"first_step": h, "max_step": h}
        return solve(func, z0, 0.0, t1, method=method, rtol=1e30, atol=1e30, times=times, options=options)
    return solve(func, z0, 0.0, t1, method=method, step_size=h, times=times, options=EQUAL_STEP_OPTIONS.get(method))
