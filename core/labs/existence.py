r"""Where uniqueness fails, and where a solution ends.

z' = 3 z^(2/3) from z(0) = 0 has infinitely many solutions: 0 until any c >= 0, then (t - c)^3. z' = z^2 from
z(0) = z0 > 0 has one, z0 / (1 - z0 t), which ends at t* = 1 / z0.
Source: Hairer, Norsett, Wanner, Solving ODEs I, section I.7.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.labs.attempt import Attempt, attempt

T1 = 2.0
"""End of the interval on which uniqueness fails."""
STARTS = (0.0, 1e-12, 1e-6)
UNIQUENESS_METHODS = ("euler", "rk4_classic", "dopri5", "implicit_euler")
BLOW_UP_METHODS = ("euler", "rk4_classic", "implicit_euler", "dopri5", "dopri8")
FIXED = ("euler", "rk4_classic", "implicit_euler")
"""Those with steps of a fixed size."""
PAST = 1.5
"""The blow-up is solved, or tried, up to this multiple of t*."""


def two_thirds(t: Any, z: Tensor) -> Tensor:
    """f(z) = 3 z^(2/3): continuous everywhere, not Lipschitz at 0."""
    return 3 * z.abs() ** (2 / 3)


def square(t: Any, z: Tensor) -> Tensor:
    """f(z) = z^2: Lipschitz on every bounded set, on no unbounded one."""
    return z**2


def late_start(t: Float[np.ndarray, " n"], c: float) -> Float[np.ndarray, " n"]:
    """The solution of z' = 3 z^(2/3), z(0) = 0 that leaves 0 at c: 0, then (t - c)^3."""
    return np.maximum(t - c, 0.0) ** 3


@dataclass(frozen=True, eq=False)
class Uniqueness:
    """What the equation allows, and what solvers make of it."""

    times: Float[np.ndarray, " n"]
    leaving: tuple[float, ...]
    """The values of c of the family."""
    family: Float[np.ndarray, "c n"]
    runs: dict[float, list[Attempt]]
    """Start z(0) -> one attempt for each method of `UNIQUENESS_METHODS`."""
    quotients: tuple[tuple[float, float], ...]
    """(z, |f(z) - f(0)| / |z|) for z towards 0."""


def uniqueness() -> Uniqueness:
    """Every solver from 0 and from just above it."""
    times = np.linspace(0.0, T1, 161)
    leaving = tuple(np.round(np.arange(0.0, T1 + 0.05, 0.1), 1).tolist())
    runs = {
        start: [attempt(two_thirds, (start,), T1, method, **_settings(method, 0.05)) for method in UNIQUENESS_METHODS]
        for start in STARTS
    }
    near = 10.0 ** -np.arange(0.0, 16.0, 3.0)
    quotients = 3 * near ** (2 / 3) / near
    return Uniqueness(
        times=times,
        leaving=leaving,
        family=np.stack([late_start(times, c) for c in leaving]),
        runs=runs,
        quotients=tuple(zip(near.tolist(), quotients.tolist(), strict=True)),
    )


@dataclass(frozen=True)
class BlowUpParams:
    """z' = z^2 from z(0) = z0, solved past its end."""

    z0: float
    steps: int
    """Of the methods with fixed steps, over the whole interval."""

    @property
    def end(self) -> float:
        """t* = 1 / z0, where the solution has grown over every bound."""
        return 1 / self.z0

    @property
    def t1(self) -> float:
        """End of the interval that solvers are asked for."""
        return PAST * self.end


@dataclass(frozen=True, eq=False)
class BlowUp:
    """The solution and what solvers made of it."""

    params: BlowUpParams
    times: Float[np.ndarray, " n"]
    truth: Float[np.ndarray, " n"]
    """z0 / (1 - z0 t), up to shortly before t*."""
    runs: list[Attempt]


def blow_up(params: BlowUpParams) -> BlowUp:
    """Ask every method for a time at which there is no solution any more."""
    times = np.linspace(0.0, 0.995 * params.end, 301)
    runs = [
        attempt(square, (params.z0,), params.t1, method, max_steps=2000, **_settings(method, params.t1 / params.steps))
        for method in BLOW_UP_METHODS
    ]
    return BlowUp(params, times, params.z0 / (1 - params.z0 * times), runs)


def _settings(method: str, h: float) -> dict[str, Any]:
    return {"step_size": h} if method in FIXED else {"rtol": 1e-6, "atol": 1e-9}
