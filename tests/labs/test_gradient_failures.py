"""Ways back that fail, and what stored states do."""

import numpy as np
import pytest
import torch

from core.labs import gradient_failures as failing
from core.labs.gradient_failures import Params, reference, run, sweep
from core.labs.gradient_hard_problems import PROBLEMS
from core.labs.way_back_words import (
    WORSE,
    about_checkpoints,
    about_gradient,
    about_run,
    enough_states,
    notices,
    sweep_table,
)
from core.ode import odeint_adjoint, odeint_checkpointed

every_problem = pytest.mark.parametrize("name", list(PROBLEMS))


def torch_field(name: str, theta: torch.Tensor):
    if name == "relaxation":
        return lambda t, z: -theta[0] * (z - torch.cos(t))
    if name == "vdp":
        return lambda t, z: torch.stack([z[1], theta[0] * (1 - z[0] ** 2) * z[1] - z[0]])
    return lambda t, z: torch.stack(
        [theta[0] * (z[1] - z[0]), z[0] * (theta[1] - z[2]) - z[1], z[0] * z[1] - theta[2] * z[2]]
    )


def by_torch(name: str, strength: float, solver, **settings) -> np.ndarray:
    values, t1 = PROBLEMS[name].make(strength)
    theta = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    z0 = torch.tensor(PROBLEMS[name].z0, dtype=torch.float64, requires_grad=True)
    t = torch.tensor([0.0, t1], dtype=torch.float64)
    z1 = solver(torch_field(name, theta), z0, t, **settings)[-1]
    return torch.cat(torch.autograd.grad(z1.square().sum() / 2, (z0, theta))).numpy()


@every_problem
def test_derivatives_by_hand_are_those_of_torch(name: str):
    problem = PROBLEMS[name]
    theta = torch.tensor(problem.make(2.0)[0], dtype=torch.float64)
    z = torch.tensor([1.3, -0.7, 2.1][: len(problem.z0)], dtype=torch.float64)
    t = torch.tensor(0.4, dtype=torch.float64)
    np.testing.assert_allclose(problem.f(0.4, z.numpy(), theta.numpy()), torch_field(name, theta)(t, z).numpy())
    by_z, by_theta = torch.func.jacrev(lambda z, p: torch_field(name, p)(t, z), argnums=(0, 1))(z, theta)
    found = problem.jacobians(0.4, z.numpy(), theta.numpy())
    np.testing.assert_allclose(found[0], by_z.numpy())
    np.testing.assert_allclose(found[1], by_theta.numpy())


@pytest.mark.parametrize(("name", "strength"), [("relaxation", 5.0), ("vdp", 1.0), ("lorenz", 1.0)])
def test_the_reference_is_the_gradient_that_reconstructs_nothing(name: str, strength: float):
    found = by_torch(name, strength, odeint_checkpointed, method="dopri8", rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(reference(name, strength), found, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "strength"), [("relaxation", 5.0), ("vdp", 1.0), ("lorenz", 0.5)])
def test_with_one_stored_state_it_is_the_adjoint_method(name: str, strength: float):
    found = by_torch(name, strength, odeint_adjoint, method="dopri5", rtol=1e-6, atol=1e-6)
    gradient = run(Params(name, strength, -6, 1)).gradient
    assert gradient is not None
    np.testing.assert_allclose(gradient, found, rtol=1e-6, atol=1e-9)


def test_relaxation_explodes_with_lambda_but_its_gradient_does_not():
    runs = [run(Params("relaxation", strength, -5, 1)) for strength in (5.0, 10.0, 20.0, 50.0)]
    gaps = [one.gap for one in runs]
    assert gaps == sorted(gaps)
    assert gaps[0] < 1
    assert gaps[-1] > 1e30
    assert all(one.error < 0.05 for one in runs)
    assert not any(one.message for one in runs)
    assert all(np.isnan(one.drift) for one in runs)


@pytest.mark.parametrize(("name", "strength"), [("relaxation", 20.0), ("vdp", 1.0), ("lorenz", 1.0)])
def test_stored_states_hold_the_way_back(name: str, strength: float):
    alone, many = (run(Params(name, strength, -5, count)) for count in (1, 32))
    assert many.gap < alone.gap / 100
    assert many.error < 0.02
    assert [stretch.times[0] for stretch in many.stretches] == pytest.approx(np.linspace(many.t1, many.t1 / 32, 32))
    for stretch in many.stretches:
        assert stretch.gap[0] < 1e-6


def test_a_wrong_gradient_without_a_word_and_a_meter_that_does_not_see_it():
    one = run(Params("vdp", 1.0, -5, 1))
    assert not one.message
    assert one.gap > 0.1
    assert one.error > 0.01
    assert one.drift < 1e-3
    assert "wrong paths too" in about_gradient(one, WORSE[0])


def test_one_that_gives_up_says_so():
    one = run(Params("vdp", 2.0, -5, 1))
    assert one.gradient is None
    assert one.error == np.inf
    assert one.message
    assert one.message in notices(one)[0]
    assert "gave up" in about_run(one)
    assert about_gradient(one, WORSE[2]).startswith("**Right")


@every_problem
def test_every_end_of_the_controls_has_a_result(name: str):
    low, high, _, _ = PROBLEMS[name].range
    for strength in (low, high):
        for exponent, count in ((-3, 64), (-8, 1)):
            one = run(Params(name, strength, exponent, count))
            assert one.message or one.gradient is not None
            assert about_run(one)
            assert about_gradient(one, WORSE[0])


def test_the_time_of_a_run_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(failing, "LONGEST", 0.0)
    one = run(Params("vdp", 1.0, -5, 1))
    assert one.gradient is None
    assert "time was over" in one.message


def test_the_comparison_holds_the_runs():
    found = sweep("relaxation", -5, 1)
    assert found.checkpoints == (1, 8)
    assert [row[0].params.strength for row in found.runs] == list(PROBLEMS["relaxation"].compared)
    alone = run(found.runs[2][1].params)
    assert found.runs[2][1].gap == alone.gap
    assert f"{alone.error:.0e}" in sweep_table(found)
    said = about_checkpoints(found)
    assert "0.25 of time" in said
    last = found.runs[-1][1]  # it arrives, yet far from where it set out
    assert last.gap > 1e3
    assert f"it arrives, {last.gap:.1e} away, with a gradient that is {last.error:.1e} off" in said


def test_enough_stored_states():
    answer, why = enough_states(20.0, 2.0)
    assert answer == 6
    assert np.exp(20 * 2 / answer) <= 1000 < np.exp(20 * 2 / (answer - 1))
    assert "so 6" in why
