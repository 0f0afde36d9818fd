"""Reduction of the order and the companion matrix: their orders, and the lesson's matrix."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from core.derivations.equations import companion_matrix, order_reduction
from core.labs.equations import companion

BUILDERS = [order_reduction, companion_matrix]


@pytest.mark.parametrize("n", [0, 5, -1])
@pytest.mark.parametrize("build", BUILDERS)
def test_other_orders_are_refused(build, n: int):
    with pytest.raises(ValueError, match="order from 1 to 4"):
        build(n)


def test_the_matrix_is_the_one_that_the_lesson_computes():
    numbers = [Fraction(2), Fraction(-3), Fraction(5), Fraction(4)]
    matrix = companion_matrix(3).steps[3].rhs
    values = {sympy.Symbol(f"a_{i}", real=True): int(x) for i, x in enumerate(numbers, 1)}
    values[sympy.Symbol("a_4", real=True, nonzero=True)] = 4
    ours = np.array(matrix.subs(values).tolist(), float)
    assert np.array_equal(ours, np.array(companion(numbers), float))


def test_the_equation_is_needed_for_the_last_state_alone():
    """Without the equation the derivative of the last state is not known."""
    names, last = order_reduction(2).steps[2], order_reduction(2).steps[3]
    equation = last.check.given[2]  # pyright: ignore[reportAttributeAccessIssue]  # an Identity's
    assert str(equation[1].func) == "F"
    assert equation not in names.check.given  # pyright: ignore[reportAttributeAccessIssue]  # an Identity's
