"""Residual networks beside the ODE: against exact solutions, scipy, core.ode's and torchdiffeq's Euler methods."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs import residual, residual_words
from core.labs.residual import BLOCKS, CHECKED, DEPTH, FIELDS, REACH, BlockParams, Params
from core.ode import odeint


@pytest.fixture(scope="module", params=list(FIELDS))
def compared(request) -> residual.Comparison:
    return residual.compare(Params(request.param, 7))


def numpy_field(name: str):
    f = FIELDS[name].function
    return lambda t, z: f(float(t), torch.from_numpy(np.asarray(z))).numpy()


def test_the_network_is_eulers_method(compared: residual.Comparison):
    torchdiffeq = pytest.importorskip("torchdiffeq")
    f = FIELDS[compared.params.field].function
    z0 = torch.linspace(-REACH, REACH, 7, dtype=torch.float64)
    for path in compared.paths[:4]:
        times = torch.from_numpy(path.times)
        h = float(path.times[1])
        by_hand = [z0.numpy()]
        for t in path.times[:-1]:
            z = by_hand[-1]
            by_hand.append(z + h * numpy_field(compared.params.field)(t, z))
        np.testing.assert_allclose(path.states, by_hand, rtol=1e-12, atol=1e-12)
        for solver in (odeint, torchdiffeq.odeint):
            states = solver(f, z0, times, method="euler", options={"step_size": h})
            np.testing.assert_allclose(path.states, states, rtol=1e-11, atol=1e-12)
    assert compared.against_solver < 1e-12


def test_the_truth_is_the_solution(compared: residual.Comparison):
    field = numpy_field(compared.params.field)
    t = compared.truth_times
    exact = solve_ivp(field, (0, DEPTH), compared.truth[0], "DOP853", t, rtol=1e-11, atol=1e-12).y.T
    np.testing.assert_allclose(compared.truth, exact, atol=1e-7)


def test_the_pull_has_an_exact_solution():
    compared = residual.compare(Params("pull", 5))
    t, z0 = compared.truth_times[:, None], compared.truth[0]
    steady = 1.5 * (1.5 * np.cos(t) + np.sin(t)) / (1.5**2 + 1)
    exact = steady + (z0 - 1.5**2 / (1.5**2 + 1)) * np.exp(-1.5 * t)
    np.testing.assert_allclose(compared.truth, exact, atol=1e-8)


def test_errors_fall_with_slope_minus_one(compared: residual.Comparison):
    assert compared.order == pytest.approx(-1, abs=0.07)
    assert compared.errors[-2] / compared.errors[-1] == pytest.approx(2, rel=0.03)
    for path in compared.paths:
        assert path.error == np.abs(path.states[-1] - compared.truth[-1]).max()


def test_thick_blocks_cross_and_thin_ones_do_not(compared: residual.Comparison):
    assert compared.paths[0].crossed > 0
    assert compared.paths[-1].crossed == 0
    for path in compared.paths[:3]:
        swapped = sum(bool((path.states[:, j] <= path.states[:, i]).any()) for i in range(7) for j in range(i + 1, 7))
        assert path.crossed == swapped


def test_blocks_needed_follow_the_slope(compared: residual.Comparison):
    tolerance = compared.errors[-1] / 3
    blocks = compared.needed(tolerance)
    f = FIELDS[compared.params.field].function
    end = residual.residual_network(f, torch.from_numpy(compared.truth[0]), DEPTH, blocks)[-1]
    assert np.abs(end.numpy() - compared.truth[-1]).max() == pytest.approx(tolerance, rel=0.1)


def test_the_network_field_is_smooth_in_depth_and_fixed():
    z = torch.linspace(-2, 2, 5, dtype=torch.float64)
    f = residual.network_field
    assert torch.equal(f(0.5, z), f(torch.tensor(0.5, dtype=torch.float64), z))
    jump = [(f(1.0 + d, z) - f(1.0, z)).abs().max() for d in (1e-2, 1e-3, 1e-4)]
    assert jump[0] / jump[1] == pytest.approx(10, rel=0.1)
    assert jump[1] / jump[2] == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("field", list(FIELDS))
@pytest.mark.parametrize("start", [-2.0, -1.0, 0.3, 2.0])
def test_one_block_is_one_step(field: str, start: float):
    thin, thick = (residual.one_block(BlockParams(field, start, h)) for h in (1 / 64, 1 / 16))
    assert thin.output == pytest.approx(thin.solver, abs=1e-14)
    assert thin.output == pytest.approx(start + thin.branch / 64, abs=1e-14)
    rest = [abs(block.missed - block.expected) for block in (thin, thick)]
    assert rest[0] < 10 * 64**-3
    assert rest[1] == 0 or rest[0] / rest[1] < 0.03  # 4^-3 = 0.016
    assert residual_words.block_steps(thin)


def test_partial_derivatives_by_differences():
    block = residual.one_block(BlockParams("network", -1.0, 0.25))
    field, d = numpy_field("network"), 1e-6
    z = np.array([-1.0])
    assert block.f_t == pytest.approx(float((field(d, z) - field(-d, z))[0]) / (2 * d), abs=1e-7)
    assert block.f_z == pytest.approx(float((field(0.0, z + d) - field(0.0, z - d))[0]) / (2 * d), abs=1e-7)


def test_numbers_of_blocks_are_powers_of_two():
    assert BLOCKS[0] == DEPTH
    assert CHECKED in BLOCKS
