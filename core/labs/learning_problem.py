"""What is learned from a trajectory, and how: the problem, the settings, the data as they are fed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.measurements import Measurements
from core.nn.dynamics import spiral, standardised
from core.ode import ADAPTIVE, odeint, odeint_adjoint, odeint_checkpointed

METHODS = ("dopri5", "tsit5", "bosh3", "dopri8", "rk4", "midpoint", "heun2", "euler")
GRADIENTS: dict[str, Callable] = {
    "direct": odeint,
    "adjoint": odeint_adjoint,
    "checkpointed": odeint_checkpointed,
}
OPTIMISERS: dict[str, Callable] = {"Adam": torch.optim.Adam, "RMSprop": torch.optim.RMSprop}
POINTS = 1000
"""Of the spiral."""
TAIL = 0.2
"""Part of measured data, at the end, that training never sees."""
MOST_STEPS = 300
"""Attempts of one solve for a batch: a bound on the time of an iteration."""


@dataclass(frozen=True)
class Problem:
    """What is learned, and by what network; another one begins a new training."""

    noise: float = 0.0
    """Standard deviation of Gaussian noise on the spiral's points."""
    hidden: int = 50
    cubed: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Settings:
    """How it is learned; all of it may change in mid-training."""

    method: str = "dopri5"
    tolerance: float = 1e-5
    """rtol of a method that chooses its steps; atol is a hundredth of it."""
    substeps: int = 1
    """Steps of a method with fixed steps from one point of the data to the next."""
    gradient: str = "direct"
    optimiser: str = "Adam"
    rate: float = 0.01
    """Learning rate of the first iteration; it falls on a straight line to 0 behind the last one."""
    batch_size: int = 40
    batch_time: int = 5
    iterations: int = 1500


@dataclass(frozen=True, eq=False)
class Data:
    """Points of a trajectory, as they are fed."""

    times: Float[Tensor, " n"]
    values: Float[Tensor, "n size"]
    fitted: int
    """The first so many are trained on."""
    regular: bool
    """All intervals are the same."""
    names: tuple[str, ...]
    middle: Float[np.ndarray, " size"]
    spread: Float[np.ndarray, " size"]
    origin: float
    unit: float
    time_name: str
    truth: bool
    """The true field is known: the spiral's."""


def spiral_data(problem: Problem, generator: torch.Generator) -> Data:
    """The spiral's points, all of them trained on, as they are."""
    times, values = spiral(POINTS, problem.noise, generator)
    zero, one = np.zeros(2), np.ones(2)
    return Data(times, values, len(times), True, ("z1", "z2"), zero, one, 0.0, 1.0, "t", truth=True)


def measured_data(measurements: Measurements) -> Data:
    """A learner's data, standardised by all rows but the tail."""
    count = len(measurements.times)
    fitted = count - max(1, round(TAIL * count))
    given = torch.tensor(measurements.times), torch.tensor(measurements.values)
    times, values, scale = standardised(*given, fitted)
    steps = times.diff()
    regular = bool((steps - steps.mean()).abs().max() <= 1e-9 * steps.mean())
    middle, spread = scale["middle"].numpy(), scale["spread"].numpy()
    origin, unit = float(scale["origin"]), float(scale["unit"])
    return Data(
        times,
        values,
        fitted,
        regular,
        measurements.names,
        middle,
        spread,
        origin,
        unit,
        measurements.time_name,
        truth=False,
    )


def solver_arguments(settings: Settings, spacing: float | None) -> dict[str, Any]:
    """What `odeint` is given; `spacing` is the interval from one point to the next, None where samples differ in it.

    Then each solve leads from s = 0 to s = 1, and a method that chooses its steps tries a single one first.
    """
    if settings.method in ADAPTIVE:
        options: dict[str, float] = {"max_num_steps": MOST_STEPS}
        if spacing is None:
            options["first_step"] = 1.0
        rtol = settings.tolerance
        return {"method": settings.method, "rtol": rtol, "atol": rtol / 100, "options": options}
    return {"method": settings.method, "options": {"step_size": (spacing or 1.0) / settings.substeps}}
