r"""States between steps: a polynomial in :math:`\theta = (t - t_0) / h` for each, and all of them as one function."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.adaptive import Step
from core.ode.problem import State, Time, carries_derivatives, number
from core.ode.runge_kutta import Stepper

EXPONENTS = np.arange(1.0, 16.0)


def polynomial_of(stepper: Stepper, step: Step, interp: str = "own") -> Any:
    """The step's polynomial, coefficients (d, *state).

    Args:
        stepper: that took the step, and none since.
        step: the step.
        interp: "own" (the method's, or the cubic), "cubic" or "linear".
    """
    if interp == "linear":
        return (step.y1 - step.y0)[None]
    k1 = stepper.derivative(step.end, step.y1) if stepper.needs_end_slope else None
    return stepper.polynomial(step.start, step.h, step.y0, step.y1, k1)


def evaluate(y0: Any, polynomial: Any, thetas: Any) -> Any:
    r""":math:`y_0 + \sum_k \theta^k p_k` for thetas (m,): (m, *state), array or tensor like y0."""
    degree = len(polynomial)
    if isinstance(y0, Tensor):
        powers = torch.cumprod(thetas.to(polynomial.dtype).expand(degree, -1), dim=0)
        return y0 + torch.tensordot(powers.T, polynomial, dims=1)
    powers = thetas[:, None] ** EXPONENTS[:degree]
    return y0 + powers.astype(polynomial.dtype).dot(polynomial)


def sample(stepper: Stepper, step: Step, times: Sequence[Time], interp: str = "own") -> Any:
    """The states (m, *state) at times (m,) inside a step just taken.

    Args:
        stepper: that took the step, and none since.
        step: the step.
        times: inside it; tensors where time carries a gradient.
        interp: see `polynomial_of`.
    """
    differentiable = isinstance(times[0], Tensor)
    if len(times) == 1 and not differentiable and times[0] == step.t1:
        return step.y1[None]
    polynomial = polynomial_of(stepper, step, interp)
    if isinstance(step.y0, Tensor):
        if differentiable:
            thetas = (torch.stack(list(times)) - step.start) / step.h  # pyright: ignore[reportArgumentType]
        else:
            thetas = torch.tensor([(number(t) - step.t0) / number(step.h) for t in times], dtype=torch.float64)
        return evaluate(step.y0, polynomial, thetas.to(step.y0.device))
    values = evaluate(step.y0, polynomial, (np.array(times) - step.t0) / step.h)
    if times[-1] == step.t1:
        values[-1] = step.y1  # exactly, not up to the polynomial's rounding
    return values


@dataclass
class DenseOutput:
    """The solution as a function of time, from the polynomials of its steps.

    Attributes:
        stepper: knows the state's layout.
        ends: t0, then the end of each step.
        starts, polynomials: of each step, its first state and coefficients.
        last: where the solution ends inside the last step, at an event.
    """

    stepper: Stepper
    ends: list[float]
    starts: list[Any] = field(default_factory=list)
    polynomials: list[Any] = field(default_factory=list)
    last: float | None = None

    def add(self, step: Step, interp: str = "own") -> None:
        """Keep a step just taken."""
        self.polynomials.append(self.stepper.keep(polynomial_of(self.stepper, step, interp)))
        self.starts.append(step.y0)
        self.ends.append(step.t1)

    def __call__(self, t: float | Tensor) -> State:
        """The state at t, a number or a tensor of any shape: (*t.shape, *state) for each tensor of the state.

        Raises:
            ValueError: a time outside the interval that was solved.
        """
        exact = list(t.reshape(-1)) if isinstance(t, Tensor) and carries_derivatives(t) else None
        times = t.detach().double().reshape(-1).tolist() if isinstance(t, Tensor) else [float(t)]
        rows = [self._at(time, exact[i] if exact else time) for i, time in enumerate(times)]
        shape = t.shape if isinstance(t, Tensor) else torch.Size()
        if not rows:
            return to_states(self.stepper, self.starts[0][None][:0], shape)
        stacked = torch.stack(rows) if isinstance(rows[0], Tensor) else np.stack(rows)
        return to_states(self.stepper, stacked, shape)

    def _at(self, t: float, exact: Time) -> Any:
        first, last = self.ends[0], self.ends[-1] if self.last is None else self.last
        direction = 1.0 if last >= first else -1.0
        if not first * direction <= t * direction <= last * direction:
            raise ValueError(f"t={t:g} lies outside the solved interval from {first:g} to {last:g}")
        i = bisect_left(self.ends, t * direction, lo=1, key=lambda end: end * direction) - 1
        start, polynomial = self.starts[i], self.polynomials[i]
        theta = (exact - self.ends[i]) / (self.ends[i + 1] - self.ends[i])
        if isinstance(start, np.ndarray) and not isinstance(theta, Tensor):
            return evaluate(start, polynomial, np.array([theta]))[0]
        start, polynomial = torch.as_tensor(start), torch.as_tensor(polynomial)
        thetas = torch.as_tensor(theta, dtype=torch.float64, device=start.device).reshape(1)
        return evaluate(start, polynomial, thetas)[0]


def to_states(stepper: Stepper, stacked: Any, lead: torch.Size) -> State:
    """Stacked states (m, *state), as the stepper holds them, as the user's: (*lead, *shape) each."""
    layout = stepper.field.layout
    if isinstance(stacked, np.ndarray):
        stacked = torch.from_numpy(stacked)
    if layout.is_tuple:
        return layout.split(stacked.reshape((*lead, sum(shape.numel() for shape in layout.shapes))))
    return stacked.reshape((*lead, *layout.shapes[0]))
