"""What settles the statements on the adjoint method, against formulas, SciPy and difference quotients."""

from math import e, exp
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs import mistakes_adjoint, mistakes_batch
from core.labs.mistakes_data import Settled, Table

TIGHT: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-12}


def table(settled: Settled) -> Table:
    assert settled.table is not None
    return settled.table


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_adjoint_has_the_slope_with_the_minus_sign(n: int):
    weights = torch.randn(n, n, generator=torch.Generator().manual_seed(n), dtype=torch.float64).numpy()

    def along(t: float, state: np.ndarray) -> np.ndarray:
        """z and its derivatives by the state at the start, column by column."""
        z, by_start = state[:n], state[n:].reshape(n, n)
        slope = np.tanh(weights @ z)
        return np.concatenate([slope + t, ((1 - slope**2)[:, None] * weights @ by_start).ravel()])

    def adjoint(t: float) -> np.ndarray:
        start = np.concatenate([np.ones(n), np.eye(n).ravel()])
        z = solve_ivp(along, (0, t), start, **TIGHT).y[:n, -1]
        end = solve_ivp(along, (t, 1), np.concatenate([z, np.eye(n).ravel()]), **TIGHT).y[n:, -1]
        return end.reshape(n, n).sum(axis=0)

    slope = (adjoint(0.5 + 1e-3) - adjoint(0.5 - 1e-3)) / 2e-3
    found = table(mistakes_adjoint.minus_sign(n))
    np.testing.assert_allclose(np.array(found.column("slope, measured"), float), slope, rtol=1e-5)
    np.testing.assert_allclose(np.array(found.column("with the minus"), float), slope, rtol=1e-5)
    assert np.abs(np.array(found.column("without"), float) - slope).min() > 0.1


@pytest.mark.parametrize("t", [0.0, 0.7, 2.0])
def test_the_straight_d_follows_the_solution(t: float):
    z = exp(t**2 / 2)
    total, by_t, rest, both = table(mistakes_adjoint.total_derivative(t)).column("value")
    assert total == pytest.approx(z + t**2 * z, rel=1e-6)
    assert by_t == pytest.approx(z, rel=1e-8)
    assert rest == pytest.approx(t**2 * z, rel=1e-8, abs=1e-12)
    assert both == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("end", [0.5, 2.0, 3.0])
def test_the_integral_needs_its_limits_and_its_plus_sign(end: float):
    exact = end * exp(0.5 * end)
    quotient, adjoint, integral, exchanged, read = table(mistakes_adjoint.parameter_integral(end)).column(
        r"$dL/d\theta$"
    )
    assert quotient == pytest.approx(exact, rel=1e-5)
    assert adjoint == pytest.approx(exact, rel=1e-8)
    assert (integral, exchanged) == pytest.approx((exact, exact), rel=1e-5)
    assert read == pytest.approx(-exact, rel=1e-5)


@pytest.mark.parametrize("start", [0.0, 0.4, 0.9])
def test_the_accumulator_of_time_must_not_start_at_0(start: float):
    end = exp(1 - start**2)
    quotient, adjoint, begun, zero = table(mistakes_adjoint.time_accumulator(start)).column("$dL/dt_0$")
    assert quotient == pytest.approx(-2 * start * end, abs=1e-5)
    assert adjoint == pytest.approx(-2 * start * end, abs=1e-7)
    assert begun == pytest.approx(-2 * start * end, abs=1e-7)
    assert zero == pytest.approx(2 * (1 - start) * end, abs=1e-7)
    assert abs(float(zero) + 2 * start * end) > 1


def test_memory_is_constant_in_steps_alone():
    direct, adjoint = (
        np.array(table(mistakes_batch.caveats(10)).column(way)[:3], float) for way in ("direct", "adjoint")
    )
    assert direct[1] == pytest.approx(10 * direct[0], rel=0.05)
    assert adjoint[1] == adjoint[0]
    assert adjoint[2] == pytest.approx(2 * adjoint[1], rel=0.05)
    assert adjoint[1] < direct[1] / 10


def test_the_adjoint_gradient_is_not_the_computed_loss_s():
    """Ten steps of Euler's method forwards, then z, a and the integral by Euler's method backwards."""
    h, end = 0.1, 1.1**10
    z, a, gradient = end, 1.0, 0.0
    for _ in range(10):
        z, a, gradient = z - h * z, a + h * a, gradient + h * a * z
    row = table(mistakes_batch.caveats(10)).rows[3]
    assert row[1] == pytest.approx(10 * h * 1.1**9, rel=1e-12)
    assert row[2] == pytest.approx(gradient, rel=1e-12)
    assert abs(float(row[2]) - float(row[1])) > 0.1
    assert abs(float(row[2]) - e) > 0.1


def test_the_start_is_lost_as_the_rate_grows():
    lost = [float(table(mistakes_batch.caveats(rate)).rows[4][2]) for rate in (0, 5, 15, 30)]
    assert lost[0] == 0
    assert lost == sorted(lost)
    assert lost[1] < 1e-2
    assert lost[3] > 1e3


@pytest.mark.parametrize("count", [2, 5, 16])
def test_gradients_add_up_over_the_batch(count: int):
    """Against a difference quotient of the loss, solved by Runge and Kutta's method written out."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(2, 2, generator=generator, dtype=torch.float64).numpy()
    samples = torch.randn(count, 2, generator=generator, dtype=torch.float64).numpy()

    def losses(first: float) -> np.ndarray:
        w, z, h = weights.copy(), samples, 0.25
        w[0, 0] += first
        for _ in range(4):
            k1 = np.tanh(z @ w)
            k2 = np.tanh((z + h / 2 * k1) @ w)
            k3 = np.tanh((z + h / 2 * k2) @ w)
            k4 = np.tanh((z + h * k3) @ w)
            z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return (z**2).sum(axis=1)

    each = (losses(1e-5) - losses(-1e-5)) / 2e-5
    by_sum, by_mean = table(mistakes_batch.batch(count)).rows
    tolerance: dict[str, Any] = {"rel": 1e-2, "abs": 1e-3}  # the adjoint's own steps, backwards
    assert by_sum[1] == pytest.approx(each.sum(), **tolerance)
    assert by_sum[2] == pytest.approx(by_sum[1], rel=1e-9)
    assert by_mean[1] == pytest.approx(each.mean(), **tolerance)
    assert by_sum[1] == pytest.approx(count * float(by_mean[1]), rel=1e-9)
    assert abs(float(by_sum[1]) - float(by_sum[3])) > 1e-2
