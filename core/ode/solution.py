"""`solve`: one initial value problem, with all that can be known of its solution."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.ode.adaptive import Statistics, Step
from core.ode.control import Controller
from core.ode.dense import DenseOutput, sample, to_states
from core.ode.errors import SolverError
from core.ode.event_gradient import with_event_gradient
from core.ode.events import EventFunction, first_event
from core.ode.methods import Setup
from core.ode.odeint import with_tensors_if_needed
from core.ode.problem import State, refuse_time_gradient
from core.ode.stepwise import begin, walk_to

Status = Literal["finished", "event", "stopped", "failed"]


@dataclass(frozen=True)
class Solution:
    """A solution and what it took.

    Attributes:
        times: (N,) float64; of the accepted steps' ends, t0 first, or those asked for.
        states: (N, *y0.shape) for each tensor of the state.
        status: "finished" at t1; "event"; "stopped" by `stop`; "failed" in a `SolverError`'s `partial`.
        nfe: evaluations of `func`.
        step_sizes: |h| of each accepted step; of the last the whole, where an event lies within it.
        error_ratios: of each accepted step, the error estimate over the tolerance; empty for fixed steps.
        rejections: (t, |h|, error ratio) of each rejected attempt.
        dense: the solution as a function of t, where asked for.
    """

    times: Tensor
    states: State
    status: Status
    nfe: int
    step_sizes: Sequence[float]
    error_ratios: Sequence[float]
    rejections: Sequence[tuple[float, float, float]]
    dense: DenseOutput | None = None

    @property
    def accepted(self) -> int:
        """Number of accepted steps."""
        return len(self.step_sizes)

    @property
    def rejected(self) -> int:
        """Number of rejected attempts."""
        return len(self.rejections)

    @property
    def t(self) -> float:
        """The time reached."""
        return float(self.times[-1])

    @property
    def y(self) -> State:
        """The state reached."""
        return tuple(piece[-1] for piece in self.states) if isinstance(self.states, tuple) else self.states[-1]

    def __call__(self, t: float | Tensor) -> State:
        """The state at any time inside the interval, a number or a tensor: (*t.shape, *y0.shape) for each tensor.

        Raises:
            ValueError: the solve was not asked for dense output, or t lies outside.
        """
        if self.dense is None:
            raise ValueError("this solution has no dense output: call solve(..., dense=True)")
        return self.dense(t)


def solve(
    func: Callable[..., State],
    y0: State,
    t0: float,
    t1: float,
    *,
    method: str | None = None,
    rtol: Any = 1e-6,
    atol: Any = 1e-9,
    times: Sequence[float] | Tensor | None = None,
    args: tuple[Any, ...] = (),
    step_size: float | None = None,
    controller: str | Controller | None = None,
    max_steps: int | None = None,
    dense: bool = False,
    event: Callable[..., Tensor] | None = None,
    stop: Callable[[float, State], bool] | None = None,
    progress: Callable[[float], object] | None = None,
    options: dict[str, Any] | None = None,
) -> Solution:
    """Solve dy/dt = func(t, y, *args) from t0 to t1.

    Args:
        func: of (t, y, *args) to dy/dt like y; t is a 0-dim tensor.
        y0: a tensor or a tuple of tensors.
        t0, t1: the interval; t1 < t0 solves backwards. Infinite t1 needs an `event` or `stop`.
        method: a name from `METHODS`; dopri5 by default.
        rtol, atol: tolerances of the local error, as for `odeint`.
        times: where to give states, from t0 to t1; every accepted step by default.
        args: further arguments of `func`.
        step_size: of methods with fixed steps, which need it.
        controller: "I", "PI", "PID" or a `Controller`; "I" by default, "PI" for kencarp4.
        max_steps: limit on attempts; 100,000 by default.
        dense: keep the solution as a function of t.
        event: of (t, y) to a tensor; ends the solve where one of its values changes sign.
        stop: of (t, y), asked after each step; ends the solve when true.
        progress: told after each step what fraction of the interval is done, from 0 to 1.
        options: see `odeint`.

    Raises:
        TypeError, ValueError: an argument is impossible.
        SolverError: the solve could not go on; `error.partial` holds the solution up to there.

    >>> s = solve(lambda t, y: -y, torch.ones(1).double(), 0.0, 1.0, dense=True)
    >>> s.status, s.accepted, bool(abs(s(0.5) - math.exp(-0.5)) < 1e-6)
    ('finished', 5, True)
    """
    named = {"controller": controller, "max_num_steps": max_steps, "step_size": step_size}
    given = {**(options or {}), **{name: value for name, value in named.items() if value is not None}}
    wanted = None if times is None else _outputs(times, t0, t1)

    def attempt(force_tensors: bool) -> Solution:
        setup = begin(func, y0, t0, t1, method, rtol, atol, args, given, force_tensors)
        return _Run(setup, y0, t0, t1, wanted, dense).finish(event, stop, progress)

    return with_tensors_if_needed(attempt)


def _outputs(times: Sequence[float] | Tensor, t0: float, t1: float) -> list[float]:
    if isinstance(times, Tensor):
        refuse_time_gradient(times)
    wanted = [float(time) for time in times]
    sign = 1.0 if t1 > t0 else -1.0
    ordered = all(map(math.isfinite, wanted)) and all((b - a) * sign > 0 for a, b in pairwise(wanted))
    if not wanted or not ordered or (wanted[0] - t0) * sign < 0 or (t1 - wanted[-1]) * sign < 0:
        raise ValueError(f"`times` must lead strictly from t0={t0:g} towards t1={t1:g}, inside them; got {wanted}")
    return wanted


class _Run:
    """A solve in progress, collecting what the `Solution` will hold."""

    def __init__(self, setup: Setup, y0: State, t0: float, t1: float, wanted: list[float] | None, dense: bool) -> None:
        self.setup, self.y0, self.t0, self.t1, self.wanted = setup, y0, float(t0), float(t1), wanted
        self.sign = 1.0 if t1 > t0 else -1.0
        self.stopped = False
        self.event_t: Tensor | None = None  # with its gradient, where the state has one
        self.output = DenseOutput(setup.stepper, [self.t0]) if dense else None
        at_start = wanted is None or wanted[0] == t0
        self.times: list[float] = [self.t0] if at_start else []
        self.blocks: list[Any] = [setup.y[None]] if at_start else []

    def finish(self, event: Any, stop: Any, progress: Any) -> Solution:
        """Take the steps."""
        status: Status = "finished"
        walked = self._told(stop, progress)
        try:
            if event is not None:
                watched = EventFunction(event, self.setup.stepper, self.t0, self.setup.y)
                found = first_event(self.setup.stepper, walked, watched, "own")
                if found is not None:
                    status = "event"
                    self._cut(event, *found)
            else:
                for _ in walked:
                    pass
            if status == "finished" and self.stopped:
                status = "stopped"
        except SolverError as error:
            error.partial = self._solution("failed")
            raise
        return self._solution(status)

    def _told(self, stop: Any, progress: Any) -> Iterator[Step]:
        for step in walk_to(self.setup, self.y0, self.t0, self.t1):
            self._add(step)
            if progress is not None:
                progress((step.t1 - self.t0) / (self.t1 - self.t0))
            yield step
            if stop is not None and stop(step.t1, self.setup.stepper.handed_out(step.y1)):
                self.stopped = True
                return

    def _add(self, step: Step) -> None:
        if self.output is not None:
            self.output.add(step)
        if self.wanted is None:
            self.times.append(step.t1)
            self.blocks.append(step.y1[None])
            return
        first = len(self.times)
        last = bisect_right(self.wanted, step.t1 * self.sign, lo=first, key=lambda time: time * self.sign)
        if last > first:
            inside = self.wanted[first:last]
            self.times += inside
            self.blocks.append(sample(self.setup.stepper, step, inside))

    def _cut(self, event: Any, where: float, state: Any) -> None:
        """End at the event: what lies behind it goes."""
        if self.output is not None:
            self.output.last = where
        if isinstance(state, Tensor) and state.requires_grad:
            field, stepper = self.setup.field, self.setup.stepper
            self.event_t, moved = with_event_gradient(
                lambda t, y: field.func(t, y, *field.args),
                event,
                self.t0,
                stepper.to_state(self.setup.y),
                torch.tensor(where, dtype=torch.float64),
                stepper.to_state(state),
            )
            state = stepper.from_state(moved)
        count = bisect_right(self.times, where * self.sign, key=lambda time: time * self.sign)
        if count and self.times[count - 1] == where:
            count -= 1
        stacked = self._stacked()[:count]
        self.times, self.blocks = [*self.times[:count], where], [stacked, state[None]]

    def _stacked(self) -> Any:
        if not self.blocks:
            return self.setup.y[None][:0]
        return torch.cat(self.blocks) if isinstance(self.setup.y, Tensor) else np.concatenate(self.blocks)

    def _solution(self, status: Status) -> Solution:
        statistics: Statistics = self.setup.statistics
        times = torch.tensor(self.times, dtype=torch.float64)
        if self.event_t is not None:
            times = torch.cat([times[:-1], self.event_t[None]])
        return Solution(
            times=times,
            states=to_states(self.setup.stepper, self._stacked(), torch.Size([len(self.times)])),
            status=status,
            nfe=self.setup.field.nfe,
            step_sizes=statistics.step_sizes,
            error_ratios=statistics.error_ratios,
            rejections=statistics.rejections,
            dense=self.output,
        )
