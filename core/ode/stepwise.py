"""`steps`: the accepted steps of a solve, one at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from core.ode.adaptive import Step
from core.ode.fixed_grid import FixedOptions
from core.ode.methods import Setup, find_method, prepare
from core.ode.odeint import walk
from core.ode.problem import State, refuse_time_gradient, solving


@dataclass(frozen=True)
class AcceptedStep:
    """One step, from the state y0 at t0 to y1 at t1; `nfe` counts evaluations since the start."""

    t0: float
    t1: float
    y0: State
    y1: State
    error_ratio: float
    nfe: int


def steps(
    func: Callable[..., State],
    y0: State,
    t0: float,
    t1: float,
    *,
    method: str | None = None,
    rtol: Any = 1e-6,
    atol: Any = 1e-9,
    args: tuple[Any, ...] = (),
    options: dict[str, Any] | None = None,
) -> Iterator[AcceptedStep]:
    """The accepted steps of `solve`, one at a time: look, plot or stop between them.

    Arguments and errors as for `solve`; gradients are on or off as they were at the first step.

    >>> first = next(steps(lambda t, y: -y, torch.ones(1).double(), 0.0, 1.0))
    >>> first.t0, first.t1 > 0
    (0.0, True)
    """
    gradients = torch.is_grad_enabled()
    with solving():
        # tensors wherever a graph may turn up: steps already handed out cannot be taken again
        setup = begin(func, y0, t0, t1, method, rtol, atol, args, dict(options or {}), gradients)
    walked = walk_to(setup, y0, t0, t1)
    while True:
        with solving(), torch.set_grad_enabled(gradients):  # not across `yield`: it would reach the caller's code
            step = next(walked, None)
        if step is None:
            return
        state = setup.stepper.handed_out
        yield AcceptedStep(step.t0, step.t1, state(step.y0), state(step.y1), step.ratio, setup.field.nfe)


def begin(
    func: Any, y0: Any, t0: float, t1: float, method: Any, rtol: Any, atol: Any, args: Any, options: Any, tensors: bool
) -> Setup:
    """Check what `solve` and `steps` share, and make the solve ready; arguments as for `solve`."""
    refuse_time_gradient(t0, t1)
    t0, t1 = float(t0), float(t1)
    if "interp" in options:
        raise ValueError("`interp` is an option of odeint; here states between steps are the method's own, or cubic")
    if not math.isfinite(t0) or math.isnan(t1) or t0 == t1:
        raise ValueError(f"the interval must lead from a finite t0 to another time t1; got {t0} and {t1}")
    chosen = find_method(method)
    if not chosen.adaptive and "step_size" not in options and "grid_constructor" not in options:
        raise ValueError(f"{chosen.name} takes fixed steps: give `step_size`, a positive number in the units of t")
    return prepare(func, y0, t0, chosen, rtol, atol, options, args=args, force_tensors=tensors)


def walk_to(setup: Setup, y0: State, t0: float, t1: float) -> Iterator[Step]:
    """The accepted steps from t0 to t1."""
    if isinstance(setup.options, FixedOptions) and math.isinf(t1):
        raise ValueError(f"{setup.method.name} takes fixed steps: give a finite t1")
    return walk(setup, torch.tensor([t0, t1], dtype=torch.float64), y0)
