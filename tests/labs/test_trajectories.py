"""Runs against exact solutions and scipy; failures in words."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs import trajectories
from core.labs.fields import Flow
from core.labs.systems import PENDULUM, PLANAR
from core.labs.trajectories import TITLES, Params, race
from tests.labs.test_systems import defaults

BOX = ((-3.0, 3.0), (-3.0, 3.0))


def params(formulas: tuple[str, str], methods: tuple[str, ...] = tuple(TITLES), **more: object) -> Params:
    given: dict = {"start": (1.0, 0.5), "time": 3.0, "step": 0.01, "tolerance": 1e-8, **more}
    return Params(Flow(formulas), BOX, methods=methods, **given)


def test_a_linear_system_is_solved_as_by_the_matrix_exponential():
    result = race(params(("z2", "-2*z1 - 0.4*z2")))
    matrix = torch.tensor([[0.0, 1.0], [-2.0, -0.4]], dtype=torch.float64)
    start = torch.tensor([1.0, 0.5], dtype=torch.float64)
    exact = torch.linalg.matrix_exp(3.0 * matrix) @ start
    np.testing.assert_allclose(result.reference.step_states[-1], exact, atol=1e-9)
    for run, bound in zip(result.runs, (0.05, 1e-3, 1e-7, 0.05, 1e-3, 1e-6, 1e-6, 1e-6), strict=True):
        difference = float(np.linalg.norm(run.step_states[-1] - exact.numpy()))
        assert run.error == pytest.approx(difference, rel=1e-3, abs=1e-9)
        assert run.error is not None
        assert run.error < bound
        assert run.trouble == ""
        assert run.times[0] == run.step_times[0] == 0
        assert run.times[-1] == run.step_times[-1] == 3
        assert len(run.step_times) == run.accepted + 1
    euler = next(run for run in result.runs if run.method == "euler")
    assert (euler.accepted, euler.rejected) == (300, 0)


@pytest.mark.parametrize("name", PLANAR)
def test_the_reference_is_what_scipy_finds(name: str):
    system = PLANAR[name]
    flow = Flow(system.formulas, defaults(system))
    first, second = system.start
    result = race(Params(flow, (system.x, system.y), (first, second), 8.0, ("dopri5",), 0.1, 1e-6))
    f = flow.function()
    found = solve_ivp(
        lambda t, z: f(torch.tensor(t), torch.from_numpy(z)).numpy(),
        (0, 8),
        system.start,
        method="DOP853",
        rtol=1e-11,
        atol=1e-12,
        t_eval=result.reference.times,
    )
    np.testing.assert_allclose(result.reference.states, found.y.T, atol=1e-6)
    np.testing.assert_allclose(result.runs[0].states, found.y.T, atol=2e-3)


def test_euler_adds_energy_and_implicit_euler_takes_it_away():
    flow = Flow(PENDULUM.formulas, (("w", 1.0), ("d", 0.0)))
    methods = ("euler", "implicit_euler", "rk4_classic")
    result = race(Params(flow, BOX, (2.0, 0.0), 10.0, methods, 0.05, 1e-4, PENDULUM.invariant))
    euler, implicit, rk4 = (run.drift for run in result.runs)
    assert euler is not None
    assert implicit is not None
    assert rk4 is not None
    assert euler > 0.05
    assert implicit < -0.05
    assert abs(rk4) < 1e-4
    levels = result.runs[0].levels
    assert levels is not None
    states = result.runs[0].step_states
    np.testing.assert_allclose(levels, states[:, 1] ** 2 / 2 - np.cos(states[:, 0]))


def test_what_goes_wrong_becomes_words():
    blown = race(params(("z1^2", "0*z2")))
    assert "t = 1" in blown.reference.trouble or "t = 0.99" in blown.reference.trouble
    for run in blown.runs:
        assert run.error is None
        assert run.trouble
    assert all(run.trouble for run in race(params(("log(-z1^2)", "z2"))).runs)
    away = race(params(("9*z1", "z2"), ("euler", "dopri5"), step=0.5))
    assert all(run.trouble.startswith("ran off at t =") for run in away.runs)
    poles = race(params(("1/(z1 - 2)", "-1/z2"), time=9.0))
    assert any(run.trouble for run in poles.runs)
    assert all(math.isfinite(run.times[-1]) for run in poles.runs)


def test_a_step_too_small_for_the_time_is_made_larger_and_said():
    result = race(params(("z2", "-z1"), ("euler",), time=60.0, step=0.01))
    assert result.step == 0.03
    assert result.runs[0].accepted == trajectories.MOST_STEPS


def test_a_step_longer_than_the_time_is_one_step():
    assert race(params(("z2", "-z1"), ("euler",), time=0.5, step=1.0)).runs[0].accepted == 1


def test_a_solve_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trajectories, "SECONDS", 0.0)
    result = race(params(("z2", "-z1"), ("euler",)))
    assert result.runs[0].trouble.startswith("took too long and was stopped at t =")


def test_a_field_too_steep_for_a_first_step_is_a_result():
    flow = Flow(("exp(z1^2)", "sign(z2)"))
    box = ((-20.0, 20.0), (-20.0, 20.0))
    result = trajectories.race(trajectories.Params(flow, box, (20.0, 0.0), 40.0, ("euler", "dopri5"), 0.1, 1e-4))
    assert result.reference.trouble
    assert all(run.trouble for run in result.runs)
