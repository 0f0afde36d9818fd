"""Steps with error control, taken one at a time, so that callers may look, interpolate or stop between them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from core.ode.control import AdaptiveOptions, initial_step
from core.ode.errors import MaxStepsError, NewtonError, NonFiniteError, SolverError, StepUnderflowError
from core.ode.problem import State, Time, number
from core.ode.runge_kutta import Stepper

STIFF = 'If the problem is stiff, try method="kencarp4". '

Callback = Callable[[Tensor, State, Tensor], object]


@dataclass(frozen=True)
class Callbacks:
    """A field's wishes to be told of steps, each called with (t0, y0, |h|) as tensors."""

    step: Callback | None = None
    accept: Callback | None = None
    reject: Callback | None = None

    @classmethod
    def of(cls, func: Any, suffix: str = "") -> Callbacks:
        """`func.callback_step`, `callback_accept_step` and `callback_reject_step`, with a suffix to their names."""
        names = ("callback_step", "callback_accept_step", "callback_reject_step")
        return cls(*(getattr(func, name + suffix, None) for name in names))


@dataclass(slots=True)
class Step:
    """One accepted step from (t0, y0) to (t1, y1), states as the stepper holds them.

    Attributes:
        ratio: the error estimate over the tolerance; NaN without an estimate.
        start, h, end: t0, the signed step and t1; tensors where time carries a gradient.
        began, ended: t0 and t1 as the field saw them: at a jump, a rounding error inside the step.
    """

    t0: float
    t1: float
    y0: Any
    y1: Any
    ratio: float
    start: Time
    h: Time
    end: Time
    began: float
    ended: float


@dataclass
class Statistics:
    """What a solve took: sizes |h| and error ratios of accepted steps; (t, |h|, error ratio) of rejected ones."""

    step_sizes: list[float] = field(default_factory=list)
    error_ratios: list[float] = field(default_factory=list)
    rejections: list[tuple[float, float, float]] = field(default_factory=list)


class Adaptive:
    """An integration in progress, from `t` towards `end`, in either direction.

    Args:
        stepper: of a method with an error estimate.
        t: where to begin; a tensor where its gradient is wanted.
        y, k: the state there and its derivative.
        end: the field is never evaluated beyond it.
        options: of the control.
        callbacks: told of each attempt.
    """

    def __init__(
        self, stepper: Stepper, t: Time, y: Any, k: Any, end: float, options: AdaptiveOptions, callbacks: Callbacks
    ) -> None:
        self.stepper, self.options, self.callbacks = stepper, options, callbacks
        self.t, self.y, self.k, self.end = number(t), y, k, end
        self.direction = math.copysign(1.0, end - self.t)
        self.statistics = Statistics()
        self._origin = t if isinstance(t, Tensor) else None  # until the first step has been taken from it
        self._q = (stepper.tableau.embedded_order or stepper.order) + 1
        inside = [s for s in options.step_t + options.jump_t if (s - self.t) * self.direction > 0]
        self._stops = sorted(s * self.direction for s in inside)
        self._jumps = set(options.jump_t)
        self._ratios = [1.0, 1.0]
        self._non_finite = False
        self._began = self.t
        if not stepper.finite(k):
            raise self._non_finite_error(self.t, None)
        self.h = options.first_step or initial_step(stepper, self.t, y, k, end, self._q)

    def step(self, limit: float) -> Step:
        """One accepted step, not beyond `limit`.

        Raises:
            MaxStepsError, StepUnderflowError, NonFiniteError: the solve cannot go on.
        """
        o, stats = self.options, self.statistics
        while True:
            if len(stats.step_sizes) + len(stats.rejections) >= o.max_num_steps:
                raise MaxStepsError(
                    f"{o.max_num_steps} steps took the solve from its start to t={self.t:.6g} only, with steps of "
                    f"{self.h:.3g} now. {self._advice()}Otherwise allow more (max_num_steps) or a larger rtol",
                    t=self.t,
                    h=self.h,
                )
            size = min(max(self.h, o.min_step), o.max_step)
            t1, cut = self._next(size, limit)
            h = t1 - self.t
            if size < 4 * math.ulp(self.t) and not cut:  # t + h could be off by a quarter of h
                raise self._underflow(size)
            if self.callbacks.step:
                self._tell(self.callbacks.step, h)
            jump = t1 in self._jumps
            seen = self.stepper.field.layout.after(t1, -self.direction * math.inf) if jump else t1
            start, exact_h = (self.t, h) if self._origin is None else (self._origin, t1 - self._origin)
            y1, ratio = self._attempt(start, exact_h, seen)
            if ratio <= 1.0:
                break
            stats.rejections.append((self.t, abs(h), ratio))
            if self.callbacks.reject:
                self._tell(self.callbacks.reject, h)
            self._after_rejection(abs(h), ratio, y1)
        if self.callbacks.accept:
            self._tell(self.callbacks.accept, h)
        step = Step(self.t, t1, self.y, y1, ratio, start, exact_h, t1, self._began, seen)
        self._after_acceptance(size, cut, abs(h), ratio)
        self._advance(t1, y1, jump)
        self._stops = self._stops[bisect_right(self._stops, t1 * self.direction) :]
        return step

    def restart(self, y: Any) -> None:
        """Go on from another state at the same time, with the step size that was right for the last."""
        self.y = y
        self.k = self.stepper.derivative(self.t, y)

    def _next(self, size: float, limit: float) -> tuple[float, bool]:
        """Where a step of `size` ends, and whether it is cut: never beyond the limit or a prescribed time."""
        d = self.direction
        t1 = self.t + d * size
        if self._stops and self._stops[0] <= limit * d:
            limit = self._stops[0] * d
        if (limit - t1) * d <= 1e-10 * size:  # nor just short of it: the rest would be a step of a rounding error
            return limit, True
        return t1, False

    def _attempt(self, start: Time, h: Time, seen: float) -> tuple[Any, float]:
        try:
            y1 = self.stepper.step(start, h, seen, self.y, self.k)
        except NewtonError:  # an implicit step too long for its iteration
            return self.y, math.inf
        return y1, self.stepper.error_ratio(h, self.y, y1)

    def _advance(self, t1: float, y1: Any, jump: bool) -> None:
        self.t, self.y, self._origin, self._began = t1, y1, None, t1
        if jump and t1 != self.end:
            self._began = self.stepper.field.layout.after(t1, self.direction * math.inf)
            self.k = self.stepper.derivative(self._began, y1)
        elif self.stepper.fsal:
            self.k = self.stepper.last_slope()
        elif t1 != self.end:
            self.k = self.stepper.derivative(t1, y1)

    def _after_acceptance(self, size: float, cut: bool, h: float, ratio: float) -> None:
        o = self.options
        self.statistics.step_sizes.append(h)
        self.statistics.error_ratios.append(ratio)
        factor = o.safety * o.controller.factor((ratio, *self._ratios), self._q)
        # torchdiffeq's I control never shrinks after a success
        least = 1.0 if o.controller.betas[1] == 0.0 and self.stepper.tableau.explicit else o.dfactor
        proposed = h * min(o.ifactor, max(factor, least))
        # a step cut short by a limit says nothing against the longer one that was meant
        self.h = max(proposed, size) if cut else proposed
        self._ratios = [ratio, self._ratios[0]]
        self._non_finite = False

    def _after_rejection(self, h: float, ratio: float, y1: Any) -> None:
        o = self.options
        if math.isfinite(ratio):
            self._non_finite = False
            factor = min(max(o.safety * ratio ** (-1 / self._q), o.dfactor), 0.99)
        else:  # perhaps the step left the field's domain: a shorter one may stay inside
            self._non_finite = not (self.stepper.finite(y1) and self.stepper.finite(self.stepper.last_slope()))
            factor = o.dfactor
        if h <= o.min_step:
            raise self._underflow(h, ratio)
        self.h = h * factor

    def _underflow(self, h: float, ratio: float | None = None) -> SolverError:
        if self._non_finite:
            return self._non_finite_error(self.t, h)
        norm = "" if ratio is None else f" (error {ratio:.3g} times the tolerance)"
        least = (
            f"min_step={self.options.min_step:g} allows no shorter one"
            if h <= self.options.min_step
            else "a shorter one would no longer change t"
        )
        return StepUnderflowError(
            f"at t={self.t:.9g} the step h={h:.3g} still fails{norm} and {least}. The solution may have a singularity "
            "just ahead, the field a jump (see jump_t), or the tolerance may be below rounding. "
            + self._advice().rstrip(),
            t=self.t,
            h=h,
        )

    def _advice(self) -> str:
        return STIFF if self.stepper.tableau.explicit else ""

    def _non_finite_error(self, t: float, h: float | None) -> NonFiniteError:
        ahead = "" if h is None else f" in every step from here, down to h={h:.3g}"
        return NonFiniteError(
            f"func returned NaN or infinity at t={t:.9g}{ahead}. The state may have left the field's domain, or the "
            "solution may blow up: look at func there",
            t=t,
            h=h,
        )

    def _tell(self, callback: Callback, h: float) -> None:
        time = self.stepper.field.time
        callback(time(self.t), self.stepper.handed_out(self.y), time(abs(h)))
