"""Explicit steps on flat numpy arrays: the fast path of small states that carry no graph."""

from __future__ import annotations

import math

import numpy as np
from typing_extensions import override

from core.ode.field import Field
from core.ode.problem import State, Time
from core.ode.runge_kutta import Stepper, rows_of
from core.ode.tableau import Tableau
from core.ode.tolerance import Tolerance


class ArrayStepper(Stepper[np.ndarray]):
    """Steps on flat arrays (n,); for states on the CPU that carry no graph.

    One buffer (1 + s, n) holds y and the stages, one matrix the rows [1, h a_i]: each sum is one product.
    """

    def __init__(self, field: Field, tableau: Tableau, tolerance: Tolerance) -> None:
        super().__init__(field, tableau, tolerance)
        self.layout = layout = field.layout
        n, dtype = sum(layout.sizes), layout.array_dtype
        rows = rows_of(tableau)
        self._rows = np.zeros((len(rows), 1 + tableau.stages + len(self._extra_c)), dtype)
        for i, row in enumerate(rows):
            self._rows[i, 1 : 1 + len(row)] = row
        self._scaled = np.zeros_like(self._rows)
        self._scaled_by: Time = math.nan
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
        if h != self._scaled_by:
            np.multiply(self._rows, h, out=self._scaled)
            self._scaled[:, 0] = 1.0
            self._scaled_by = h

    def _combine(self, i: int) -> np.ndarray:
        row, before = self._products[i]
        return row.dot(before)

    def _evaluate(self, i: int, t: Time, y: np.ndarray) -> None:
        self._call(i, t, y)

    def _dense(self, h: Time) -> np.ndarray:
        return h * self._dense_t.dot(self._k)
