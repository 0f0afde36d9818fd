"""Wrong right sides, near the right one."""

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy.matrices import ImmutableDenseMatrix, MatrixBase
from sympy.matrices.expressions.matexpr import MatrixExpr

from core.derivations import Series, Step

WRONG = sympy.Symbol("wrong", real=True)


def disturbed(step: Step) -> Iterator[tuple[str, Step]]:
    """How it was disturbed, and the step with that right side: each of them should fail."""
    rhs = step.rhs
    if isinstance(rhs, MatrixExpr):
        yield "doubled", replace(step, rhs=2 * rhs)
        yield "sign", replace(step, rhs=-rhs)
        return
    if isinstance(rhs, MatrixBase):
        for row in range(rhs.rows):
            for column in range(rhs.cols):
                added = sympy.zeros(*rhs.shape)
                added[row, column] = WRONG
                yield f"entry {row}, {column}", replace(step, rhs=ImmutableDenseMatrix(rhs + added))
        return
    power = sympy.S.One
    if isinstance(step.check, Series):  # a power that the series still has to get right
        power = step.check.variable ** (step.check.order - 1)
    yield "added", replace(step, rhs=rhs + power * WRONG)
    if rhs != 0:
        yield "doubled", replace(step, rhs=2 * rhs)
        yield "sign", replace(step, rhs=-rhs)
        yield "zero", replace(step, rhs=sympy.S.Zero)
