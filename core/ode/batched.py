r"""`solve_batch`: independent problems, each sample with its own time, step size and interval.

One stiff sample then shortens no other's steps. `func` is called on the whole batch with t of shape (B,); samples that
have arrived stay where they are. Differentiable by back-propagation.

Source: the idea of torchode, Lienen and Guennemann (2022), with the control of `core.ode.control`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.ode.control import AdaptiveOptions
from core.ode.errors import MaxStepsError, NonFiniteError, StepUnderflowError, warn
from core.ode.field import Field
from core.ode.methods import find_method
from core.ode.problem import REAL, Layout, refuse_time_gradient, solving
from core.ode.tolerance import Tolerance


@dataclass(frozen=True)
class BatchSolution:
    """Solutions of B problems.

    Attributes:
        times: (T, B)
        states: (T, B, ...)
        nfe: calls of `func`, each on the whole batch.
        accepted, rejected: (B,) steps of each sample.
    """

    times: Tensor
    states: Tensor
    nfe: int
    accepted: Tensor
    rejected: Tensor


def solve_batch(
    func: Callable[..., Tensor],
    y0: Tensor,
    t0: float | Tensor,
    t1: float | Tensor,
    *,
    method: str | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    times: Tensor | Sequence[float] | None = None,
    args: tuple[Any, ...] = (),
    options: dict[str, Any] | None = None,
) -> BatchSolution:
    """Solve every sample of a batch with steps of its own.

    Args:
        func: of (t, y, *args), t (B,) and y (B, ...), to dy/dt like y.
        y0: (B, ...), float32 or float64.
        t0, t1: numbers, or (B,) tensors; all forwards or all backwards.
        method: an explicit adaptive one; dopri5 by default.
        rtol, atol: tolerances of the local error, measured for each sample by itself.
        times: (T,) for all samples or (T, B); t0 and t1 by default.
        args: further arguments of `func`.
        options: of `AdaptiveOptions`, without step_t and jump_t; max_num_steps counts for each sample.

    Raises:
        ValueError, TypeError: an argument is impossible.
        SolverError: a sample cannot go on; the message names it.

    >>> rates = torch.tensor([1.0, 1000.0]).double()
    >>> s = solve_batch(lambda t, y: -rates[:, None] * y, torch.ones(2, 1).double(), 0.0, 1.0)
    >>> bool(s.accepted[1] > 10 * s.accepted[0])
    True
    """
    given = dict(options or {})
    unknown = given.keys() - OPTIONS
    if unknown:
        warn(f"solve_batch has no option {', '.join(sorted(unknown))}; it has {', '.join(sorted(OPTIONS))}")
    read = AdaptiveOptions.read({name: value for name, value in given.items() if name in OPTIONS})
    with solving():
        return _Batch(func, y0, t0, t1, method, rtol, atol, args, read).solve(times)


OPTIONS = AdaptiveOptions.names() - {"step_t", "jump_t", "dtype"}
"""What may be set."""


class _Batch:
    """A batch solve in progress; all times (B,), float64."""

    def __init__(
        self, func: Any, y0: Any, t0: Any, t1: Any, method: Any, rtol: float, atol: float, args: Any, o: AdaptiveOptions
    ) -> None:
        self.method, self.options = find_method(method), o
        layout = Layout.of(y0)
        if layout.is_tuple or not y0.ndim or layout.dtype not in REAL:
            raise ValueError("`y0` must be one real tensor whose axis 0 is the batch")
        if not self.method.adaptive or self.method.implicit:
            raise ValueError(f"solve_batch takes an explicit adaptive method; got {self.method.name}")
        tolerance = Tolerance(layout, rtol, atol)
        tolerance.warn_below_epsilon()
        if not isinstance(tolerance.rtol, float) or not isinstance(tolerance.atol, float):
            raise TypeError(f"`rtol` and `atol` must be numbers; got {rtol} and {atol}")
        self.rtol, self.atol = tolerance.rtol, tolerance.atol
        self.size = len(y0)
        self.field = Field(func, layout, args)
        self.like = {"dtype": torch.float64, "device": y0.device}
        self.t, self.end = (self._times(name, value) for name, value in (("t0", t0), ("t1", t1)))
        self.direction = torch.sign(self.end - self.t)
        if self.size and (not bool((self.direction == self.direction[0]).all()) or not self.direction[0]):
            raise ValueError("all samples must go the same way, each from t0 to another t1")
        n = self.method.tableau.numeric
        assert n.error is not None
        assert n.dense is not None
        self.a, self.c, self.error, self.dense = n.a.tolist(), n.c.tolist(), n.error.tolist(), n.dense
        self.extra_a, self.extra_c = n.extra_a.tolist(), n.extra_c.tolist()
        self.q = (self.method.tableau.embedded_order or 0) + 1
        self.y = y0.clone()
        self.width = layout.sizes[0] // max(self.size, 1)  # values of a sample
        self.past = torch.ones((2, self.size), **self.like)  # error ratios of the last two accepted steps
        self.bad = torch.zeros(self.size, dtype=torch.bool, device=y0.device)
        self.accepted = torch.zeros(self.size, dtype=torch.int64, device=y0.device)
        self.rejected = self.accepted.clone()

    def solve(self, times: Any) -> BatchSolution:
        """Walk until every sample has arrived."""
        wanted = self._wanted(times)  # (T, B)
        at_start = (wanted == self.t).nonzero(as_tuple=True)
        found, values = [at_start], [self.y[at_start[1]]]
        k = self._slope(self.t, self.y)
        self._check_finite(k)
        self.h = self._initial(k)
        while bool((active := (self.end - self.t) * self.direction > 0).any()):
            self._check_limit(active)
            t0, y0 = self.t, self.y
            ahead = (self.end - t0) * self.direction
            wish = self.h.clamp(self.options.min_step, self.options.max_step)
            last = wish >= ahead * (1 - 1e-10)
            size = torch.where(active, torch.where(last, ahead, wish), torch.zeros_like(ahead))
            t1 = torch.where(last, self.end, t0 + self.direction * size)
            h = t1 - t0
            self._check_progress(active, t0)
            y1, stages = self._step(t0, h, t1, y0, k)
            ratio = self._ratio(h, stages, y0, y1)
            ok = active & (ratio <= 1)
            inside = ok & ((wanted - t0) * self.direction > 0) & ((t1 - wanted) * self.direction >= 0)
            if bool(inside.any()):
                where = inside.nonzero(as_tuple=True)
                found.append(where)
                values.append(self._between(where, wanted, t0, h, y0, stages))
            self.t = torch.where(ok, t1, t0)
            self.y = torch.where(self._wide(ok), y1, y0)
            k = torch.where(self._wide(ok), stages[self.method.tableau.stages - 1], k)
            self._control(active, ok, last, size, ratio)
        where = tuple(torch.cat(axis) for axis in zip(*found, strict=True))
        states = torch.zeros((len(wanted), *self.y.shape), dtype=self.y.dtype, device=self.y.device)
        states = states.index_put(where, torch.cat(values))
        return BatchSolution(wanted, states, self.field.nfe, self.accepted, self.rejected)

    def _step(self, t: Tensor, h: Tensor, t1: Tensor, y: Tensor, k: Tensor) -> tuple[Tensor, list[Tensor]]:
        stages, y_i = [k], y
        wide = self._wide(h.to(y.dtype))
        for row, c in zip(self.a[1:], self.c[1:], strict=True):
            y_i = y + wide * sum(a * stage for a, stage in zip(row, stages, strict=False) if a)
            stages.append(self._slope(t1 if c == 1.0 else t + c * h, y_i))
        return y_i, stages

    def _between(self, where: Any, wanted: Tensor, t: Tensor, h: Tensor, y: Tensor, stages: list[Tensor]) -> Tensor:
        """The dense output at wanted[where], (number, ...)."""
        wide = self._wide(h.to(y.dtype))
        for row, c in zip(self.extra_a, self.extra_c, strict=True):
            y_i = y + wide * sum(a * stage for a, stage in zip(row, stages, strict=False) if a)
            stages.append(self._slope(t + c * h, y_i))
        sample = where[1]
        theta = ((wanted[where] - t[sample]) / h[sample]).to(y.dtype)
        exponents = torch.arange(1, self.dense.shape[1] + 1, dtype=y.dtype, device=y.device)
        dense = torch.tensor(self.dense, dtype=y.dtype, device=y.device)
        weights = theta[:, None] ** exponents @ dense.T  # (number, stages)
        shape = (-1, *[1] * (y.ndim - 1))
        rise = sum(weights[:, i].reshape(shape) * stage[sample] for i, stage in enumerate(stages))
        return y[sample] + wide[sample] * rise

    def _ratio(self, h: Tensor, stages: list[Tensor], y0: Tensor, y1: Tensor) -> Tensor:
        with torch.no_grad():
            error = sum(e * stage for e, stage in zip(self.error, stages, strict=False) if e)
            return self._norm(self._wide(h.to(y0.dtype)) * error, torch.maximum(y0.abs(), y1.abs()))

    def _norm(self, difference: Tensor, y: Tensor) -> Tensor:
        scaled = difference / (self.atol + self.rtol * y.abs())
        return (scaled.reshape(self.size, self.width).square().sum(dim=1) / max(self.width, 1)).sqrt().double()

    def _control(self, active: Tensor, ok: Tensor, last: Tensor, size: Tensor, ratio: Tensor) -> None:
        o = self.options
        self.bad = active & ~torch.isfinite(ratio)
        self.accepted += ok
        failed = active & ~ok
        self.rejected += failed
        ratios = torch.cat([ratio[None], self.past]).clamp(min=1e-10)
        weights = torch.tensor(o.controller.betas, **self.like)[:, None] / -self.q
        factor = o.safety * (ratios**weights).prod(dim=0)
        least = 1.0 if o.controller.betas[1] == 0.0 else o.dfactor
        after_failure = (o.safety * ratios[0] ** (-1 / self.q)).nan_to_num(0.0).clamp(o.dfactor, 0.99)
        factor = torch.where(ok, factor.clamp(least, o.ifactor), after_failure)
        proposed = torch.where(ok & last, torch.maximum(size * factor, self.h), size * factor)
        self.past = torch.where(ok, torch.stack([ratio, self.past[0]]), self.past)
        if bool((failed & (size <= o.min_step)).any()):
            i = int((failed & (size <= o.min_step)).int().argmax())
            raise StepUnderflowError(
                f"sample {i}: at t={float(self.t[i]):.9g} a step of min_step={o.min_step:g} still has "
                f"{float(ratio[i]):.3g} times the tolerated error",
                t=float(self.t[i]),
                h=float(size[i]),
            )
        self.h = torch.where(active, proposed, self.h)

    def _check_limit(self, active: Tensor) -> None:
        spent = (self.accepted + self.rejected) * active
        most = self.options.max_num_steps
        if bool((spent >= most).any()):
            i = int(torch.argmax(spent))
            raise MaxStepsError(
                f"sample {i}: {most} steps led to t={float(self.t[i]):.6g} only, with steps of "
                f"{float(self.h[i]):.3g} now. If it is stiff, solve it by itself with kencarp4; else allow more "
                "(max_num_steps) or a larger rtol",
                t=float(self.t[i]),
                h=float(self.h[i]),
            )

    def _check_progress(self, active: Tensor, t0: Tensor) -> None:
        stuck = active & (t0 + 0.125 * self.h == t0)
        if bool(stuck.any()):
            i = int(stuck.int().argmax())
            t, h = float(t0[i]), float(self.h[i])
            if self.bad[i]:
                raise NonFiniteError(
                    f"sample {i}: func returned NaN or infinity in every step from t={t:.9g}, down to h={h:.3g}",
                    t=t,
                    h=h,
                )
            raise StepUnderflowError(
                f"sample {i}: at t={t:.9g} no step that still changes t meets the tolerance: a singularity or a jump "
                "may lie just ahead",
                t=t,
                h=h,
            )

    def _check_finite(self, values: Tensor) -> None:
        bad = ~torch.isfinite(values.detach()).reshape(self.size, self.width).all(dim=1)
        if bool(bad.any()):
            i = int(bad.int().argmax())
            raise NonFiniteError(f"sample {i}: func returned NaN or infinity at t={self.t[i]:.9g}", t=float(self.t[i]))

    def _initial(self, k: Tensor) -> Tensor:
        """As `core.ode.control.initial_step`, for each sample."""
        o, ahead = self.options, (self.end - self.t).abs()
        if o.first_step is not None:
            return torch.full_like(ahead, o.first_step)
        with torch.no_grad():
            d0, d1 = self._norm(self.y, self.y), self._norm(k, self.y)
            tiny = (d0 < 1e-5) | (d1 < 1e-5)
            h0 = torch.minimum(torch.where(tiny, torch.full_like(d0, 1e-6), 0.01 * d0 / d1), ahead)
            signed = self.direction * h0
            k1 = self._slope(self.t + signed, self.y + self._wide(signed.to(self.y.dtype)) * k)
            d2 = self._norm(k1 - k, self.y) / h0
            steepest = torch.maximum(d1, d2).nan_to_num(torch.inf)
            h1 = torch.where(steepest <= 1e-15, (h0 * 1e-3).clamp(min=1e-6), (0.01 / steepest) ** (1 / self.q))
            h1 = torch.where(h1 > 0, h1, h0)
            return torch.minimum(torch.minimum(50 * h0, h1), ahead).clamp(max=o.max_step)

    def _slope(self, t: Tensor, y: Tensor) -> Tensor:
        k = self.field(t.clone(), y)
        assert isinstance(k, Tensor)
        return k if k.requires_grad else k.clone()  # func may return the same tensor each time

    def _wide(self, v: Tensor) -> Tensor:
        """(B,) so that it multiplies (B, ...)."""
        return v.reshape(-1, *[1] * (self.y.ndim - 1))

    def _times(self, name: str, value: Any) -> Tensor:
        refuse_time_gradient(value)
        time = torch.as_tensor(value, **self.like)
        if time.ndim > 1 or (time.ndim and len(time) != self.size) or not bool(torch.isfinite(time).all()):
            raise ValueError(f"`{name}` must be one finite number, or one for each of {self.size} samples; got {value}")
        return time.expand(self.size).clone()

    def _wanted(self, times: Any) -> Tensor:
        if times is None:
            return torch.stack([self.t, self.end])
        refuse_time_gradient(times)
        wanted = torch.as_tensor(times, **self.like)
        wanted = wanted[:, None].expand(-1, self.size) if wanted.ndim == 1 else wanted
        fits = wanted.ndim == 2 and wanted.shape[1] == self.size
        if not fits or not bool(((wanted - self.t) * self.direction >= 0).all()):
            raise ValueError(f"`times` must be (T,) or (T, {self.size}), at or after t0; got {tuple(wanted.shape)}")
        if not bool(((self.end - wanted) * self.direction >= 0).all()):
            raise ValueError("`times` must not lie beyond t1")
        return wanted
