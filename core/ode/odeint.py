"""`odeint` and `odeint_dense`: the interface of torchdiffeq, differentiable by back-propagation through the steps."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.adaptive import Step
from core.ode.dense import DenseOutput, sample, to_states
from core.ode.errors import EventNotFoundError
from core.ode.events import EVENT_STEPS, EventFunction, first_event
from core.ode.field import GraphNeededError
from core.ode.fixed_grid import FEW, FixedOptions, grid_steps
from core.ode.methods import Setup, find_method, prepare
from core.ode.problem import (
    Layout,
    State,
    Time,
    carries_derivatives,
    check_times,
    number,
    refuse_time_gradient,
    solving,
)
from core.ode.scipy_solver import scipy_odeint


def odeint(
    func: Callable[..., State],
    y0: State,
    t: Tensor,
    *,
    rtol: Any = 1e-7,
    atol: Any = 1e-9,
    method: str | None = None,
    options: dict[str, Any] | None = None,
    event_fn: Callable[[Tensor, State], Tensor] | None = None,
) -> Any:
    r"""Solve :math:`dy/dt = f(t, y)`, :math:`y(t_0) = y_0`, and return the states at the times `t`.

    Args:
        func: of (t, y) to dy/dt, like y; t is a 0-dim tensor.
        y0: the state at t[0]: a tensor of any shape, or a tuple of tensors; float32, float64 or complex.
        t: (T,) strictly increasing or decreasing times.
        rtol, atol: bound each step's error estimate by atol + rtol |y|: numbers, tensors like y, or for a tuple
            one for each tensor. They bound the local error, not the global one.
        method: a name from `METHODS`; dopri5 by default.
        options: see `AdaptiveOptions`, `FixedOptions`, `AdamsOptions`, `NewtonOptions`; and `norm`.
        event_fn: of (t, y) to a tensor. The solve ends where one of its values changes sign; of `t`, two times, only
            the start and the direction count.

    Returns:
        (T, *y0.shape) for each tensor of the state. With `event_fn`: the event's time, and the states at the start
        and there.

    Raises:
        TypeError, ValueError: an argument is impossible; the message says what was expected and what came.
        SolverError: the solve could not go on; see its subclasses.

    >>> y = odeint(lambda t, y: -y, torch.tensor([1.0]).double(), torch.tensor([0.0, 1.0]))
    >>> bool((y[1] - math.exp(-1)).abs() < 1e-7)
    True
    """
    times = check_times(t, Layout.of(y0))
    if method == "scipy_solver":
        if event_fn is not None:
            raise ValueError("scipy_solver takes no `event_fn` here; use a method of this package, such as dopri5")
        return scipy_odeint(func, y0, t, rtol, atol, options)

    def attempt(force_tensors: bool) -> Any:
        setup = prepare(
            func, y0, first_time(t, times), find_method(method), rtol, atol, options, force_tensors=force_tensors
        )
        if event_fn is None:
            return states_at(setup, t, times)
        return until_event(setup, event_fn, y0, t)

    return with_tensors_if_needed(attempt)


def odeint_dense(
    func: Callable[..., State],
    y0: State,
    t0: Time,
    t1: Time,
    *,
    rtol: Any = 1e-7,
    atol: Any = 1e-9,
    method: str | None = None,
    options: dict[str, Any] | None = None,
) -> DenseOutput:
    """The solution from t0 to t1 as a function of t, a number or a tensor of any shape.

    Arguments and errors as for `odeint`; either direction, any method with steps.

    >>> y = odeint_dense(lambda t, y: -y, torch.ones(1).double(), 0.0, 1.0)
    >>> bool((y(torch.tensor([0.25, 0.5]).double()).squeeze() - torch.tensor([0.7788, 0.6065])).abs().max() < 1e-4)
    True
    """
    refuse_time_gradient(t0, t1)
    if options and "interp" in options:
        raise ValueError("`interp` is an option of odeint; dense output is the method's own, or cubic")
    t = torch.tensor([number(t0), number(t1)], dtype=torch.float64)
    times = check_times(t, Layout.of(y0))

    def attempt(force_tensors: bool) -> DenseOutput:
        setup = prepare(func, y0, times[0], find_method(method), rtol, atol, options, force_tensors=force_tensors)
        output = DenseOutput(setup.stepper, [times[0]])
        for step in walk(setup, t, y0):
            output.add(step)
        return output

    return with_tensors_if_needed(attempt)


def with_tensors_if_needed(attempt: Callable[[bool], Any]) -> Any:
    """`attempt(False)`, or `attempt(True)` where a graph turns up on the way, as when func branches on t."""
    with solving():
        try:
            return attempt(False)
        except GraphNeededError:
            return attempt(True)


def first_time(t: Tensor, times: Sequence[float]) -> Time:
    """t[0], as a tensor where its gradient is wanted."""
    return t[0] if carries_derivatives(t) else times[0]


def walk(setup: Setup, t: Tensor, y0: State, grid: Tensor | None = None) -> Iterator[Step]:
    """The accepted steps from t[0] to t[-1]; on `grid` where the method takes fixed steps."""
    if isinstance(setup.options, FixedOptions):
        grid = setup.options.grid(setup.field.func, y0, t) if grid is None else grid
        yield from grid_steps(
            setup.stepper,
            grid,
            setup.y,
            setup.k,
            perturb=setup.options.perturb,
            watch=grid is t and len(t) <= FEW,
            callbacks=setup.callbacks,
            statistics=setup.statistics,
        )
        return
    end = float(t[-1].detach())
    run = setup.adaptive(end)
    while run.t != end:
        yield run.step(end)


def states_at(
    setup: Setup,
    t: Tensor,
    times: Sequence[float],
    on_step: Callable[[Step, int, int], object] | None = None,
) -> State:
    """Integrate, and return the states at t (T,); `on_step` is told of each step and that outputs [i, j) lie in it."""
    y0 = setup.stepper.handed_out(setup.y)
    grid = setup.options.grid(setup.field.func, y0, t) if isinstance(setup.options, FixedOptions) else None
    # on a grid of the output times the steps themselves carry the times' gradient
    carries = carries_derivatives(t) and grid is not t
    exact: Sequence[Time] = list(t) if carries else times
    direction = math.copysign(1.0, times[-1] - times[0])
    keys = [direction * time for time in times]
    blocks, i = [setup.y[None]], 1
    for step in walk(setup, t, y0, grid):
        j = bisect_right(keys, direction * step.t1, lo=i)
        if on_step is not None:
            on_step(step, i, j)
        if j > i:
            blocks.append(sample(setup.stepper, step, exact[i:j], setup.interp))
            i = j
    stacked = torch.cat(blocks) if isinstance(setup.y, Tensor) else np.concatenate(blocks)
    return to_states(setup.stepper, stacked, torch.Size([len(times)]))


def until_event(setup: Setup, event_fn: Any, y0: State, t: Tensor) -> tuple[Tensor, State]:
    """The event's time and the states at the start and there, (2, *shape) each."""
    if len(t) != 2:
        raise ValueError(f"with `event_fn`, `t` must hold two times: a start and a direction; got {len(t)}")
    end = math.copysign(math.inf, float((t[1] - t[0]).detach()))
    event = EventFunction(event_fn, setup.stepper, float(t[0].detach()), setup.y)
    if isinstance(setup.options, FixedOptions):
        steps = _endless(setup, y0, t)
    else:
        run = setup.adaptive(end)
        steps = iter(lambda: run.step(end), None)
    steps_end = number(t[0]) + math.copysign(EVENT_STEPS * _size(setup), end)
    found = first_event(setup.stepper, steps, event, setup.interp)
    if found is None:
        raise EventNotFoundError(
            f"the event function kept its sign for {EVENT_STEPS:,} steps of {setup.method.name}, to t={steps_end:g}",
            t=steps_end,
        )
    event_t, y1 = found
    stack = torch.stack if isinstance(setup.y, Tensor) else np.stack
    states = to_states(setup.stepper, stack([setup.y, y1]), torch.Size([2]))
    return torch.tensor(event_t, dtype=t.dtype, device=t.device), states


def _size(setup: Setup) -> float:
    """The length of fixed steps towards an event; infinite for methods that choose theirs."""
    if not isinstance(setup.options, FixedOptions):
        return math.inf
    if setup.options.step_size is None:
        raise ValueError(f"with `event_fn`, {setup.method.name} needs options={{'step_size': ...}}")
    return float(setup.options.step_size)


def _endless(setup: Setup, y0: State, t: Tensor) -> Iterator[Step]:
    """Fixed steps from t[0] in the direction of t[1], up to a limit."""
    stride = 250
    offsets = torch.arange(stride + 1, dtype=torch.float64) * math.copysign(_size(setup), number(t[1] - t[0]))
    y, k = setup.y, setup.k
    for chunk in range(EVENT_STEPS // stride):
        grid = t[0].to(offsets) + (chunk * offsets[-1] + offsets)
        for step in walk(replace(setup, y=y, k=k), t, y0, grid):
            yield step
            y = step.y1
        k = setup.stepper.derivative(grid[-1] if carries_derivatives(grid) else number(grid[-1]), y)
