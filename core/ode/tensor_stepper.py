"""Explicit steps on tensors: differentiable, under functional transforms, on any device."""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from core.ode.field import Field
from core.ode.problem import State, Time, is_batched, number, transforming
from core.ode.runge_kutta import Stepper, rows_of
from core.ode.tableau import Tableau
from core.ode.tolerance import Tolerance


class TensorStepper(Stepper[Tensor]):
    """Steps on tensors of the state's shape (tuples end to end): differentiable, on any device."""

    def __init__(self, field: Field, tableau: Tableau, tolerance: Tolerance) -> None:
        super().__init__(field, tableau, tolerance)
        self.layout = field.layout
        self._terms = [[(j, a) for j, a in enumerate(row.tolist()) if a] for row in rows_of(tableau)]
        error = tableau.numeric.error
        self._error = [] if error is None else [(j, e) for j, e in enumerate(error.tolist()) if e]
        self._in_place = not torch.is_grad_enabled() and not transforming()  # large states: memory is what takes time
        self._k: list[Tensor] = [torch.empty(0)] * (tableau.stages + len(self._extra_c))

    @override
    def from_state(self, y: State) -> Tensor:
        joined = self.layout.join(y)
        return joined if isinstance(y, tuple) else joined.clone()

    @override
    def to_state(self, y: Tensor) -> State:
        return self.layout.split(y)

    @override
    def derivative(self, t: Time, y: Tensor) -> Tensor:
        k = self.layout.join(self.field(t, self.layout.split(y)))
        # func may return the same tensor each time; with a graph it cannot, unless it keeps no gradient itself
        return k if k.requires_grad or self.layout.is_tuple else k.clone()

    @override
    def error_ratio(self, h: Time, y: Tensor, y1: Tensor) -> float:
        with torch.no_grad():
            h = number(h)
            error = self._sum(torch.zeros_like(y), h, self._error)
            return self.tolerance.of_tensors(error, y.detach(), y1.detach())

    @override
    def ratio(self, difference: Tensor, y: Tensor) -> float:
        with torch.no_grad():
            return self.tolerance.norm_of_tensor(difference / self.tolerance.scale_tensor(y))

    @override
    def finite(self, y: Tensor) -> bool:
        with torch.no_grad():
            if is_batched(y):
                return True
            # A finite sum has finite terms, and costs a fifth; an infinite one may be an overflow.
            return bool(torch.isfinite(y.sum())) or bool(torch.isfinite(y).all())

    @override
    def keep(self, y: Tensor) -> Tensor:
        return y

    def _put(self, i: int, k: Tensor) -> None:
        self._k[i] = k

    def _stage(self, i: int) -> Tensor:
        return self._k[i]

    def _begin(self, y: Tensor, h: Time, k: Tensor) -> None:
        self._y, self._h = y, h
        self._k[0] = k

    def _combine(self, i: int) -> Tensor:
        if self.layout.seen is not None and i < self._stages - self.fsal:
            lead = sum(self.layout.sizes[: self.layout.seen])
            return self._sum(self._y[:lead], self._h, self._terms[i], lead)
        return self._sum(self._y, self._h, self._terms[i])

    def _sum(self, y: Tensor, h: Time, terms: list[tuple[int, float]], lead: int | None = None) -> Tensor:
        """y + h sum a_j k_j, of the first `lead` values."""
        fresh = False
        for j, a in terms:
            k = self._k[j] if lead is None else self._k[j][:lead]
            # a tensor h in the state's precision: a 0-dim state would be promoted to h's
            scale = (h * a).to(self.layout.real_dtype) if isinstance(h, Tensor) else h * a
            if isinstance(scale, Tensor):
                y = y + scale * k
            elif fresh and self._in_place:
                y.add_(k, alpha=scale)
            else:
                y = torch.add(y, k, alpha=scale)
            fresh = True
        return y

    def _evaluate(self, i: int, t: Time, y: Tensor) -> None:
        self._k[i] = self.derivative(t, y)

    def _dense(self, h: Time) -> Tensor:
        dense = self.tableau.numeric.dense
        weights = torch.tensor(dense).to(self.layout.device, self.layout.dtype).T
        stages = torch.stack(self._k)
        rise = torch.tensordot(weights, stages, dims=1)
        return (h.to(self.layout.real_dtype) if isinstance(h, Tensor) else h) * rise
