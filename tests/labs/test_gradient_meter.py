"""a f along the way back."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.labs import gradient_meter as meter
from core.labs.gradient_meter import EXPONENTS, Params, backwards, over_tolerances, watch
from core.labs.gradient_problems import PROBLEMS, tensors
from core.labs.way_back_words import METER, about_drifts, about_meter, meter_choice

every_problem = pytest.mark.parametrize("problem", list(PROBLEMS))


@every_problem
def test_the_product_keeps_what_it_should(problem: str):
    reading = watch(Params(problem, -9, -9, 2.0))
    assert reading.drift < 1e-6
    assert reading.error < 1e-5
    assert not reading.message
    change = np.abs(reading.product - reading.product[0]).max() / reading.size
    assert (change < 1e-6) == PROBLEMS[problem].autonomous
    assert reading.times[0] == 2.0
    assert reading.times[-1] == 0.0
    np.testing.assert_allclose(reading.z[-1], PROBLEMS[problem].z0, atol=1e-5)


@every_problem
def test_it_begins_at_the_gradient_by_the_last_time_and_ends_at_that_by_the_first(problem: str):
    """dL/dt1 = a f at t1 and dL/dt0 = -a f at 0, both against back-propagation through the solver."""
    from core.ode import odeint

    reading = watch(Params(problem, -10, -10, 1.5))
    z0, theta = (tensor.detach() for tensor in tensors(PROBLEMS[problem]))
    t = torch.tensor([0.0, 1.5], dtype=torch.float64, requires_grad=True)
    z = odeint(lambda t, z: PROBLEMS[problem].f(t, z, theta), z0, t, method="dopri8", rtol=1e-10, atol=1e-11)
    assert isinstance(z, torch.Tensor)
    (by_t,) = torch.autograd.grad(z[-1].square().sum() / 2, t)
    assert reading.product[0] == pytest.approx(float(by_t[1]), rel=1e-6, abs=1e-8)
    assert reading.product[-1] == pytest.approx(-float(by_t[0]), rel=1e-6, abs=1e-7)


def test_the_field_backwards_against_derivatives_by_hand():
    problem = PROBLEMS["growth"]
    theta = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    t, z, a = (torch.tensor(x, dtype=torch.float64) for x in (2.0, [3.0], [5.0]))
    slope, by_z, by_theta, by_t = backwards(problem.f, theta)(t, (z, a, torch.zeros(1), torch.zeros(())))
    found = [float(value) for value in (slope, by_z, by_theta, by_t)]
    assert found == pytest.approx([0.5 * 2 * 3, -5 * 0.5 * 2, -5 * 2 * 3, 5 * 0.5 * 3])


def test_the_drift_follows_the_tolerance_of_the_way_back_and_not_that_of_the_way_there():
    params = Params("logistic", -8, -4, 2.0)
    drifts = over_tolerances(params)
    assert len(drifts.drifts) == len(EXPONENTS)
    assert 0.8 < drifts.slope < 1.2
    blind = watch(replace(params, forward=-2, backward=-10))
    assert blind.drift < 1e-8
    assert blind.error > 1e-3
    assert f"{drifts.errors[-1]:.1e}" in about_drifts(drifts)
    options, right = meter_choice(blind)
    assert right in options
    assert f"{blind.error:.1e}" in options[right]


def test_a_way_back_that_fails_is_read_up_to_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(meter, "MOST_STEPS", 6)
    reading = watch(Params("pendulum", -4, -10, 2.0))
    assert "steps" in reading.message
    assert reading.times[-1] > 0
    assert np.isfinite(reading.drift)


def test_the_words_hold_the_numbers():
    reading = watch(Params("growth", -8, -4, 2.0))
    text = about_meter(reading, METER[1])
    assert text.startswith("**Right")
    assert f"{reading.drift:.1e}" in text
    assert "false alarm" in text
    assert about_meter(reading, METER[0]).startswith("**Not quite")
