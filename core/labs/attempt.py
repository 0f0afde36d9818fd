"""One solve whose failure is a result like any other: what a solver did, how far it came, what it said."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.ode import Solution, SolverError, solve


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of a solve."""

    method: str
    times: Float[np.ndarray, " n"]
    """Ends of the accepted steps, the start first."""
    states: Float[np.ndarray, "n d"]
    nfe: int
    error: str = ""
    """Name of the exception that ended it; empty where it reached the end."""
    message: str = ""
    """The exception's own words."""
    h: float | None = None
    """The step that was tried where it failed."""

    @property
    def finished(self) -> bool:
        """Whether it reached the end of the interval."""
        return not self.error

    @property
    def t(self) -> float:
        """The time reached."""
        return float(self.times[-1])

    @property
    def end(self) -> float:
        """The first component of the state reached."""
        return float(self.states[-1, 0])


def attempt(
    func: Callable[[Any, Tensor], Tensor],
    z0: tuple[float, ...],
    t1: float,
    method: str,
    *,
    max_steps: int = 4000,
    **settings: Any,
) -> Attempt:
    """Solve z' = func(t, z) from t = 0 to t1, with at most `max_steps` attempted steps; never raises a `SolverError`.

    Args:
        settings: of `core.ode.solve`; methods with steps of a fixed size take no limit, their number being known.
    """
    limit = {} if "step_size" in settings else {"max_steps": max_steps}
    try:
        got, failure = solve(func, torch.tensor(z0).double(), 0.0, t1, method=method, **limit, **settings), None
    except SolverError as error:
        got, failure = error.partial, error
    if not isinstance(got, Solution) or not isinstance(got.states, Tensor):
        raise TypeError(f"expected a Solution with one tensor; got {type(got).__name__}")
    times, states = got.times.numpy(), got.states.numpy()
    if failure is None:
        return Attempt(method, times, states, got.nfe)
    return Attempt(method, times, states, got.nfe, type(failure).__name__, str(failure), failure.h)
