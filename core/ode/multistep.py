r"""Adams' methods: a step along the polynomial through the slopes of the steps before it.

With m past slopes :math:`k_j` at the nodes :math:`x_j = (t_j - t) / h`, that is 0, -1, -2, ... for equal steps,

.. math:: y_1 = y + h \sum_j w_j k_j, \qquad w_j = \int_0^1 \prod_{i \ne j} \frac{s - x_i}{x_j - x_i} \, ds.

Adams-Bashforth stops here, with order m. Adams-Moulton adds the node 1 and so the unknown slope
:math:`k = f(t + h, y_1)`, for order m + 1: Adams-Bashforth predicts it, functional iteration corrects it.

Steps need not be equal: the weights belong to the nodes as they are, and where time carries a gradient, so do they.
For equal steps the weights are rounded once from exact fractions. The first two steps are Runge-Kutta's.

What limits a high order: the start. Two steps of rk4, then a formula with three slopes, then one with four: their
errors are of order 4 (explicit) and 5 (implicit) in h, and stay in the result. And stability: the explicit formula
with m slopes decays for y' = -a y only if :math:`a h < 2 / \sum_j |w_j|`, 0.3 with four slopes, 0.0034 with eleven.

Source: Hairer, Norsett, Wanner, Solving ODEs I, III.1 (equal steps), III.5 (unequal steps).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.ode.adams_weights import HIGHEST_ORDER, bashforth, rounded, weights_at
from core.ode.array_stepper import ArrayStepper
from core.ode.errors import warn
from core.ode.field import Field
from core.ode.problem import Time, number
from core.ode.runge_kutta import Stepper, Y
from core.ode.tableau import Tableau
from core.ode.tensor_stepper import TensorStepper
from core.ode.tolerance import Tolerance

FEWEST = 3
"""Slopes; with fewer, rk4 is the better formula."""

_LARGEST = float(sum(map(abs, bashforth(HIGHEST_ORDER - 1))))
"""Sum of |w|, by which a formula may amplify errors of the slopes: no more than equal steps ever do."""


@dataclass(frozen=True)
class AdamsOptions:
    """What may be set of Adams' methods beside the grid.

    Args:
        max_order: 1 to 12. The corrector uses at most max_order slopes, one of them the unknown, the explicit formula
            max_order - 1: that is then its order. Below 4 all steps are rk4's, with a warning.
        max_iters: limit on the corrector's iterations; the explicit method has none.
        implicit: whether to correct.
    """

    max_order: int = HIGHEST_ORDER
    max_iters: int = 4
    implicit: bool = True

    @classmethod
    def names(cls) -> set[str]:
        """Of all options that a user may give."""
        return {"max_order", "max_iters"}

    @classmethod
    def read(cls, given: dict[str, Any], explicit: bool) -> AdamsOptions:
        """From a user's dictionary, which may hold other options too.

        Raises:
            ValueError, TypeError: an impossible value.
        """
        plain: dict[str, Any] = {}
        for name in sorted(cls.names() & given.keys()):
            value = given[name]
            if isinstance(value, bool) or int(value) != value:
                raise TypeError(f"option `{name}` must be a whole number; got {value!r}")
            plain[name] = int(value)
        options = cls(**plain, implicit=not explicit)
        if options.max_order <= FEWEST:
            warn(
                f"max_order={options.max_order} leaves Adams' formulas fewer than {FEWEST} slopes: every step will be "
                f"one of rk4, of order 4. Use max_order={FEWEST + 1} or more, or method='rk4'"
            )
        return options

    def __post_init__(self) -> None:
        if not 1 <= self.max_order <= HIGHEST_ORDER:
            raise ValueError(f"option `max_order` must lie between 1 and {HIGHEST_ORDER}; got {self.max_order}")
        if self.max_iters < 1:
            raise ValueError(f"option `max_iters` must be at least 1; got {self.max_iters}")


class Adams(Stepper[Y]):
    """Steps of Adams' methods; it remembers slopes, so it must be given the steps of one solve, one after the other.

    Args:
        field: the right-hand side.
        tableau: of the first steps.
        tolerance: what the corrector's iteration is measured by, in the largest value rather than in the mean.
        options: of the method.
    """

    def __init__(self, field: Field, tableau: Tableau, tolerance: Tolerance, options: AdamsOptions) -> None:
        super().__init__(field, tableau, tolerance)
        self.options = options
        self._times: deque[Time] = deque(maxlen=max(1, options.max_order - 1))  # newest first, as are the slopes
        self._slopes: deque[Y] = deque(maxlen=self._times.maxlen)
        self._warned = False

    def step(self, t: Time, h: Time, t1: Time, y: Y, k: Y) -> Y:
        """From (t, y) with derivative k to the state at t + h; see `Stepper.step`.

        Warns where the corrector's iteration does not converge; the last iterate is then the result, and the
        formula forgets its oldest slope, so that its order cannot grow in the next step.
        """
        self._times.appendleft(t)
        self._slopes.appendleft(self.keep(k))
        weights = self._weights(t, h)
        if weights is None:
            return super().step(t, h, t1, y, k)
        self._put(0, k)  # where `polynomial` looks for it
        predictor, corrector = weights
        dy = self._total(self._scalars(h * predictor))
        if self.options.implicit:
            dy = self._corrected(t, h, t1, y, dy, self._scalars(h * corrector))
        return y + dy

    def _weights(self, t: Time, h: Time) -> tuple[Any, Any] | None:
        """Of predictor and corrector, for the longest history that serves; None where rk4 must do.

        Far apart after close together, slopes say little about the step ahead: their weights become huge.
        """
        slopes = len(self._slopes)
        if slopes < FEWEST or self.options.max_order <= FEWEST:
            return None
        if isinstance(h, Tensor):
            past = torch.stack([torch.as_tensor(time).to(h.device, torch.float64) for time in self._times])
            nodes: Any = (past - past[0]) / h
            one: Any = torch.ones_like(nodes[:1])
        else:
            nodes = (np.array(self._times, np.float64) - number(t)) / h
            if self._equal(nodes, number(t), h):
                return rounded(slopes)
            one = np.ones(1)
        join: Any = torch.cat if isinstance(h, Tensor) else np.concatenate
        for count in range(slopes, FEWEST - 1, -1):
            predictor = weights_at(nodes[:count])
            plain = predictor.detach() if isinstance(h, Tensor) else predictor
            if float(abs(plain).sum()) <= _LARGEST * (1 + 1e-6):
                return predictor, weights_at(join([one, nodes[:count]])) if self.options.implicit else None
        return None

    def _equal(self, nodes: np.ndarray, t: float, h: float) -> bool:
        """Whether the steps were meant to be equal, as far as the state's precision can tell their times."""
        rounding = 4 * torch.finfo(self.field.layout.real_dtype).eps * (abs(t) + abs(nodes[-1] * h)) / abs(h)
        order = np.arange(len(nodes))
        return bool((np.abs(nodes + order) <= min(rounding, 1e-3) * (1 + order)).all())

    def _corrected(self, t: Time, h: Time, t1: Time, y: Y, dy: Y, weights: Any) -> Y:
        known = self._total(weights[1:])
        change = math.inf
        for _ in range(self.options.max_iters):
            before, dy = dy, self._plus(known, weights[0], self.derivative(t1, y + dy))
            change = self._change(before, dy)
            if change < 1.0:
                return dy
        self._times.pop()
        self._slopes.pop()
        if math.isfinite(change) and not self._warned:
            self._warned = True
            warn(
                f"the corrector of implicit_adams did not converge in the step from t={number(t):.6g} by "
                f"h={number(h):.3g}: its last of {self.options.max_iters} iterations moved the state by {change:.3g} "
                "times the tolerance, and later steps may do so too. Use a smaller step_size, a larger max_iters or "
                "tolerance, or, if the problem is stiff, method='kencarp4'"
            )
        return dy

    @abstractmethod
    def _scalars(self, weights: Any) -> Any:
        """Weights times h (m,) in the state's precision, as the sums below take them."""

    @abstractmethod
    def _total(self, weights: Any) -> Y:
        """The weights times the newest slopes, summed."""

    @abstractmethod
    def _plus(self, known: Y, weight: Any, k: Y) -> Y:
        """`known` plus a weight times a slope."""

    @abstractmethod
    def _change(self, dy0: Y, dy1: Y) -> float:
        """The largest change of any value over its tolerance."""


class ArrayAdams(Adams[np.ndarray], ArrayStepper):
    """On flat arrays (n,); see `ArrayStepper`."""

    def _scalars(self, weights: np.ndarray) -> np.ndarray:
        return weights.astype(self.layout.array_dtype)

    def _total(self, weights: np.ndarray) -> np.ndarray:
        return weights.dot(np.array([k for k, _ in zip(self._slopes, weights, strict=False)]))

    def _plus(self, known: np.ndarray, weight: Any, k: np.ndarray) -> np.ndarray:
        return known + weight * k

    def _change(self, dy0: np.ndarray, dy1: np.ndarray) -> float:
        scale = self.tolerance.scale_array(np.maximum(np.abs(dy0), np.abs(dy1)))
        with np.errstate(over="ignore", invalid="ignore"):  # an iteration that runs away is told of by its caller
            return float(np.max(np.abs(dy1 - dy0) / np.maximum(scale, np.finfo(scale.dtype).tiny), initial=0.0))


class TensorAdams(Adams[Tensor], TensorStepper):
    """On tensors: differentiable, with respect to times too; see `TensorStepper`."""

    def _scalars(self, weights: Any) -> Sequence[Any]:
        if isinstance(weights, Tensor):
            # in the state's precision now: later a state without dimensions would be promoted
            return weights.to(self.layout.device, self.layout.real_dtype).unbind()
        return weights.tolist()

    def _total(self, weights: Sequence[Any]) -> Tensor:
        total = weights[0] * self._slopes[0]
        for w, k in list(zip(weights, self._slopes, strict=False))[1:]:
            total = self._plus(total, w, k)
        return total

    def _plus(self, known: Tensor, weight: Any, k: Tensor) -> Tensor:
        return known + weight * k if isinstance(weight, Tensor) else torch.add(known, k, alpha=weight)

    def _change(self, dy0: Tensor, dy1: Tensor) -> float:
        with torch.no_grad():
            scale = self.tolerance.scale_tensor(torch.maximum(dy0.abs(), dy1.abs()))
            ratio = (dy1 - dy0).abs() / scale.clamp_min(torch.finfo(scale.dtype).tiny)
            return float(ratio.max()) if ratio.numel() else 0.0
