r"""`odeint_checkpointed`: the exact gradient of the computed solution, in memory for the square root of its steps.

Forward, without a graph, every accepted step leaves its times, and about every :math:`\sqrt{N}`-th its state.
Backward, one stretch after the other, from the last to the first, is taken again with the same steps and a graph. The
cost is one more forward solve, less its rejected steps. The gradient is that of `odeint` for the same steps; step
choices may differ by rounding between the two.

Source: Griewank, Walther, Evaluating Derivatives (2008), chapter 12; two levels suffice here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.adaptive import Step
from core.ode.capture import Kept, leaves_behind, probe
from core.ode.dense import sample
from core.ode.fixed_grid import FixedOptions
from core.ode.methods import Setup, find_method, prepare
from core.ode.odeint import odeint, states_at
from core.ode.problem import Layout, State, Time, check_times, pieces_of, solving
from core.ode.second import Partial


def odeint_checkpointed(
    func: Callable[..., State],
    y0: State,
    t: Tensor,
    *,
    rtol: Any = 1e-7,
    atol: Any = 1e-9,
    method: str | None = None,
    options: dict[str, Any] | None = None,
    event_fn: None = None,
    params: Iterable[Tensor] | None = None,
) -> Any:
    """`odeint`, with its gradient by recomputation.

    Args:
        func, y0, t, rtol, atol, method, options: as for `odeint`; a Runge-Kutta method.
        event_fn: not supported: use `odeint` or `odeint_adjoint`.
        params: tensors to differentiate by; by default all that `func` uses, found in its graph.

    Returns:
        As `odeint`.

    Raises:
        ValueError: a multistep method, an event, or `params` leaves out a tensor that `func` uses.
        TypeError, ValueError, SolverError: as for `odeint`.
    """
    layout = Layout.of(y0)
    times = check_times(t, layout)
    if event_fn is not None:
        raise ValueError("odeint_checkpointed takes no `event_fn`; use odeint or odeint_adjoint")
    if method == "scipy_solver" or find_method(method).adams:
        raise ValueError(f"odeint_checkpointed takes Runge-Kutta methods, whose steps begin anywhere; got {method!r}")
    settings = {"rtol": rtol, "atol": atol, "method": method, "options": options}
    if not torch.is_grad_enabled():
        return odeint(func, y0, t, **settings)
    slope, found = probe(func, layout, y0, times[0], params)
    with solving():
        results = _Checkpointed.apply(Request(func, layout, times, settings, slope), t, *pieces_of(y0), *found)
    return results if layout.is_tuple else results[0]


@dataclass(frozen=True)
class Request:
    """What is asked for, apart from tensors that carry gradients."""

    func: Callable[..., State]
    layout: Layout
    times: Sequence[float]
    settings: dict[str, Any]
    slope: State

    def prepare(self, y0: State, t0: Time, slope: State | None = None, force_tensors: bool = False) -> Setup:
        """The solve, ready to begin."""
        settings = dict(self.settings)
        method = find_method(settings.pop("method"))
        return prepare(self.func, y0, t0, method, **settings, slope=slope, force_tensors=force_tensors)


@dataclass(frozen=True)
class Record:
    """An accepted step, without its states; outputs [first, last) lie in it."""

    t0: float
    t1: float
    began: float
    ended: float
    first: int
    last: int


@dataclass
class Tape:
    """The steps taken, and states at every `stride`-th of them, as many as about 2 sqrt(N)."""

    records: list[Record] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)
    stride: int = 1
    end: Any = None

    def add(self, step: Step, first: int, last: int) -> None:
        """Keep a step; thin out the states when there are too many."""
        if len(self.records) % self.stride == 0:
            self.states.append(step.y0)
            if len(self.states) > 2 * self.stride:
                self.states = self.states[::2]
                self.stride *= 2
        self.end = step.y1
        self.records.append(Record(step.t0, step.t1, step.began, step.ended, first, last))


class _Checkpointed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, request: Request, t: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        count = len(request.layout.shapes)
        y0 = tensors[:count] if request.layout.is_tuple else tensors[0]
        setup = request.prepare(y0, request.times[0], slope=request.slope)
        tape = Tape()
        states = states_at(setup, t.detach(), request.times, tape.add)
        ctx.request, ctx.tape = request, tape
        ctx.save_for_backward(t, *tensors[:count])
        ctx.params = Kept(tensors[count:])
        return pieces_of(states)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        request, tape = ctx.request, ctx.tape
        count = len(request.layout.shapes)
        t, *y0 = ctx.saved_tensors
        y0, params = tuple(y0), ctx.params.again()
        if torch.is_grad_enabled():  # second derivatives need the whole graph
            compute = partial(_whole_gradient, request, params)
            found = Partial.apply(compute, 1 + 2 * count, t, *y0, *grads, *params)
            return (None, *found)
        replay = _Replay(request, tape, t, ctx.needs_input_grad[1], params)
        return (None, *replay.gradients(y0, grads))


def _whole_gradient(request: Request, params: tuple[Tensor, ...], t: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    """The gradients with respect to t, y0 and params, with a graph; `tensors` are y0 and the outputs' gradients."""
    count = len(request.layout.shapes)
    y0, grads = tensors[:count], tensors[count:]
    solution = odeint(request.func, y0 if request.layout.is_tuple else y0[0], t, **request.settings)
    inputs = (t, *y0, *params)
    return torch.autograd.grad(
        pieces_of(solution), inputs, grads, create_graph=True, allow_unused=True, materialize_grads=True
    )


class _Replay:
    """The backward pass, stretch by stretch."""

    def __init__(self, request: Request, tape: Tape, t: Tensor, time_gradient: bool, params: Sequence[Tensor]) -> None:
        self.request, self.tape, self.params = request, tape, params
        self.t = t.detach().clone().requires_grad_(time_gradient)
        self.d_t = torch.zeros_like(self.t)
        self.d_params = [torch.zeros_like(param) for param in params]

    def gradients(self, y0: tuple[Tensor, ...], grads: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
        """dL/dt or None, dL/dy0 for each tensor, dL/dtheta."""
        layout = self.request.layout
        start = y0 if layout.is_tuple else y0[0]
        setup = self.request.prepare(start, 0.0, slope=self.request.slope, force_tensors=True)
        lead = len(self.request.times)
        rows = torch.cat([g.reshape(lead, -1) for g in grads], dim=1) if layout.is_tuple else grads[0]
        a = torch.zeros_like(rows[0])
        for stretch in range(len(self.tape.states) - 1, -1, -1):
            a = self._stretch(setup, stretch, rows, a)
        a = a + rows[0]
        return (self.d_t if self.t.requires_grad else None, *pieces_of(layout.split(a)), *self.d_params)

    def _stretch(self, setup: Setup, index: int, rows: Tensor, a: Tensor) -> Tensor:
        """dL/dy at the stretch's start, from `a` at its end and the outputs' gradients."""
        stride = self.tape.stride
        records = self.tape.records[index * stride : (index + 1) * stride]
        kept = self.tape.states[index]
        start = torch.from_numpy(kept).reshape(a.shape) if isinstance(kept, np.ndarray) else kept.detach()
        with torch.enable_grad():
            y = start.clone().requires_grad_()
            setup.field.times_made = []
            outputs, end = self._steps(setup, records, index * stride, y)
            self._compare(setup, end, index)
            known = (y, self.t, *self.params, *setup.field.times_made)
            if leaves_behind([*(values for values, _, _ in outputs), end], known):
                raise ValueError(
                    f"between t={records[0].t0:g} and t={records[-1].t1:g} func uses a tensor that requires a gradient "
                    "but that it did not use at the start: its gradient would be lost. Name it in `params`; if func "
                    "makes it from its state by detach(), leave the state attached"
                )
            inputs = [y, *self.params, *([self.t] if self.t.requires_grad else [])]
            targets = [*(values for values, _, _ in outputs), end]
            weights = [*(rows[first:last] for _, first, last in outputs), a]
            found = torch.autograd.grad(
                targets,
                inputs,
                weights,
                retain_graph=True,  # func may use a tensor computed outside of it
                allow_unused=True,
                materialize_grads=True,
            )
        for total, part in zip(self.d_params, found[1:], strict=False):
            total += part
        if self.t.requires_grad:
            self.d_t += found[-1]
        return found[0]

    def _compare(self, setup: Setup, end: Tensor, index: int) -> None:
        """A stretch taken again must arrive where it did: a field with chance in it does not."""
        states = self.tape.states
        kept = self.tape.end if index + 1 == len(states) else states[index + 1]
        arrived = torch.as_tensor(kept).reshape(end.shape)
        gap = torch.linalg.vector_norm(end.detach() - arrived)
        epsilon = torch.finfo(setup.field.layout.real_dtype).eps
        allowed = max(math.sqrt(epsilon), 10 * float(np.max(setup.stepper.tolerance.rtol)))
        if float(gap) > allowed * (1e-6 + float(torch.linalg.vector_norm(arrived))):
            raise ValueError(
                f"taken again, the steps of the backward pass arrive elsewhere (by {float(gap):.3g}): func is not a "
                "function of t and y alone. Dropout? Put the network into eval mode, or use odeint"
            )

    def _steps(
        self, setup: Setup, records: Sequence[Record], offset: int, y: Tensor
    ) -> tuple[list[tuple[Tensor, int, int]], Tensor]:
        """The stretch's outputs, each with its range of output numbers, and its end."""
        stepper, options = setup.stepper, setup.options
        times = list(self.t) if self.t.requires_grad else self.request.times
        grid: Tensor | None = None
        if isinstance(options, FixedOptions) and self.t.requires_grad:
            grid = options.grid(self.request.func, y, self.t)
        outputs = []
        k, previous = None, None
        for number, record in enumerate(records, start=offset):
            start: Time = record.t0
            end: Time = record.t1
            h: Time = record.t1 - record.t0
            exact = times
            if grid is not None:
                start, end = grid[number], grid[number + 1]
                h = end - start
                exact = self.request.times if grid is self.t else times
            elif self.t.requires_grad and number == 0:
                start = self.t[0]
                h = record.t1 - start
            if k is None or previous != record.began:
                k = stepper.derivative(start + (record.began - record.t0), y)
            y1 = stepper.step(start, h, end + (record.ended - record.t1), y, k)
            step = Step(record.t0, record.t1, y, y1, 0.0, start, h, end, record.began, record.ended)
            if record.last > record.first:
                values = sample(stepper, step, exact[record.first : record.last], setup.interp)
                outputs.append((values, record.first, record.last))
            k = stepper.last_slope() if stepper.fsal else None
            y, previous = y1, record.ended
        return outputs, y
