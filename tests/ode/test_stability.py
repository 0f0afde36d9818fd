"""Stability functions against closed forms, and the decision of A- and L-stability against theorems."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ode.stability import StabilityFunction
from core.ode.tableau import Tableau
from core.ode.tableaus import TABLEAUS

A_STABLE = {
    "implicit_euler", "implicit_midpoint", "trapezoid", "sdirk2", "trbdf2", "kencarp4", "radauIIA3", "radauIIA5", "gl4",
    "gl6",
}  # fmt: skip
L_STABLE = A_STABLE - {"implicit_midpoint", "trapezoid", "gl4", "gl6"}


@pytest.mark.parametrize("name", TABLEAUS)
def test_a_and_l_stability_are_as_published(name: str):
    stability = TABLEAUS[name].stability
    assert (stability.a_stable, stability.l_stable) == (name in A_STABLE, name in L_STABLE)


@pytest.mark.parametrize("name", TABLEAUS)
def test_the_stability_function_is_what_a_step_multiplies_by(name: str):
    numeric, stability = TABLEAUS[name].numeric, TABLEAUS[name].stability
    s = len(numeric.b)
    for z in (0.3, -2.0, 1.5j, -1 + 2j):
        step = 1 + z * numeric.b @ np.linalg.solve(np.eye(s) - z * numeric.a, np.ones(s))
        assert stability(complex(z)) == pytest.approx(step, rel=1e-12, abs=1e-13)
    points = np.array([[0.5j, -1], [0.25, -3 + 1j]], complex)
    assert stability(points)[1, 1] == pytest.approx(stability(complex(points[1, 1])), rel=1e-14)


def test_the_stability_function_is_infinite_at_a_pole():
    trapezoid = TABLEAUS["trapezoid"].stability
    assert np.abs(trapezoid(np.array([2, 0], complex))).tolist() == [np.inf, 1]
    with pytest.raises(ZeroDivisionError):
        trapezoid(2 + 0j)


@pytest.mark.parametrize("name", sorted(A_STABLE))
def test_an_a_stable_method_does_not_grow_in_the_left_half_plane(name: str):
    generator = np.random.default_rng(0)
    z = -(10 ** generator.uniform(-3, 5, 2000)) + 1j * 10 ** generator.uniform(-3, 5, 2000)
    assert np.abs(TABLEAUS[name].stability(z)).max() <= 1 + 1e-12


def fractions(text: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, text.split()))


@pytest.mark.parametrize(
    ("name", "numerator", "denominator"),
    [
        ("euler", "1 1", "1"),
        ("rk4", "1 1 1/2 1/6 1/24", "1"),
        ("rk4_classic", "1 1 1/2 1/6 1/24", "1"),
        ("dopri5", "1 1 1/2 1/6 1/24 1/120 1/600", "1"),
        ("implicit_euler", "1", "1 -1"),
        ("trapezoid", "1 1/2", "1 -1/2"),
        ("gl4", "1 1/2 1/12", "1 -1/2 1/12"),
        ("gl6", "1 1/2 1/10 1/120", "1 -1/2 1/10 -1/120"),
        ("radauIIA3", "1 1/3", "1 -2/3 1/6"),
        ("radauIIA5", "1 2/5 1/20", "1 -3/5 3/20 -1/60"),
    ],
)
def test_known_stability_functions(name: str, numerator: str, denominator: str):
    assert TABLEAUS[name].stability == StabilityFunction(fractions(numerator), fractions(denominator))


def pade(j: int, k: int) -> StabilityFunction:
    """The approximation of exp with degrees j over k (Hairer, Wanner II, IV.3, theorem 3.11)."""

    def coefficients(j: int, k: int, unit: int) -> tuple[Fraction, ...]:
        return tuple(
            Fraction(unit**m * math.comb(j, m) * math.factorial(j + k - m), math.factorial(j + k)) for m in range(j + 1)
        )

    return StabilityFunction(coefficients(j, k, 1), coefficients(k, j, -1))


@pytest.mark.parametrize("k", range(7))
@pytest.mark.parametrize("j", range(7))
def test_the_decision_agrees_with_ehles_theorem(j: int, k: int):
    # A-stable if and only if k - 2 <= j <= k (Hairer, Wanner II, IV.4, theorem 4.12)
    assert pade(j, k).a_stable == (k - 2 <= j <= k)
    assert pade(j, k).l_stable == (k - 2 <= j < k)


@pytest.mark.parametrize(("slope", "stable"), [("3/2", True), ("151/100", True), ("149/100", False)])
def test_touching_the_unit_circle_is_allowed_and_crossing_it_is_not(slope: str, stable: bool):
    # 1 / (1 - 3/2 z + z^2 - 1/2 z^3) has |R(iy)| = 1 at y = 1, where |Q|^2 - |P|^2 = y^2 (y^2 - 1)^2 / 4
    touching = StabilityFunction((Fraction(1),), (Fraction(1), -Fraction(slope), Fraction(1), Fraction(-1, 2)))
    assert touching.a_stable == stable
    y = np.linspace(0, 2, 2001)
    assert (np.abs(touching(1j * y)).max() <= 1 + 1e-12) == stable


@given(st.fractions(Fraction(0), Fraction(2), max_denominator=1000))
def test_the_theta_method_is_a_stable_from_one_half_on(theta: Fraction):
    method = Tableau("theta", "test", 1, ((theta,),), (Fraction(1),), (theta,))
    assert method.stability.a_stable == (theta >= Fraction(1, 2))
    assert method.stability.l_stable == (theta == 1)
