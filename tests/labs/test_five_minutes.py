"""Four ways to one gradient, against the exact solution written out here."""

import math

import numpy as np
import pytest

from core.labs import five_minute_words as words
from core.labs.five_minutes import MOST_DIGITS, Params, Result, by_sympy, four_ways, shown

EXTREMES = [Params(k, z0, t1) for k in (-2.0, 0.0, 2.0) for z0 in (-2.0, 0.0, 0.1, 2.0) for t1 in (0.5, 2.0)]


def result(params: Params) -> Result:
    return four_ways(by_sympy(), params)


@pytest.mark.parametrize("params", [Params(0.5, 1.0, 2.0), *EXTREMES], ids=str)
def test_all_four_are_the_exact_gradient(params: Params):
    k, z0, t1 = params.k, params.z0, params.t1
    end = z0 * math.exp(k * t1**2 / 2)
    exact = [end**2 / 2, end * math.exp(k * t1**2 / 2), end**2 * t1**2 / 2]
    found = result(params)
    for row in found.table:
        np.testing.assert_allclose(row, exact, rtol=1e-8)
    assert min(found.digits(quantity) for quantity in range(3)) >= 8
    assert len(words.tables(found)) == 3
    lost = min(found.digits(quantity) for quantity in range(3)) < MOST_DIGITS
    assert ("lost to the solver" in words.about_agreement(found)) == lost
    assert not (lost and z0 == 0)


def test_the_integrand_is_a_straight_line():
    found = result(Params(0.5, 1.0, 2.0))
    np.testing.assert_allclose(found.integrand, found.end**2 * found.times, atol=1e-9)
    assert found.gathered[0] == 0
    assert np.trapezoid(found.integrand[::-1], found.times[::-1]) == pytest.approx(found.gathered[-1])


def test_the_digits_are_those_that_agree():
    made = Result(Params(1, 1, 1), np.tile([1.0, 1.0, 1.0], (4, 1)), *[np.zeros(2)] * 4, nfe=0)
    assert made.digits(0) == 12
    made.table[1] = [1.0001, 2.0, 1 + 1e-11]
    assert [made.digits(quantity) for quantity in range(3)] == [4, 0, 11]
    assert shown(1.0001, 4) == "1.000"


def test_the_exercise_is_the_slope_in_the_end_time():
    params, step = Params(0.5, 1.0, 1.5), 1e-5
    later, earlier = (result(Params(0.5, 1.0, 1.5 + sign * step)).table[0, 0] for sign in (1, -1))
    _, answer, tolerance, why = words.exercise(result(params))
    assert answer == pytest.approx((later - earlier) / (2 * step), rel=1e-8)
    assert 0 < tolerance < 0.02 * abs(answer)
    assert f"{answer:.5g}" in why
