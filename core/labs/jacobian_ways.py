"""A Jacobian at a point in three ways: by symbols, by automatic differentiation, by difference quotients."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import torch
from jaxtyping import Float

from core.derivations.deadline import OutOfTime, within
from core.derivations.printing import latex
from core.expression import VectorField, parse_field
from core.labs.jacobian_maps import Formulas, Place
from core.labs.jacobians import Point

SECONDS = 1.0
"""What sympy may take."""
LONGEST = 1200
"""Most characters of a matrix in LaTeX that is still printed."""
_Z = (sympy.Symbol("z1", real=True), sympy.Symbol("z2", real=True))


@dataclass(frozen=True)
class Symbolic:
    """The Jacobian as formulas.

    Attributes:
        entries: row by row; none where sympy found no formulas in time.
        latex: of the matrix; "" where it is too long to print.
        message: why there are none, or why they are not printed.
    """

    formulas: Formulas
    entries: tuple[Any, ...]  # expressions of sympy, whose methods promise less
    latex: str
    message: str = ""


def symbolic(formulas: Formulas) -> Symbolic:
    """Differentiate by sympy."""

    def work() -> tuple[list[Any], str]:
        components = [component.sympy.doit() for component in parse_field(formulas).components]
        # beside a jump the slope of sign is 0; sympy puts its delta there
        entries = [f.diff(z).replace(sympy.DiracDelta, lambda *_: sympy.S.Zero) for f in components for z in _Z]
        return entries, latex(sympy.ImmutableDenseMatrix(2, 2, entries))

    try:
        entries, printed = within(SECONDS, work)
    except OutOfTime:
        return Symbolic(formulas, (), "", f"sympy did not finish within {SECONDS:g} s.")
    if len(printed) > LONGEST:
        return Symbolic(formulas, tuple(entries), "", "The formulas are too long to print; their values are below.")
    return Symbolic(formulas, tuple(entries), printed)


@dataclass(frozen=True, eq=False)
class Ways:
    """The Jacobian at a point, in three ways; the symbolic one is none where its formulas have no value there."""

    point: Point
    symbolic: Float[np.ndarray, "2 2"] | None
    automatic: Float[np.ndarray, "2 2"]
    differences: Float[np.ndarray, "2 2"]
    step: float
    """Of the difference quotients."""


def three_ways(found: Symbolic, point: Point) -> Ways:
    """sympy's formulas with numbers put in, torch's automatic differentiation, and central differences."""
    field, z = parse_field(point.formulas), torch.tensor(point.place, dtype=torch.float64)
    automatic = torch.autograd.functional.jacobian(lambda z: field(0.0, z), z)
    step = 6e-6 * max(1.0, *map(abs, point.place))  # about the cube root of the rounding error
    return Ways(point, _numbers(found, point.place), automatic.numpy(), _differences(field, z, step), step)


def _numbers(found: Symbolic, place: Place) -> np.ndarray | None:
    at: Any = dict(zip(_Z, map(sympy.Float, place), strict=True))
    try:
        values = within(SECONDS, lambda: [entry.evalf(17, subs=at) for entry in found.entries])
    except OutOfTime:
        return None
    if len(values) < 4 or not all(value.is_Float or value.is_Rational for value in values):
        return None
    return np.array([float(value) for value in values]).reshape(2, 2)


def _differences(field: VectorField, z: torch.Tensor, step: float) -> np.ndarray:
    moves = step * torch.eye(2, dtype=z.dtype)
    return ((field(0.0, z + moves) - field(0.0, z - moves)) / (2 * step)).T.numpy()
