"""Events: the time at which a function of time and state changes its sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.adaptive import Step
from core.ode.dense import evaluate, polynomial_of
from core.ode.errors import EventNotFoundError, SolverError
from core.ode.problem import State
from core.ode.runge_kutta import Stepper

EVENT_STEPS = 100_000
"""Limit on the steps of a search on a fixed grid."""


class EventFunction:
    """A user's event function, one or many values, as one number that is positive before the event.

    Args:
        func: of (t, y) to a tensor of any shape.
        stepper: of the solve.
        t, y: where it begins, as the stepper holds it.
    """

    def __init__(self, func: Callable[[Tensor, State], Tensor], stepper: Stepper, t: float, y: Any) -> None:
        self.func = func
        self.stepper = stepper
        with torch.no_grad():
            self.initial = torch.sign(self._value(t, y))

    def __call__(self, t: float, y: Any) -> float:
        """The smallest value, each taken positive at the start."""
        with torch.no_grad():
            return float(torch.min(self._value(t, y) * self.initial))

    def _value(self, t: float, y: Any) -> Tensor:
        value = self.func(self.stepper.field.time(t), self.stepper.handed_out(y))
        if not isinstance(value, Tensor) or not value.numel() or value.is_complex():
            raise TypeError(f"event_fn must return a real, non-empty tensor; got {value!r}")
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"event_fn must stay finite; got {value.tolist()} at t={t:g}")
        return value


def first_event(stepper: Stepper, steps: Iterator[Step], event: EventFunction, interp: str) -> tuple[float, Any] | None:
    """Walk until the event's value is no longer positive, then narrow down the time within that step.

    Returns:
        The time, and the state there as the stepper holds it; None where the steps end first.

    Raises:
        EventNotFoundError: the solve fails first.
    """
    if bool((event.initial == 0).any()):  # it happens at the start
        first = next(steps)
        return first.t0, first.y0
    try:
        for step in steps:
            if event(step.t1, step.y1) <= 0:
                return _locate(stepper, step, event, interp)
    except SolverError as error:
        raise EventNotFoundError(
            f"the event function kept its sign from the start to t={error.t:.6g}, where the solve failed: {error}",
            t=error.t,
            h=error.h,
        ) from error
    return None


def _locate(stepper: Stepper, step: Step, event: EventFunction, interp: str) -> tuple[float, Any]:
    """The sign change inside a step, by bisection on its polynomial, to four rounding errors of time."""
    polynomial = stepper.keep(polynomial_of(stepper, step, interp))

    def at(t: float) -> Any:
        theta = (t - step.start) / step.h
        if isinstance(step.y0, Tensor):
            thetas = torch.as_tensor(theta, dtype=torch.float64, device=step.y0.device)
            return evaluate(step.y0, polynomial, thetas.reshape(1))[0]
        return evaluate(step.y0, polynomial, np.array([theta]))[0]

    before, after = step.t0, step.t1
    resolution = 4 * np.finfo(float).eps * max(abs(before), abs(after))
    while abs(after - before) > resolution:
        middle = before + 0.5 * (after - before)
        if middle in (before, after):
            break
        if event(middle, at(middle)) > 0:
            before = middle
        else:
            after = middle
    return before, at(before)  # this side: who goes on from here, pushed off a little, must not meet it again
