"""Steps on a grid fixed beforehand: the output times, a step size, or a grid of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from core.ode.adaptive import Callbacks, Statistics, Step
from core.ode.control import number_option
from core.ode.errors import NonFiniteError, warn
from core.ode.problem import Time, carries_derivatives, describe, is_batched, number
from core.ode.runge_kutta import Stepper

MOST = 10_000_000
"""Steps of a uniform grid."""

FEW = 32
"""Intervals; on a grid this short, and not chosen by its user, the change of slope over each is looked at."""


@dataclass(frozen=True)
class FixedOptions:
    """What may be set of a solve on a fixed grid.

    Args:
        step_size: length of all steps but the last; the output times are the grid by default.
        grid_constructor: of (func, y0, t) to the grid (N,), from t[0] to t[-1].
        interp: "linear" or "cubic": how outputs between grid points come about.
        perturb: evaluate just inside the interval at both ends of each step, for fields that jump on the grid.
    """

    step_size: float | Tensor | None = None
    grid_constructor: Callable[[Any, Any, Tensor], Tensor] | None = None
    interp: str = "linear"
    perturb: bool = False

    @classmethod
    def names(cls) -> set[str]:
        """Of all options."""
        return {f.name for f in fields(cls)}

    def __post_init__(self) -> None:
        if self.step_size is not None and self.grid_constructor is not None:
            raise ValueError("`step_size` and `grid_constructor` exclude each other; got both")
        if self.step_size is not None:
            size = number_option("step_size", self.step_size)
            if not (math.isfinite(size) and size > 0):
                raise ValueError(f"`step_size` must be positive and finite; got {self.step_size}")
        if self.grid_constructor is not None and not callable(self.grid_constructor):
            raise TypeError(f"`grid_constructor` must be a function of (func, y0, t); got {self.grid_constructor!r}")
        if self.interp not in ("linear", "cubic"):
            raise ValueError(f'`interp` must be "linear" or "cubic"; got {self.interp!r}')

    def grid(self, func: Any, y0: Any, t: Tensor) -> Tensor:
        """The grid (N,) for outputs at t (T,), carrying t's graph.

        Raises:
            ValueError: the user's grid is not strictly monotonic from t[0] to t[-1].
        """
        if self.step_size is not None:
            return uniform_grid(t, float(self.step_size))
        if self.grid_constructor is None:
            return t
        grid = self.grid_constructor(func, y0, t)
        if not isinstance(grid, Tensor) or not grid.is_floating_point():
            raise TypeError(f"`grid_constructor` must return a tensor of floating point times; got {describe(grid)}")
        if grid.ndim != 1 or len(grid) < 2 or grid[0] != t[0] or grid[-1] != t[-1]:
            raise ValueError(f"the grid must lead from t[0]={t[0]:g} to t[-1]={t[-1]:g}; got {grid.tolist()}")
        steps = (grid[1:] - grid[:-1]) * (t[-1] - t[0]).sign()
        if not bool((steps > 0).all()):
            raise ValueError(f"the grid must be strictly monotonic; got {grid.tolist()}")
        if carries_derivatives(t) and not grid.requires_grad:
            grid = torch.cat([t[:1], grid[1:-1].to(t), t[-1:]])
        return grid


def uniform_grid(t: Tensor, step_size: float) -> Tensor:
    """Points `step_size` apart from t[0], the last one at t[-1], (N,)."""
    t = t.double()
    span = float((t[-1] - t[0]).detach())
    if abs(span) / step_size > MOST:
        raise ValueError(
            f"`step_size`={step_size:g} divides the interval from {number(t[0]):g} to {number(t[-1]):g} into more than "
            f"{MOST:,} steps"
        )
    count = max(1, math.ceil(abs(span) / step_size * (1 - 1e-12)))  # 0.3 / 0.1 is 3 steps, not 3.0000000000000004
    inner = torch.arange(count, dtype=t.dtype, device=t.device) * math.copysign(step_size, span) + t[0]
    return torch.cat([inner, t[-1:]])


def grid_steps(
    stepper: Stepper,
    grid: Tensor,
    y: Any,
    k: Any,
    *,
    perturb: bool,
    watch: bool,
    callbacks: Callbacks,
    statistics: Statistics,
) -> Iterator[Step]:
    """The steps from grid point to grid point.

    Args:
        stepper: of any method.
        grid: (N,); where it requires a gradient, steps carry it.
        y, k: the state at grid[0] and its derivative.
        perturb: see `FixedOptions`.
        watch: warn where the slope changes more over a step than a step can follow.
        callbacks: told of each step.
        statistics: filled.

    Raises:
        NonFiniteError: the state became NaN or infinite.
    """
    times = grid.detach().double().tolist()
    exact = list(grid) if carries_derivatives(grid) else times
    layout, field = stepper.field.layout, stepper.field
    ahead = math.copysign(math.inf, times[-1] - times[0])
    have_slope = True
    for t0, t1, start, end in zip(times, times[1:], exact, exact[1:], strict=False):
        h: Time = end - start
        if callbacks.step:
            callbacks.step(field.time(t0), stepper.handed_out(y), field.time(abs(number(h))))
        began, ended = (layout.after(t0, ahead), layout.after(t1, -ahead)) if perturb else (t0, t1)
        if not have_slope or perturb:
            k = stepper.derivative(start + (began - t0), y)
        have_slope = False
        y1 = stepper.step(start, h, end + (ended - t1), y, k)
        if not stepper.finite(y1):
            raise NonFiniteError(
                f"the state became NaN or infinite in the step from t={t0:.9g} to t={t1:.9g}. func may have returned "
                f"it, or steps of {abs(t1 - t0):.3g} are too long for {stepper.name} here: try a smaller "
                "step_size, or an adaptive method such as dopri5",
                t=t0,
                h=t1 - t0,
            )
        k1 = stepper.last_slope() if stepper.fsal and not perturb else None
        if watch and not (isinstance(y1, Tensor) and is_batched(y1)):
            k1 = stepper.derivative(end, y1) if k1 is None else k1
            _warn_if_coarse(stepper, t0, t1, y, k, y1, k1)
        statistics.step_sizes.append(abs(t1 - t0))
        yield Step(t0, t1, y, y1, math.nan, start, h, end, began, ended)
        y = y1
        if k1 is not None:
            k, have_slope = k1, True


def _warn_if_coarse(stepper: Stepper, t0: float, t1: float, y: Any, k: Any, y1: Any, k1: Any) -> None:
    """A step over which the slope changes by more than twice its mean is a guess."""
    change = stepper.ratio(k1 - k, y)
    mean = stepper.ratio((y1 - y) / (t1 - t0), y)
    if change > 2 * mean and change * abs(t1 - t0) > 1.0:
        warn(
            f"the slope changes {change / mean if mean else math.inf:.1f} times its mean over the single step from "
            f"t={t0:g} to t={t1:g}: {stepper.name} takes one step between output times unless "
            "options={'step_size': ...} is given"
        )
