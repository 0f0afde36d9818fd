"""Formulas that are often written wrongly: as they are written, they fail, and by how much."""

from collections.abc import Callable

import pytest
import sympy

from core.derivations import Step, mistakes

WRONG: dict[str, Callable[[], Step]] = {
    "minus sign": mistakes.wrong_minus_sign,
    "minus sign, 3 states": lambda: mistakes.wrong_minus_sign(3),
    "total derivative": mistakes.wrong_total_derivative,
    "integral, sign": lambda: mistakes.wrong_parameter_integral()[0],
    "integral, limits": lambda: mistakes.wrong_parameter_integral()[1],
    "time": mistakes.wrong_time_accumulator,
    "index": mistakes.wrong_last_index,
    "index, order 4": lambda: mistakes.wrong_last_index(4),
    "stacking": mistakes.wrong_stacking,
    "constraint": mistakes.wrong_constraint,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_often_read_fails_and_shows_by_how_much(name: str):
    verdict = WRONG[name]().verify()
    assert verdict.status == "failed"
    assert verdict.difference is not None
    assert verdict.difference != 0


def test_the_differences_are_those_that_the_page_speaks_of():
    """The gradient with the wrong sign is off by twice itself; the accumulator from 0 by its end value."""
    step = mistakes.wrong_parameter_integral()[0]
    difference = step.verify().difference
    assert difference is not None
    assert sympy.simplify(difference - 2 * step.lhs.doit()) == 0
    late = mistakes.wrong_time_accumulator().verify().difference
    t0, t1, z0 = mistakes.t0, mistakes.t1, mistakes.z0
    assert sympy.simplify(late + 2 * t1 * z0 * sympy.exp(t1**2 - t0**2)) == 0
