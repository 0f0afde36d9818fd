"""The corpus itself: exact solutions against scipy's DOP853, end values as published, batches, invariants."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.optimize import root_scalar

from tests.ode.problems import (
    DETEST,
    EVERY,
    GRAVITY,
    MASSES,
    OREGONATOR,
    PLANETS,
    ROBERTSON,
    SUN,
    Problem,
    c5,
    van_der_pol,
)

PUBLISHED = {
    "A2": [0.2182178902359887],
    "A3": [2.491650271850414],
    "A4": [17.73016648131483],
    "A5": [-0.7887826688964196],
    "B1": [0.6761876008576667, 0.1860816099640036],
    "B2": [1.000000001030576, 1.0, 0.9999999989694235],
    "B3": [2.061153488557776e-9, 5.257228022048349e-2, 0.9474277177183630],
    "B4": [0.9826950928005993, 2.198447081694832, 0.9129452507276399],
    "B5": [-0.9396570798729192, -0.3421177754000779, 0.7414126596199957],
    "C1": [2.061153622240064e-9, 4.122307244619555e-8, 4.122307244716968e-7, 2.748204829855288e-6],
    "C2": [2.061153577984930e-9, 2.061153573736588e-9],
    "C3": [2.948119211022058e-3, 5.635380154844266e-3, 7.829072515926013e-3, 9.348257908594937e-3],
    "C4": [3.124111453721466e-3, 6.015416842150318e-3, 8.470021834842650e-3, 1.033682931733337e-2],
    "C5": [-4.792730224323733, -2.420550725448973, -0.9212509306014886, -4.217310404035213, 7.356202947498970],
    "D1": [0.2198835352008397, 0.9427076846341813, -0.9787659841058176, 0.3287977990962036],
    "D2": [-0.1777027357140412, 0.9467784719905892, -1.030294163192969, 0.1211074890053952],
    "D3": [-0.5780432953035361, 0.8633840009194193, -0.9595083730380727, -0.06504915126712089],
    "D4": [-0.9538990293416394, 0.6907409024219432, -0.8212674270877433, -0.1539574259125825],
    "D5": [-1.295266250987574, 0.4003938963792321, -0.6775390924707566, -0.1270838154278686],
    "E1": [0.1456723600728308, -0.09883500195574063],
    "E2": [2.008149762174948, -0.04250887527320057],
    "E3": [-0.1004178858647128, 0.2411400132095954],
    "E4": [33.95091444646555, 0.2767822659672869],
    "E5": [14.11797390542629, 2.4],
}
"""First components at t = 20: Enright and Pryce, Two FORTRAN packages for assessing initial value methods, 1987."""


def by_scipy(problem: Problem, times: np.ndarray, rtol: float = 1e-12, atol: float = 1e-14) -> np.ndarray:
    method = "Radau" if problem.stiff else "DOP853"
    span = (problem.t0, float(times[-1]))
    found = solve_ivp(problem.for_scipy(), span, problem.y0.numpy(), method, times, rtol=rtol, atol=atol)
    assert found.success, found.message
    return found.y.T


@pytest.mark.parametrize("problem", [p for p in EVERY if p.exact], ids=str)
def test_exact_solutions_solve_their_problems(problem: Problem):
    assert problem.exact is not None
    times = np.linspace(problem.t0, problem.t1, 9)
    exact = problem.exact(torch.from_numpy(times)).numpy()
    # The oracle's own error: at rtol 1e-12 DOP853 comes to 1e-10 of the scale on D5, the sharpest orbit.
    np.testing.assert_allclose(exact, by_scipy(problem, times), rtol=0, atol=2e-10 * np.abs(exact).max())
    np.testing.assert_allclose(exact[0], problem.y0.numpy(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("problem", [p for p in DETEST if p.name in PUBLISHED], ids=str)
def test_published_end_values(problem: Problem):
    """Of the exact solution where there is one: it is compared with DOP853 above."""
    expected = PUBLISHED[problem.name]
    assert problem.t1 == 20
    if problem.exact is not None:
        end = problem.exact(torch.tensor([20.0], dtype=torch.float64))[-1].numpy()
    else:
        end = by_scipy(problem, np.array([20.0]))[-1]
    np.testing.assert_allclose(end[: len(expected)], expected, rtol=1e-10, atol=1e-12)


def test_robertson_at_40():
    """The end value in the manuals of the SUNDIALS solvers, and the long run of the Test Set for IVP Solvers."""
    states = by_scipy(ROBERTSON, np.array([40.0, 1e11]), 1e-9, 1e-16)
    np.testing.assert_allclose(states[0], [0.7158270688, 9.185534765e-6, 0.2841637457], rtol=1e-8)
    np.testing.assert_allclose(states[1], [2.083340149701e-8, 8.333360770335e-14, 0.9999999791665], rtol=1e-5)


def test_oregonator_at_360():
    """The reference of the Test Set for IVP Solvers (Mazzia and Magherini, 2008)."""
    end = by_scipy(OREGONATOR, np.array([360.0]), 1e-7, 1e-9)[-1]
    np.testing.assert_allclose(end, [1.000814870318523, 1228.178521549917, 132.0554942846706], rtol=1e-5)


def test_van_der_pol_at_mu_1000():
    """The reference of the Test Set for IVP Solvers (problem VDPOL, unscaled)."""
    end = by_scipy(van_der_pol(1000.0, 2000.0), np.array([2000.0]), 1e-8, 1e-12)[-1]
    np.testing.assert_allclose(end, [1.706167732170469, -0.8928097010248125e-3], rtol=1e-6)


@pytest.mark.parametrize(("mu", "period"), [(1.0, 6.6632868593), (10.0, 19.0783695669)])
def test_van_der_pol_periods(mu: float, period: float):
    """Twice the time between two zeros, as published by Urabe (1960) and later computed to more digits."""
    problem = van_der_pol(mu, (4 if mu < 5 else 2.5) * period)  # by then on the cycle, the sooner the stronger
    dense = solve_ivp(
        problem.for_scipy(), (0, problem.t1), problem.y0.numpy(), "DOP853", rtol=1e-11, atol=1e-13, dense_output=True
    ).sol
    grid = np.linspace(0, problem.t1, 4001)
    position = dense(grid)[0]
    crossings = np.flatnonzero((position[:-1] > 0) & (position[1:] <= 0))  # downwards: once in a period
    zeros = [float(root_scalar(lambda t: dense(t)[0], bracket=grid[i : i + 2]).root) for i in crossings[-2:]]
    assert zeros[1] - zeros[0] == pytest.approx(period, abs=1e-8)


@pytest.mark.parametrize("problem", EVERY, ids=str)
def test_a_batch_of_states_is_each_state(problem: Problem):
    t = torch.tensor(0.3, dtype=torch.float64)
    batch = problem.y0 + 0.1 * torch.rand((2, 3, len(problem.y0)), generator=torch.Generator().manual_seed(0))
    together = problem.func(t, batch)
    assert together.shape == batch.shape
    assert together.dtype == torch.float64
    alone = torch.stack([torch.stack([problem.func(t, y) for y in row]) for row in batch])
    torch.testing.assert_close(together, alone, rtol=1e-13, atol=1e-13)


def test_five_bodies_keep_the_centre_of_mass_moving_straight():
    """In the sun's frame: sum m x'' + (sum of all masses) x_sun'' = 0, where x_sun'' = k^2 sum m x / r^3."""
    y = PLANETS.unflatten(-1, (2, 3)).transpose(0, 1).flatten()
    relative = c5(torch.tensor(0.0), y)[15:].view(5, 3)
    position = PLANETS[:, :3]
    sun = GRAVITY * (MASSES[:, None] * position / position.norm(dim=-1, keepdim=True) ** 3).sum(0)
    total = (MASSES[:, None] * (relative + sun)).sum(0) + SUN * sun
    torch.testing.assert_close(total, torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-17)
