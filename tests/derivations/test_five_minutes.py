"""The five-minute derivation's formulas have the values of the exact solution."""

import math

import pytest

from core.derivations.five_minutes import by_hand, k, t1, z0


def test_the_formulas_have_the_values_of_the_exact_solution():
    assert by_hand({k: 0.5, z0: 1.0, t1: 2.0}) == pytest.approx((math.e**2 / 2, math.e**2, 2 * math.e**2))
