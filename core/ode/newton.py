r"""Newton's iteration for the stage slopes of an implicit Runge-Kutta step.

The m slopes :math:`K` of a block of coupled stages solve

.. math:: K_i = f\Big(t_i,\; u_i + h \sum_j a_{ij} K_j\Big), \qquad
          \sum_j (\delta_{ij} - h\, a_{ij} J_i)\, \Delta K_j = f(\cdot) - K_i,
          \quad J_i = \partial f / \partial y .

The slopes are iterated, not the stage values: a slope computed as f of a value carries that value's error times the
stiffness, a slope that came out of the linear system does not. J and the factors of the matrix stay as long as they
serve (simplified Newton).

Source: Hairer, Wanner, Solving ODEs II, IV.8.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from core.ode.errors import NewtonError
from core.ode.jacobian import Weights, factored, rows_of_jacobian, spread
from core.ode.problem import Time

Slope = Callable[[Time, Tensor], Tensor]
"""f on flat states: a time and (B, n) to (B, n)."""

FRACTION = 0.03
"""Of the tolerance: how far an adaptive method's stage values may be from the solution of their equations."""

SLOW = 0.3
EXACT_SLOW = 0.03
"""The matrix is renewed where an update is more than this fraction of the one before: a Jacobian costs about three
iterations, and down to rounding there are many to save."""

REUSABLE = 0.01
"""A Jacobian that made each update this fraction of the one before, or less, serves the next step too."""


@dataclass(frozen=True)
class NewtonOptions:
    """What may be set of an implicit method.

    Args:
        batched: axis 0 of (every tensor of) the state counts samples that `func` treats independently: n products
            give the Jacobians of all, and systems of n unknowns are solved in place of one with B n.
        max_iters: limit on the iterations for each block of stages.
    """

    batched: bool = False
    max_iters: int = 20

    @classmethod
    def names(cls) -> set[str]:
        """Of all options."""
        return {f.name for f in fields(cls)}

    @classmethod
    def read(cls, given: dict[str, Any]) -> NewtonOptions:
        """From a user's dictionary, where other names are left alone.

        Raises:
            ValueError: an impossible value.
        """
        return cls(**{name: value for name, value in given.items() if name in cls.names()})

    def __post_init__(self) -> None:
        if not isinstance(self.batched, bool):
            raise ValueError(f"option `batched` must be True or False; got {self.batched!r}")
        if not isinstance(self.max_iters, int) or isinstance(self.max_iters, bool) or self.max_iters < 1:
            raise ValueError(f"option `max_iters` must be a positive integer; got {self.max_iters!r}")


class Newton:
    """Solves block after block, step after step, and remembers Jacobian and factors.

    Args:
        slope: f on flat states.
        max_iters: limit for each block.
        exact: iterate down to rounding, as methods without error control need it.

    Attributes:
        jacobians: number of Jacobians evaluated, each from one evaluation of `slope`.
        iterations: number of linear systems solved.
        finite: whether the iterates were, at the last failure.
    """

    def __init__(self, slope: Slope, max_iters: int, exact: bool) -> None:
        self.slope, self.max_iters, self.exact = slope, max_iters, exact
        self.jacobians = 0
        self.iterations = 0
        self.finite = True
        self._jacobian: Tensor | None = None  # (B, 1 or m, n, n)
        self._place: Tensor | None = None  # the state it was evaluated at, where that was a step's start
        self._worst = 0.0  # slowest rate of convergence with it
        self._rate: float | None = None  # the last rate in this step
        self._factors: tuple[Tensor, Tensor] | None = None
        self._key: tuple[float, int] | None = None

    def begin(self, t: Time, y: Tensor, place: Tensor) -> None:
        """Before a step from the flat state y (B, n), which is `place` as its stepper holds it."""
        if self._jacobian is None or (self._worst > REUSABLE and place is not self._place):
            self.renew([t], y[:, None])
            self._place = place
        self._rate = None

    def renew(self, times: Sequence[Time], values: Tensor) -> None:
        """Evaluate the Jacobian at m times and values (B, m, n)."""
        with torch.inference_mode(False), torch.enable_grad():
            leaves = [values[:, i].clone().requires_grad_() for i in range(len(times))]
            blocks = [rows_of_jacobian(self.slope(t, y), y) for t, y in zip(times, leaves, strict=True)]
        self.use(torch.stack(blocks, dim=1))

    def use(self, jacobian: Tensor) -> None:
        """Go on with a Jacobian (B, 1 or m, n, n) just evaluated."""
        self.jacobians += jacobian.shape[1]
        self._jacobian, self._place, self._key = jacobian, None, None
        self._worst, self._rate = 0.0, None

    def solve(self, a: Weights, h: float, times: Sequence[Time], u: Tensor, guess: Tensor, scale: Tensor) -> Tensor:
        """The slopes K (B, m, n) of one block.

        Args:
            a: the block's part of the tableau.
            h: signed.
            times: of the m stages.
            u: (B, m, n), what the stages before the block give.
            guess: (B, m, n).
            scale: (B, 1, n), what changes of stage values are measured by; not used where `exact`.

        Raises:
            NewtonError: no convergence, or NaN or infinity.
        """
        epsilon = torch.finfo(u.dtype).eps
        slow = EXACT_SLOW if self.exact else SLOW
        slopes, previous, size = guess, 0.0, math.nan
        renewed = restarted = False
        if not u.numel():
            return slopes
        for _ in range(self.max_iters):
            values, f = self._evaluate(a, h, times, u, slopes)
            if self.exact:
                scale = epsilon * torch.maximum(values.abs(), u.abs()).amax((1, 2), keepdim=True)
                scale = scale.clamp_min(torch.finfo(u.dtype).tiny)
            update, size = self._update(a, h, f - slopes, scale)
            rate = size / previous if previous else None
            if rate is not None and rate > slow:
                if size <= 64 * epsilon * float((torch.maximum(values.abs(), u.abs()) / scale).amax()):
                    return slopes + update  # what is left is rounding
                if rate > 1.0 and restarted and not self.exact:
                    raise self._failure("diverges", times[0], h, size)
                if rate > 1.0 and not restarted:  # led astray: begin again with values that no slope has moved
                    slopes, restarted = torch.zeros_like(guess), True
                    values, f = self._evaluate(a, h, times, u, slopes)
                self.renew(times, values)
                renewed, rate = True, None
                update, size = self._update(a, h, f - slopes, scale)
            if not math.isfinite(size):
                raise self._failure("met NaN or infinity", times[0], h, size)
            slopes = slopes + update
            if rate is not None:
                self._rate = rate
                self._worst = max(self._worst, rate)
            if self._is_small(size, rate, first=not previous, quadratic=renewed and rate is None, epsilon=epsilon):
                return slopes
            previous = size
        raise self._failure(f"did not converge in {self.max_iters} iterations", times[0], h, size)

    def _evaluate(
        self, a: Weights, h: float, times: Sequence[Time], u: Tensor, slopes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The stage values and f there, both (B, m, n)."""
        values = u + h * spread(a, slopes)
        return values, torch.stack([self.slope(t, values[:, i]).clone() for i, t in enumerate(times)], dim=1)

    def _is_small(self, size: float, rate: float | None, *, first: bool, quadratic: bool, epsilon: float) -> bool:
        """Whether the error that an update of this size leaves behind is.

        The size alone does not say: with too stiff a matrix every update is small. A rate does, or a matrix that is
        new here: then the error left is of the order of the size squared.
        """
        enough = 0.5 if self.exact else FRACTION
        if size <= (2.0 if self.exact else 1e-4 * FRACTION):
            return True
        if quadratic:
            return size <= (epsilon ** (-1 / 3) if self.exact else FRACTION)
        if first and self._rate is not None and not self.exact:
            rate = max(self._rate, epsilon) ** 0.8  # of the stage before: Hairer, Wanner, IV.8, equation 8.10
        return rate is not None and rate / (1.0 - rate) * size <= enough

    def _update(self, a: Weights, h: float, residual: Tensor, scale: Tensor) -> tuple[Tensor, float]:
        """The change of the slopes (B, m, n), and its largest effect on a stage value over `scale`."""
        self.iterations += 1
        key = (h, id(a)) if isinstance(a, Tensor) else (h * a, 0)  # stages with the same a share factors
        if self._key != key or self._factors is None:
            assert self._jacobian is not None
            m = len(a) if isinstance(a, Tensor) else 1
            jacobian = self._jacobian if self._jacobian.shape[1] in (1, m) else self._jacobian[:, -1:]
            self._factors, self._key = factored(a, h, jacobian), key
        update = torch.linalg.lu_solve(*self._factors, residual.reshape(len(residual), -1, 1)).reshape(residual.shape)
        return update, abs(h) * (spread(a, update) / scale).abs().amax().item()

    def _failure(self, what: str, t: Time, h: float, size: float) -> NewtonError:
        self._jacobian = None  # perhaps of a state far off
        self.finite = math.isfinite(size)
        return NewtonError(
            f"Newton's iteration for a stage at t={float(t):.9g} of a step h={h:.3g} {what}; its last update was "
            f"{size:.3g} times what is allowed. Try a smaller step, more iterations (options={{'max_iters': ...}}), or "
            "float64; and see that func is differentiable there, without torch.no_grad() or numpy inside",
            t=float(t),
            h=h,
        )
