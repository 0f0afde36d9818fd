r"""One step of an explicit Runge-Kutta method, read from its tableau.

.. math:: k_i = f\Big(t + c_i h,\; y + h \sum_{j<i} a_{ij} k_j\Big), \qquad y_1 = y + h \sum_i b_i k_i

`Stepper` says it once. Two classes carry out its sums: `array_stepper.ArrayStepper` on one numpy buffer, where nothing
hangs on the state (several times faster for small states); `tensor_stepper.TensorStepper` on tensors, for graphs,
transforms and devices.

Source: Hairer, Norsett, Wanner, Solving ODEs I, II.1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from core.ode.field import Field
from core.ode.problem import State, Time
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
            return hermite(h, y1 - y, self._stage(0), k1)
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

    def handed_out(self, y: Y) -> State:
        """A copy for code that is not the solver's."""
        state = self.to_state(y)
        return tuple(piece.clone() for piece in state) if isinstance(state, tuple) else state.clone()

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


def hermite(h: Any, dy: Any, k0: Any, k1: Any) -> Any:
    r"""The cubic Hermite polynomial's coefficients (3, *state) from the ends' difference and slopes."""
    if isinstance(h, Tensor):
        h = h.to(dy.real.dtype)  # a 0-dim state would be promoted to h's
    stack = torch.stack if isinstance(dy, Tensor) else np.stack
    return stack([h * k0, 3 * dy - h * (2 * k0 + k1), h * (k0 + k1) - 2 * dy])


def rows_of(tableau: Tableau) -> list[np.ndarray]:
    """Row i of a over the stages before it, then b, then the extra stages' rows."""
    n = tableau.numeric
    rows = [n.a[i, :i] for i in range(tableau.stages)]
    extra = [n.extra_a[i, : tableau.stages + i] for i in range(len(n.extra_c))]
    return [*rows, n.b, *extra]
