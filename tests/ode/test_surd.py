"""The quadratic field: its laws, its floats and its refusals."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ode.surd import Surd, sign

rationals = st.fractions(max_denominator=10**6, min_value=-(10**6), max_value=10**6)
surds = st.builds(Surd, rationals, rationals, st.just(6))


@given(surds, surds, surds)
def test_surds_form_a_field(x: Surd, y: Surd, z: Surd):
    assert x + y == y + x
    assert x * y == y * x
    assert (x + y) + z == x + (y + z)
    assert (x * y) * z == x * (y * z)
    assert x * (y + z) == x * y + x * z
    assert x - x == 0
    assert x - y == -(y - x)
    if y:
        assert (x / y) * y == x
        assert y**-2 * y**2 == 1


@given(surds, rationals)
def test_surds_mix_with_rationals(x: Surd, q: Fraction):
    assert q + x == x + q
    assert q - x == -(x - q)
    assert q * x == x * q
    if x:
        assert (q / x) * x == q
    if q:
        assert (x / q) * q == x
    assert Surd(q, 0, 6) == q
    assert hash(Surd(q, 0, 6)) == hash(q)


@given(surds)
def test_the_float_and_the_sign_of_a_surd_are_right_under_cancellation(x: Surd):
    with mpmath.workdps(60):
        value = mpmath.mpf(x.a.numerator) / x.a.denominator
        value += mpmath.mpf(x.b.numerator) / x.b.denominator * mpmath.sqrt(6)
        assert float(x) == pytest.approx(float(value), rel=3e-16, abs=0)
        assert sign(x) == mpmath.sign(value)


def test_surds_refuse_what_leaves_the_field():
    with pytest.raises(ValueError, match=r"sqrt\(2\) in Surd\(0, 1, 2\), sqrt\(3\)"):
        _ = Surd(0, 1, 2) + Surd(0, 1, 3)
    assert Surd(0, 1, 2) + Surd(1, 0, 3) == Surd(1, 1, 2)
    for d in (1, 0, -1, 4, 12, 18):
        with pytest.raises(ValueError, match=f"without a square factor; got {d}"):
            Surd(0, 1, d)
    with pytest.raises(ZeroDivisionError):
        _ = 1 / Surd(0, 0, 2)
    with pytest.raises(TypeError):
        _ = Surd(0, 1, 2) + 0.5  # type: ignore[operator]  # a float is not exact
