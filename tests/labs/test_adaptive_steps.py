"""Runs with error control: the statistics are `solve`'s, the errors those against a reference."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs.adaptive_steps import METHODS, MOST_STEPS, PROBLEMS, Params, problem, run
from core.ode import solve


@pytest.mark.parametrize("name", PROBLEMS)
def test_statistics_are_those_of_solve(name: str):
    params = Params(name, "dopri5", -4)
    field, start, t1 = problem(params)
    s = solve(field, torch.tensor(start, dtype=torch.float64), 0.0, t1, method="dopri5", rtol=1e-4, atol=1e-4)
    result = run(params)
    assert (len(result.sizes), len(result.rejections), result.nfe) == (s.accepted, s.rejected, s.nfe)
    np.testing.assert_array_equal(result.sizes, s.step_sizes)
    np.testing.assert_array_equal(result.rejections, np.reshape(s.rejections, (-1, 3)))
    assert (result.ratios <= 1).all()
    assert (result.rejections[:, 2] > 1).all()
    assert len(result.rejections) > 0


@pytest.mark.parametrize("name", PROBLEMS)
def test_global_errors_are_those_against_scipy(name: str):
    params = Params(name, "tsit5", -5)
    field, start, t1 = problem(params)

    def func(t: float, z: np.ndarray) -> np.ndarray:
        return field(torch.tensor(t), torch.from_numpy(z)).numpy()

    result = run(params)
    truth = solve_ivp(func, (0, t1), start, "DOP853", t_eval=result.t[-3:], rtol=1e-12, atol=1e-12)
    first = np.abs(result.z[-3:] - truth.y[0])
    assert (first <= result.errors[-3:] + 1e-6 * result.worst + 1e-8).all()
    if len(start) == 1:
        np.testing.assert_allclose(first, result.errors[-3:], atol=1e-9)


def test_the_global_error_follows_the_tolerance_and_exceeds_it():
    worst = [run(Params("vdp", "dopri5", exponent)).worst for exponent in (-4, -6, -8)]
    assert worst[0] > 10 * worst[1] > 100 * worst[2]
    assert worst[0] > 1e-4


def test_giving_up_is_a_result():
    result = run(Params("arenstorf", "bosh3", -10))
    assert len(result.sizes) + len(result.rejections) == MOST_STEPS
    assert f"{MOST_STEPS} steps" in result.message
    assert result.t[-1] < result.t1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mu", [0.0, 10.0])
@pytest.mark.parametrize("exponent", [-10, -2])
def test_the_ends_of_the_controls(method: str, mu: float, exponent: int):
    result = run(Params("vdp", method, exponent, mu))
    assert np.isfinite(result.z).all()
    assert len(result.errors) == len(result.t)
    assert result.curve[-1, 0] == pytest.approx(result.t[-1], rel=1e-6)
