r"""One step of an implicit Runge-Kutta method, read from its tableau.

.. math:: k_i = f\Big(t + c_i h,\; y + h \sum_j a_{ij} k_j\Big), \qquad y_1 = y + h \sum_i b_i k_i

The stages fall into blocks, solved one after the other: single stages of a diagonally implicit method, all stages
of Gauss' and Radau's. A block whose part of a is zero costs no solve.

A gradient through a step follows the implicit function theorem: with the graph of one evaluation F at the solution,

.. math:: \mathrm{d}K = (I - h\, a_{ij} J_i)^{-1}\, \mathrm{d}F .

Sources: Hairer, Wanner, Solving ODEs II, IV.6 and IV.8; Blondel et al., Efficient and modular implicit
differentiation (arXiv 2105.15183).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from core.ode.errors import NewtonError
from core.ode.field import Field
from core.ode.jacobian import Samples, Weights, factored, rows_of_jacobian
from core.ode.newton import Newton, NewtonOptions
from core.ode.problem import State, Time, number, transforming
from core.ode.runge_kutta import hermite
from core.ode.second import IMPLICIT_ONCE, Once
from core.ode.tableau import Tableau
from core.ode.tensor_stepper import TensorStepper
from core.ode.tolerance import Tolerance

__all__ = ["ImplicitStepper", "NewtonOptions"]

Terms = list[tuple[int, float]]
"""Stages and their weights."""


@dataclass(frozen=True)
class Block:
    """Stages `first` to `last` (not included) of a tableau.

    Args:
        a: the block's part: a number for one stage, 0 where it is explicit; else (m, m).
        before: for each stage the terms of a from stages before the block.
        terms: for each stage all its terms.
    """

    first: int
    last: int
    a: Weights
    before: list[Terms]
    terms: list[Terms]


def blocks_of(tableau: Tableau, like: Tensor) -> list[Block]:
    """The smallest blocks that can be solved one after the other."""
    a = tableau.numeric.a
    rows = [[(j, x) for j, x in enumerate(row) if x] for row in a.tolist()]
    blocks: list[Block] = []
    first = 0
    while first < tableau.stages:
        last, i = first + 1, first
        while i < last:
            last = max(last, 1 + rows[i][-1][0] if rows[i] else 0)
            i += 1
        before = [[(j, x) for j, x in row if j < first] for row in rows[first:last]]
        part = a[first:last, first:last]
        weights = torch.tensor(part).to(like) if len(part) > 1 else float(part[0, 0])
        blocks.append(Block(first, last, weights, before, rows[first:last]))
        first = last
    return blocks


class ImplicitStepper(TensorStepper):
    """Steps on tensors of the state's shape (tuples end to end), real or complex, on any device.

    Args:
        field: the right-hand side.
        tableau: an implicit method.
        tolerance: what the error estimate is measured by.
        options: of Newton's iteration.
        adaptive: whether an error control follows the steps; otherwise stages are solved down to rounding. By default
            where the tableau has embedded weights of lower order.
    """

    def __init__(
        self,
        field: Field,
        tableau: Tableau,
        tolerance: Tolerance,
        options: NewtonOptions,
        adaptive: bool | None = None,
    ) -> None:
        super().__init__(field, tableau, tolerance)
        if adaptive is None:
            adaptive = tableau.embedded_order is not None and tableau.embedded_order < tableau.order
        self.samples = Samples(self.layout, options.batched)
        samples, layout = self.samples, self.layout

        def slope(t: Time, y: Tensor) -> Tensor:  # no method: Newton would hold the stepper that holds it
            k = layout.join(field(t, layout.split(samples.state(y))))
            return samples.flat(k if k.requires_grad else k.clone())

        self._slope = slope
        self.newton = Newton(slope, options.max_iters, exact=not adaptive)
        like = torch.empty((), dtype=self.layout.real_dtype, device=self.layout.device)
        self._blocks = blocks_of(tableau, like)
        self._start: Tensor | None = None  # the derivative at the last step's start

    @property
    def jacobians(self) -> int:
        """Number of Jacobians so far."""
        return self.newton.jacobians

    @override
    def from_state(self, y: State) -> Tensor:
        """As `TensorStepper`; raises NotImplementedError for a tangent or a functional transform."""
        joined = super().from_state(y)
        if transforming():
            raise NotImplementedError(
                f"{self.tableau.name} has reverse-mode gradients only: use torch.autograd, not torch.func or forward "
                "mode, or an explicit method"
            )
        return joined

    @override
    def step(self, t: Time, h: Time, t1: Time, y: Tensor, k: Tensor) -> Tensor:
        self._start = k
        graph = torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in (t, h, y, k))
        seen = y if self.samples.whole else y[: self.samples.lead]
        scale: Tensor | None = None
        for block in self._blocks:
            if block.first == 0 and not block.terms[0]:
                self._put(0, k)
                continue
            stages = range(block.first, block.last)
            times = [self._stage_time(i, t, h, t1) for i in stages]
            u = [self._total(seen, h, terms) for terms in block.before]
            if not isinstance(block.a, Tensor) and block.a == 0.0:
                self._evaluate(block.first, times[0], u[0])
                continue
            with torch.no_grad():
                if scale is None:
                    self.newton.begin(number(t), self.samples.flat(y.detach()), y)
                    scale = self._scale(y.detach())
                try:
                    slopes = self._solve(block, number(h), times, u, scale)
                except NewtonError:
                    if not self.newton.finite:  # so that an error control sees it too
                        self._put(self._stages - 1, torch.full_like(k, torch.nan))
                    raise
            for j, i in enumerate(stages):
                self._put(i, self.samples.state(slopes[:, j]))
            if graph:
                self._attach(block, times, h, seen, slopes)
            if not self.samples.whole:
                self._follow(block, times, h, seen)
        return self._sum(y, h, self._terms[self._stages])

    @override
    def polynomial(self, t: Time, h: Time, y: Tensor, y1: Tensor, k1: Tensor | None = None) -> Tensor:
        if self.tableau.dense is not None:
            return super().polynomial(t, h, y, y1, k1)
        k1 = self.last_slope() if self.fsal else k1
        assert k1 is not None
        return hermite(h, y1 - y, self._start, k1)

    @property
    @override
    def needs_end_slope(self) -> bool:
        return self.tableau.dense is None and not self.fsal

    def _stage_time(self, i: int, t: Time, h: Time, t1: Time) -> Time:
        return t1 if self._c[i] == 1.0 else t + self._c[i] * h

    def _total(self, y: Tensor, h: Time, terms: Terms) -> Tensor:
        return self._sum(y, h, terms, None if self.samples.whole else self.samples.lead)

    def _scale(self, y: Tensor) -> Tensor:
        """What changes of stage values are measured by, (B, 1, n)."""
        scale = self.tolerance.scale_tensor(y)
        return self.samples.flat(scale if self.samples.real else torch.complex(scale, scale))[:, None]

    def _guess(self, block: Block) -> Tensor:
        """The slopes (B, m, n) to begin with: on the line through the last two, else the last."""
        i, c = block.first, self._c
        last = self._start if i == 0 else self._stage(i - 1)
        assert last is not None
        if i > 1 and len(block.terms) == 1 and c[i - 1] != c[i - 2]:
            before = self._stage(i - 2)
            last = last + (c[i] - c[i - 1]) / (c[i - 1] - c[i - 2]) * (last - before)
        return self.samples.flat(last.detach())[:, None].expand(-1, len(block.terms), -1)

    def _solve(self, block: Block, h: float, times: list[Time], u: list[Tensor], scale: Tensor) -> Tensor:
        """The block's slopes (B, m, n)."""
        values = torch.stack([self.samples.flat(value.detach()) for value in u], dim=1)
        return self.newton.solve(block.a, h, [number(time) for time in times], values, self._guess(block), scale)

    def _follow(self, block: Block, times: list[Time], h: Time, y: Tensor) -> None:
        """The slopes of the integrals that func does not see, at the stages just solved."""
        values = [self._total(y, h, terms) for terms in block.terms]
        for i, (time, value) in enumerate(zip(times, values, strict=True), start=block.first):
            rest = self.derivative(time, value)[self.samples.lead :]
            self._put(i, torch.cat([self._stage(i), rest]))

    def _attach(self, block: Block, times: list[Time], h: Time, y: Tensor, slopes: Tensor) -> None:
        """Give the block's stages, solved without a graph, the graph that the implicit function theorem says."""
        jacobians, results = [], []
        for time, terms in zip(times, block.terms, strict=True):
            value = self.samples.flat(self._total(y, h, terms))
            value = value if value.requires_grad else value.requires_grad_()
            f = self._slope(time, value)
            jacobians.append(rows_of_jacobian(f, value, keep_graph=True))
            results.append(f)
        jacobian = torch.stack(jacobians, dim=1)
        self.newton.use(jacobian)
        attached = _Implicit.apply(torch.stack(results, dim=1), slopes, *factored(block.a, number(h), jacobian))
        for j in range(block.last - block.first):
            self._put(block.first + j, self.samples.state(attached[:, j]))


class _Implicit(torch.autograd.Function):
    """K, whose derivative is that of M K = F with M held fixed."""

    @staticmethod
    def forward(ctx: Any, f: Tensor, slopes: Tensor, factors: Tensor, pivots: Tensor) -> Tensor:
        ctx.save_for_backward(f, factors, pivots)
        return slopes.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        f, factors, pivots = ctx.saved_tensors
        (grad,) = grads
        flat = grad.detach().reshape(len(grad), -1, 1)
        result = torch.linalg.lu_solve(factors, pivots, flat, adjoint=True).reshape(grad.shape)
        if torch.is_grad_enabled():  # create_graph: what was computed here must not pass for a constant
            result = Once.apply(IMPLICIT_ONCE, result, f, grad)
        return result, None, None, None
