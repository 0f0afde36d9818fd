r"""One step of an explicit Runge-Kutta method, read from its tableau.

.. math:: k_i = f\Big(t + c_i h,\; y + h \sum_{j<i} a_{ij} k_j\Big), \qquad y_1 = y + h \sum_i b_i k_i

`Stepper` says it once. Two classes carry out its sums: `ArrayStepper` on one numpy buffer, where nothing hangs on
the state (several times faster for small states); `TensorStepper` on tensors, for graphs, transforms and devices.

Source: Hairer, Norsett, Wanner, Solving ODEs I, II.1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.ode.problem import Field, State, Time, number
from core.ode.tableau import Tableau
from core.ode.tolerance import Tolerance

Y = TypeVar("Y", np.ndarray, Tensor)
"""A state as a stepper holds it: a flat array, or a tensor (a tuple's tensors end to end)."""


class Stepper(ABC, Generic[Y]):
    """Takes steps of one method for one field.

    Args:
        field: the right-hand side.
        tableau: an explicit method.
        tolerance: what the error estimate is measured by.
    """

    def __init__(self, field: Field, tableau: Tableau, tolerance: Tolerance) -> None:
        self.field = field
        self.tableau = tableau
        self.tolerance = tolerance
        self.name = tableau.name
        self.fsal = tableau.fsal
        self.order = tableau.order
        self.adaptive = tableau.embedded is not None
        self._c = tableau.numeric.c.tolist()
        self._nodes = list(enumerate(self._c))[1:]
        self._extra_c = tableau.numeric.extra_c.tolist()
        self._stages = tableau.stages

    def step(self, t: Time, h: Time, t1: Time, y: Y, k: Y) -> Y:
        """From (t, y) with derivative k to the state at t + h; the stages stay for `error_ratio` and `polynomial`.

        Args:
            t, h: tensors where a gradient with respect to them is wanted.
            t1: t + h as `func` shall see it: rounding must not carry it out of the interval.
        """
        self._begin(y, h, k)
        y_i = y
        for i, c in self._nodes:
            y_i = self._combine(i)
            self._evaluate(i, t1 if c == 1.0 else t + c * h, y_i)
        return y_i if self.fsal else self._combine(self._stages)

    def polynomial(self, t: Time, h: Time, y: Y, y1: Y, k1: Y | None = None) -> Y:
        r"""The last step's dense output, as coefficients (d, *state) of :math:`\theta, \ldots, \theta^d`.

        The method's own where it has one, else the cubic through both ends with their slopes: then the
        derivative `k1` at the end is needed (see `needs_end_slope`).

        Source: Hairer, Norsett, Wanner, Solving ODEs I, II.6.
        """
        if self.tableau.dense is None:
            assert k1 is not None
            h = h.to(self.field.layout.real_dtype) if isinstance(h, Tensor) else h
            return hermite(h, self._difference(y1, y), self._stage(0), k1)
        for i, c in enumerate(self._extra_c):
            self._evaluate(self._stages + i, t + c * h, self._combine(self._stages + 1 + i))
        return self._dense(h)

    @property
    def needs_end_slope(self) -> bool:
        """Whether `polynomial` asks for the derivative at the step's end."""
        return self.tableau.dense is None

    def last_slope(self) -> Y:
        """The derivative at the end of the last step, of a method whose last stage is taken there."""
        return self.keep(self._stage(self._stages - 1))

    @abstractmethod
    def from_state(self, y: State) -> Y:
        """A user's state as this stepper holds it: a copy."""

    @abstractmethod
    def to_state(self, y: Y) -> State:
        """The inverse of `from_state`; shares memory."""

    @abstractmethod
    def derivative(self, t: Time, y: Y) -> Y:
        """f(t, y)."""

    @abstractmethod
    def error_ratio(self, h: Time, y: Y, y1: Y) -> float:
        """The last step's error estimate over the tolerance."""

    @abstractmethod
    def ratio(self, difference: Y, y: Y) -> float:
        """The norm of a difference over the tolerance at y."""

    @abstractmethod
    def finite(self, y: Y) -> bool:
        """Whether every value is."""

    @abstractmethod
    def keep(self, y: Y) -> Y:
        """`y`, safe from later steps."""

    @abstractmethod
    def _put(self, i: int, k: Y) -> None: ...

    @abstractmethod
    def _stage(self, i: int) -> Y: ...

    @abstractmethod
    def _evaluate(self, i: int, t: Time, y: Y) -> None: ...

    @abstractmethod
    def _begin(self, y: Y, h: Time, k: Y) -> None:
        """A step of h from y, whose first stage is k."""

    @abstractmethod
    def _combine(self, i: int) -> Y:
        """y plus h times row i of a times the stages; row s is b, rows after it those of the extra stages."""

    @abstractmethod
    def _dense(self, h: Time) -> Y: ...

    @abstractmethod
    def _difference(self, y1: Y, y0: Y) -> Y: ...


def hermite(h: Any, dy: Any, k0: Any, k1: Any) -> Any:
    r"""The cubic Hermite polynomial's coefficients (3, *state) from the ends' difference and slopes."""
    stack = torch.stack if isinstance(dy, Tensor) else np.stack
    return stack([h * k0, 3 * dy - h * (2 * k0 + k1), h * (k0 + k1) - 2 * dy])


def _rows(tableau: Tableau) -> list[np.ndarray]:
    """Row i of a over the stages before it, then b, then the extra stages' rows."""
    n = tableau.numeric
    rows = [n.a[i, :i] for i in range(tableau.stages)]
    extra = [n.extra_a[i, : tableau.stages + i] for i in range(len(n.extra_c))]
    return [*rows, n.b, *extra]


class ArrayStepper(Stepper[np.ndarray]):
    """Steps on flat arrays (n,); for states on the CPU that carry no graph.

    One buffer (1 + s, n) holds y and the stages, one matrix the rows [1, h a_i]: each sum is one product.
    """

    def __init__(self, field: Field, tableau: Tableau, tolerance: Tolerance) -> None:
        super().__init__(field, tableau, tolerance)
        self.layout = layout = field.layout
        n, dtype = sum(layout.sizes), layout.array_dtype
        rows = _rows(tableau)
        self._rows = np.zeros((len(rows), 1 + tableau.stages + len(self._extra_c)), dtype)
        for i, row in enumerate(rows):
            self._rows[i, 1 : 1 + len(row)] = row
        self._scaled = np.zeros_like(self._rows)
        self._buffer = np.zeros((self._rows.shape[1], n), dtype)
        self._k = self._buffer[1:]
        lead = sum(layout.sizes[: layout.seen])
        whole = tableau.stages - 1 if self.fsal else tableau.stages  # the row that gives the result, with its integrals
        self._products = [
            (self._scaled[i, : 1 + len(row)], self._buffer[: 1 + len(row), : n if i == whole else lead])
            for i, row in enumerate(rows)
        ]
        self._call = field.into_rows(self._k)
        self._aside = np.zeros((1, n), dtype)  # for slopes that are no stage of the step in progress
        self._call_aside = field.into_rows(self._aside)
        if tableau.numeric.error is not None:
            self._error = tableau.numeric.error.astype(dtype)
            self._of_step = self._k[: tableau.stages]
        if tableau.numeric.dense is not None:
            self._dense_t = tableau.numeric.dense.T.astype(dtype)

    @override
    def from_state(self, y: State) -> np.ndarray:
        return self.layout.join(y).detach().numpy(force=True).reshape(-1).copy()

    @override
    def to_state(self, y: np.ndarray) -> State:
        return self.layout.from_array(y)

    @override
    def derivative(self, t: Time, y: np.ndarray) -> np.ndarray:
        self._call_aside(0, t, y)
        return self._aside[0].copy()

    @override
    def error_ratio(self, h: Time, y: np.ndarray, y1: np.ndarray) -> float:
        return self.tolerance.of_arrays(h * self._error.dot(self._of_step), y, y1)

    @override
    def ratio(self, difference: np.ndarray, y: np.ndarray) -> float:
        return self.tolerance.norm_of_array(difference / self.tolerance.scale_array(y))

    @override
    def finite(self, y: np.ndarray) -> bool:
        return bool(np.isfinite(y).all())

    @override
    def keep(self, y: np.ndarray) -> np.ndarray:
        return y.copy()

    def _put(self, i: int, k: np.ndarray) -> None:
        self._k[i] = k

    def _stage(self, i: int) -> np.ndarray:
        return self._k[i]

    def _begin(self, y: np.ndarray, h: Time, k: np.ndarray) -> None:
        self._buffer[0] = y
        self._buffer[1] = k
        np.multiply(self._rows, h, out=self._scaled)
        self._scaled[:, 0] = 1.0

    def _combine(self, i: int) -> np.ndarray:
        row, before = self._products[i]
        return row.dot(before)

    def _evaluate(self, i: int, t: Time, y: np.ndarray) -> None:
        self._call(i, t, y)

    def _dense(self, h: Time) -> np.ndarray:
        return h * self._dense_t.dot(self._k)

    def _difference(self, y1: np.ndarray, y0: np.ndarray) -> np.ndarray:
        return y1 - y0


class TensorStepper(Stepper[Tensor]):
    """Steps on tensors of the state's shape (tuples end to end): differentiable, on any device."""

    def __init__(self, field: Field, tableau: Tableau, tolerance: Tolerance) -> None:
        super().__init__(field, tableau, tolerance)
        self.layout = field.layout
        self._terms = [[(j, a) for j, a in enumerate(row.tolist()) if a] for row in _rows(tableau)]
        error = tableau.numeric.error
        self._error = [] if error is None else [(j, e) for j, e in enumerate(error.tolist()) if e]
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
        return self.layout.join(self.field(t, self.layout.split(y)))

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
            return bool(torch.isfinite(y).all())

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
        for j, a in terms:
            k = self._k[j] if lead is None else self._k[j][:lead]
            # a tensor h in the state's precision: a 0-dim state would be promoted to h's
            scale = (h * a).to(self.layout.real_dtype) if isinstance(h, Tensor) else h * a
            y = y + scale * k if isinstance(scale, Tensor) else torch.add(y, k, alpha=scale)
        return y

    def _evaluate(self, i: int, t: Time, y: Tensor) -> None:
        self._k[i] = self.derivative(t, y)

    def _dense(self, h: Time) -> Tensor:
        dense = self.tableau.numeric.dense
        weights = torch.tensor(dense).to(self.layout.device, self.layout.dtype).T
        stages = torch.stack(self._k)
        rise = torch.tensordot(weights, stages, dims=1)
        return (h.to(self.layout.real_dtype) if isinstance(h, Tensor) else h) * rise

    def _difference(self, y1: Tensor, y0: Tensor) -> Tensor:
        return y1 - y0
