"""Two starts: growth against a line that is known, a solve against scipy's."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs import lorenz
from core.labs.fields import Flow
from core.labs.systems import LORENZ
from tests.labs.test_systems import defaults

FIRST, SECOND, THIRD = LORENZ.start


def twins(gap: float = 1e-5, time: float = 20.0, **values: float) -> lorenz.Twins:
    flow = Flow(LORENZ.formulas, tuple((dict(defaults(LORENZ)) | values).items()))
    return lorenz.twins(lorenz.Params(flow, (FIRST, SECOND, THIRD), gap, time))


def test_a_planted_growth_is_measured():
    times = np.linspace(0, 20, 500)
    fitted, rate, offset = lorenz.growth(times, 1e-6 * np.exp(0.9 * times))
    assert (rate, offset) == pytest.approx((0.9, np.log(1e-6)))
    assert fitted is not None
    assert times[fitted[0]] >= 1
    assert 1e-6 * np.exp(0.9 * times[fitted[1] - 1]) < 1
    assert lorenz.growth(times, np.full(500, 5.0))[0] is None


def test_both_are_solutions_and_they_part():
    result = twins(time=5.0)
    f = result.params.flow.function()
    for shift, states in ((0.0, result.one), (1e-5, result.other)):
        start = np.array([FIRST + shift, SECOND, THIRD])
        found = solve_ivp(
            lambda t, z: f(torch.tensor(t), torch.from_numpy(z)).numpy(),
            (0, 5),
            start,
            method="DOP853",
            rtol=1e-11,
            atol=1e-11,
            t_eval=result.times,
        )
        np.testing.assert_allclose(states, found.y.T, atol=1e-2)
    np.testing.assert_allclose(result.distance, np.linalg.norm(result.one - result.other, axis=1))


def test_the_rate_is_near_the_literatures_and_a_stable_case_shrinks():
    result = twins(1e-10, 30.0)
    assert result.trouble == ""
    assert result.rate == pytest.approx(lorenz.LITERATURE, abs=0.25)
    calm = twins(r=10.0)
    assert calm.rate < -0.1
    assert calm.parted() is None


def test_a_failure_is_part_of_the_result(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lorenz, "SECONDS", 0.0)
    assert "stopped at t" in twins().trouble
