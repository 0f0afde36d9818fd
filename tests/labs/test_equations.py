"""First-order forms against numpy's roots and scipy's solver."""

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from core.labs import equations
from core.labs.equations import Params

CASES = [
    Params((4.0, 0.4, 1.0), "oscillator"),
    Params((9.0, 0.0, 1.0), "pendulum"),
    Params((0.5, 2.0, 1.0, 1.0), "driven"),
    Params((1.0, 1.0)),
    Params((1.0, 4.0, 6.0, 4.0, 1.0)),
    Params((-3.0, -3.0, -3.0, -3.0, 0.5)),
    Params((0.0, 0.0, 0.0, 0.0, 3.0)),
]


@pytest.mark.parametrize("params", CASES, ids=str)
def test_the_stacked_system_is_solved_and_solves_the_equation(params: Params):
    *lower, top = params.coefficients

    def by_hand(t: float, z: np.ndarray) -> np.ndarray:
        first = np.sin(z[0]) if params.name == "pendulum" else z[0]
        drive = np.cos(t) if params.name == "driven" else 0.0
        return np.append(z[1:], (drive - lower[0] * first - np.dot(lower[1:], z[1:])) / top)

    result = equations.stack(params)
    exact = scipy.integrate.solve_ivp(
        by_hand, (0, equations.T1), params.start, "DOP853", result.times, rtol=1e-11, atol=1e-12
    )
    scale = np.abs(exact.y).max()
    np.testing.assert_allclose(result.states.T / scale, exact.y / scale, atol=2e-6)
    assert np.abs(result.residual).max() < 1e-5
    assert result.stacking < 1e-5
    assert not result.message


def test_a_wrong_system_leaves_a_residual(monkeypatch):
    right = equations.field
    monkeypatch.setattr(equations, "field", lambda params: lambda t, z: 1.01 * right(params)(t, z))
    result = equations.stack(CASES[0])
    assert np.abs(result.residual).max() > 1e-3
    assert result.stacking > 1e-3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-12, 12), min_size=1, max_size=4), st.integers(2, 12))
def test_eigenvalues_are_the_roots(lower: list[int], top: int):
    exact = Params((*(a / 4 for a in lower), top / 4)).exact
    linear = equations._linear(exact)
    matrix = np.array([[float(entry) for entry in row] for row in equations.companion(exact)])
    n = len(lower)
    coefficients = np.poly(matrix)  # from the eigenvalues
    np.testing.assert_allclose(coefficients, [float(a / exact[-1]) for a in exact[::-1]], atol=1e-6, rtol=1e-6)
    reference = np.roots([float(a) for a in exact[::-1]])
    assert max(np.abs(reference - root).min() for root in linear.roots) < 2e-3  # fourfold roots move by 1e-4
    assert linear.difference < 2e-3
    assert len(linear.roots) == n
    np.testing.assert_allclose(matrix[:-1], np.eye(n)[1:])


def test_a_linear_system_is_its_matrix_exponential():
    result = equations.stack(CASES[0])
    assert result.linear is not None
    matrix = np.array([[float(entry) for entry in row] for row in result.linear.matrix])
    np.testing.assert_allclose(result.states[-1], scipy.linalg.expm(equations.T1 * matrix)[:, 0], atol=1e-6)


def test_a_lower_order_is_refused():
    with pytest.raises(ValueError, match="a_n\\+1 not 0"):
        equations.companion(Params((1.0, 0.0)).exact)
    with pytest.raises(ValueError, match="a_n\\+1 not 0"):
        equations.companion(Params((1.0,)).exact)
