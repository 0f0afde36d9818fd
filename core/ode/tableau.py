r"""Butcher tableaus that check themselves.

A Runge-Kutta method with s stages takes the step

.. math:: k_i = f(t + c_i h,\; y + h \sum_j a_{ij} k_j), \qquad y_1 = y + h \sum_i b_i k_i .

Its numbers are kept exactly, so that one object serves the solvers (`Tableau.numeric`, float64), the proofs
(`Tableau.order_residuals`, `Tableau.dense_residuals`) and the pictures of stability (`Tableau.stability`).

Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, II.1 to II.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from core.ode.stability import StabilityFunction, stability_function
from core.ode.surd import Exact, Surd, sign, total
from core.ode.trees import StageWeights, Tree, chain, density, trees

Row = tuple[Exact, ...]


@dataclass(frozen=True, eq=False)
class NumericTableau:
    """The float64 arrays of a tableau with s stages and e extra ones; read-only."""

    a: np.ndarray
    """(s, s)"""
    b: np.ndarray
    """(s,)"""
    c: np.ndarray
    """(s,)"""
    error: np.ndarray | None
    """(s,): b minus the embedded weights, rounded once; None without an embedded method."""
    dense: np.ndarray | None
    r"""(s + e, degree): column k holds the coefficients of :math:`\theta^{k+1}`."""
    extra_a: np.ndarray
    """(e, s + e)"""
    extra_c: np.ndarray
    """(e,)"""


@dataclass(frozen=True)
class Tableau:
    r"""A Runge-Kutta method: (s, s) matrix a, weights b and nodes c, exactly.

    Construction raises ValueError, naming the row, when shapes do not fit, when a coefficient is not exact, when a
    row of a does not sum to its node, when weights do not sum to 1, when the dense weights at :math:`\theta = 1` are
    not b, or when an explicit pair does not end in the stage that the next step begins with.
    """

    name: str
    source: str
    order: int
    a: tuple[Row, ...]
    b: Row
    c: Row
    embedded: Row | None = None
    """(s,): weights of the second method of a pair; their difference from b estimates the error."""
    embedded_order: int | None = None
    dense: tuple[Row, ...] | None = None
    r"""(s + e, degree): dense[i][k] is the coefficient of :math:`\theta^{k+1}` in :math:`b_i(\theta)`, and
    :math:`y(t + \theta h) \approx y + h \sum_i b_i(\theta) k_i`."""
    dense_order: int | None = None
    r"""p where the dense output's local error is :math:`O(h^{p+1})` uniformly in :math:`\theta`."""
    extra_a: tuple[Row, ...] = ()
    """(e, s + e): explicit stages that only the dense output needs, each from those before it."""
    extra_c: Row = ()
    tolerance: Fraction = Fraction(0)
    """How far row sums and order conditions of b and the embedded weights may be missed; above 0 only where the
    source gives rounded coefficients."""
    dense_tolerance: Fraction = Fraction(0)
    r"""The same for the dense output, for each coefficient of its conditions' polynomials in :math:`\theta`."""

    def __post_init__(self):
        for what, length, value in self._wanted_lengths():
            if len(value) != length:
                raise ValueError(f"{self.name}: {what} must have {length} entries; got {len(value)}")
        for what, x in self._coefficients():
            if not isinstance(x, (int, Fraction, Surd)):
                raise ValueError(f"{self.name}: {what} must hold Fraction or Surd; got {x!r}")
        self._check_orders()
        self._check_extra_stages()
        self._check_sums()
        if self.explicit and self.embedded is not None and not self.fsal:
            raise ValueError(
                f"{self.name}: an explicit pair must end in a stage with c = 1 whose row is b; "
                f"expected 1 and {_text(self.b)}, got {self.c[-1]} and {_text(self.a[-1])}"
            )

    @property
    def stages(self) -> int:
        """s, without the extra stages."""
        return len(self.b)

    @cached_property
    def explicit(self) -> bool:
        """Whether each stage needs only those before it."""
        return all(not x for i, row in enumerate(self.a) for x in row[i:])

    @cached_property
    def diagonally_implicit(self) -> bool:
        """Whether the stages can be solved one after the other, at least one of them implicitly."""
        return not self.explicit and all(not x for i, row in enumerate(self.a) for x in row[i + 1 :])

    @property
    def stiffly_accurate(self) -> bool:
        """Whether the step's result is the last stage's value: the last row of a is b."""
        return self.a[-1] == self.b

    @property
    def fsal(self) -> bool:
        """First same as last: the last stage is evaluated at the step's result, where the next step begins."""
        return self.stiffly_accurate and self.c[-1] == 1

    @cached_property
    def extended_a(self) -> tuple[Row, ...]:
        """(s + e, s + e): a with the extra stages below."""
        zeros = (Fraction(0),) * len(self.extra_c)
        return tuple((*row, *zeros) for row in self.a) + self.extra_a

    @property
    def extended_c(self) -> Row:
        """(s + e,): c with the extra nodes after it."""
        return self.c + self.extra_c

    @cached_property
    def numeric(self) -> NumericTableau:
        """The float64 arrays, each entry rounded once from its exact number."""
        error = None
        if self.embedded is not None:
            error = _floats([x - y for x, y in zip(self.b, self.embedded, strict=True)])
        return NumericTableau(
            a=_floats(self.a),
            b=_floats(self.b),
            c=_floats(self.c),
            error=error,
            dense=None if self.dense is None else _floats(self.dense),
            extra_a=_floats(self.extra_a).reshape(-1, len(self.extended_c)),
            extra_c=_floats(self.extra_c),
        )

    @cached_property
    def stability(self) -> StabilityFunction:
        """R(z) of the method with weights b; its `a_stable` and `l_stable` decide without rounding."""
        row = self._over_all_stages(self.b)
        powers = [self._stage_weights.of(chain(k), row) for k in range(1, self.stages + 1)]
        return stability_function(self.a, powers)

    def order_residuals(self, order: int, weights: Row | None = None) -> dict[Tree, Exact]:
        r""":math:`\sum_i w_i u_i(\tau) - 1/\gamma(\tau)` for every tree with exactly `order` vertices.

        `weights` has shape (s,) and is b unless given: pass `embedded` for the second method.
        """
        row = self._over_all_stages(self.b if weights is None else weights)
        return {tree: self._stage_weights.of(tree, row) - Fraction(1, density(tree)) for tree in trees(order)}

    def dense_residuals(self, order: int) -> dict[Tree, Row]:
        r"""How far the continuous conditions are missed, for every tree with exactly `order` vertices.

        The values are the coefficients of :math:`\theta, \theta^2, \ldots` in
        :math:`\sum_i b_i(\theta) u_i(\tau) - \theta^{|\tau|}/\gamma(\tau)`.
        Raises ValueError for a tableau without dense output.
        """
        if self.dense is None:
            raise ValueError(f"{self.name} has no dense output of its own")
        degree = max(len(self.dense[0]), order)
        columns = [[row[k] if k < len(row) else Fraction(0) for row in self.dense] for k in range(degree)]
        wanted = {tree: {order - 1: Fraction(1, density(tree))} for tree in trees(order)}
        return {
            tree: tuple(self._stage_weights.of(tree, column) - at.get(k, 0) for k, column in enumerate(columns))
            for tree, at in wanted.items()
        }

    @cached_property
    def _stage_weights(self) -> StageWeights:
        return StageWeights(self.extended_a)

    def _over_all_stages(self, weights: Row) -> Row:
        if len(weights) != self.stages:
            raise ValueError(f"{self.name}: weights must have {self.stages} entries, one per stage; got {len(weights)}")
        return (*weights, *(Fraction(0),) * len(self.extra_c))

    def _wanted_lengths(self) -> Iterator[tuple[str, int, Sequence]]:
        s, e = len(self.b), len(self.extra_c)
        yield "a", s, self.a
        yield "c", s, self.c
        yield from ((f"row {i} of a", s, row) for i, row in enumerate(self.a))
        yield "extra_a", e, self.extra_a
        yield from ((f"row {i} of extra_a", s + e, row) for i, row in enumerate(self.extra_a))
        if self.embedded is not None:
            yield "embedded", s, self.embedded
        if self.dense is not None:
            yield "dense", s + e, self.dense
            yield from ((f"row {i} of dense", len(self.dense[0]), row) for i, row in enumerate(self.dense))

    def _coefficients(self) -> Iterator[tuple[str, object]]:
        for what, rows in (("a", self.a), ("extra_a", self.extra_a), ("dense", self.dense or ())):
            yield from ((f"row {i} of {what}", x) for i, row in enumerate(rows) for x in row)
        for what, row in (("b", self.b), ("c", self.c), ("embedded", self.embedded or ()), ("extra_c", self.extra_c)):
            yield from ((what, x) for x in row)

    def _check_orders(self):
        pairs = (("embedded", self.embedded, self.embedded_order), ("dense", self.dense, self.dense_order))
        for what, value, order in pairs:
            if (value is None) != (order is None):
                raise ValueError(f"{self.name}: `{what}` and `{what}_order` go together; got {what}_order={order}")

    def _check_extra_stages(self):
        for i, row in enumerate(self.extra_a):
            if any(row[self.stages + i :]):
                raise ValueError(
                    f"{self.name}: row {i} of extra_a must be 0 from entry {self.stages + i} on; got {_text(row)}"
                )

    def _check_sums(self):
        for i, row in enumerate(self.a):
            self._check_sum(f"row {i} of a", row, f"c[{i}]", self.c[i], self.tolerance)
        for i, row in enumerate(self.extra_a):
            self._check_sum(f"row {i} of extra_a", row, f"extra_c[{i}]", self.extra_c[i], self.dense_tolerance)
        self._check_sum("b", self.b, "1", Fraction(1), self.tolerance)
        if self.embedded is not None:
            self._check_sum("embedded", self.embedded, "1", Fraction(1), self.tolerance)
        for i, (row, b) in enumerate(zip(self.dense or (), self._over_all_stages(self.b), strict=False)):
            self._check_sum(f"row {i} of dense", row, f"b[{i}]", b, self.dense_tolerance)

    def _check_sum(self, what: str, row: Row, name: str, expected: Exact, tolerance: Fraction):
        got = total(row)
        gap = got - expected
        if sign(gap - tolerance) > 0 or sign(gap + tolerance) < 0:
            raise ValueError(
                f"{self.name}: {what} must sum to {name}; expected {expected}, got {got}, {float(gap):.3g} off"
            )


def numbers(text: str) -> Row:
    """Fractions and decimals, apart by spaces, read without rounding.

    >>> numbers("1/6 0.25")
    (Fraction(1, 6), Fraction(1, 4))
    """
    return tuple(Fraction(word) for word in text.split())


def padded(rows: Sequence[Row], length: int) -> tuple[Row, ...]:
    """The rows with zeros after them, up to `length` entries."""
    return tuple((*row, *(Fraction(0),) * (length - len(row))) for row in rows)


def _text(row: Row) -> str:
    return "(" + ", ".join(str(x) for x in row) + ")"


def _floats(rows: Sequence) -> np.ndarray:
    array = np.array([[float(x) for x in row] if isinstance(row, tuple) else float(row) for row in rows], np.float64)
    array.setflags(write=False)  # shared by every solver of this process
    return array
