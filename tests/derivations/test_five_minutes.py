"""The five-minute derivation's formulas have the values of the exact solution."""

import math

import pytest

from core.derivations.five_minutes import ADJOINT, a, by_hand, five_minutes, k, t, t1, value, z0


def test_the_formulas_have_the_values_of_the_exact_solution():
    assert by_hand({k: 0.5, z0: 1.0, t1: 2.0}) == pytest.approx((math.e**2 / 2, math.e**2, 2 * math.e**2))


def test_the_adjoint_is_derived_and_not_only_named():
    def by_state(state: float) -> float:
        """The loss of 0.5 t z followed from this state at t = 1 to 2."""
        return (state * math.exp(0.5 * (4 - 1) / 2)) ** 2 / 2

    here, step = math.exp(0.25), 1e-5
    slope = (by_state(here + step) - by_state(here - step)) / (2 * step)
    assert value(ADJOINT, {k: 0.5, z0: 1.0, t: 1.0, t1: 2.0}) == pytest.approx(slope, rel=1e-8)
    named = [step for step in five_minutes().steps if step.lhs == a(t)]
    assert [step.check.kind for step in named] == ["definition", "identity"]
