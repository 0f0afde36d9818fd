"""Solutions that are not unique or that end, and what solvers say."""

import numpy as np
import pytest
import torch

from core.labs import equation_words, existence
from core.labs.existence import BlowUpParams, blow_up, uniqueness


def test_every_member_of_the_family_solves_the_equation():
    times = np.linspace(0, existence.T1, 4001)
    for c in uniqueness().leaving:
        curve = existence.late_start(times, c)
        slopes = np.gradient(curve, times, edge_order=2)
        np.testing.assert_allclose(slopes, existence.two_thirds(0.0, torch.tensor(curve)).numpy(), atol=2e-3)
        assert curve[0] == 0


def test_solvers_stay_at_zero_and_leave_from_above_it():
    result = uniqueness()
    at = existence.UNIQUENESS_METHODS.index
    for method in ("euler", "rk4_classic", "dopri5"):
        assert result.runs[0.0][at(method)].end == 0.0
        assert result.runs[1e-12][at(method)].end > 4
    assert abs(result.runs[1e-6][at("dopri5")].end - 2.01**3) < 1e-3
    assert result.runs[0.0][at("implicit_euler")].error == "NewtonError"


def test_the_lipschitz_quotient_grows_without_bound():
    for z, quotient in uniqueness().quotients:
        assert quotient == pytest.approx(3 * z ** (-1 / 3))


@pytest.mark.parametrize("z0", [0.2, 1.0, 5.0])
def test_adaptive_solvers_stop_at_the_blow_up_and_say_where(z0: float):
    result = blow_up(BlowUpParams(z0, 20))
    by_method = {run.method: run for run in result.runs}
    for method in ("dopri5", "dopri8"):
        run = by_method[method]
        assert run.error == "StepUnderflowError"
        assert run.t == pytest.approx(1 / z0, rel=1e-5)
        assert f"t={run.t:.9g}" in run.message
        assert f"{run.t:.9g}" in equation_words.failure(run)
    euler = by_method["euler"]
    assert euler.finished
    assert np.isfinite(euler.end)
    assert any("noticed nothing" in said for said in equation_words.about_blow_up(result))


def test_euler_by_hand_passes_the_blow_up():
    euler = blow_up(BlowUpParams(1.0, 20)).runs[0]
    z = 1.0
    for _ in range(20):
        z += 0.075 * z * z
    assert euler.end == pytest.approx(z)


@pytest.mark.parametrize("steps", [6, 60])
def test_every_end_of_the_controls_gives_a_result(steps: int):
    for z0 in (0.2, 5.0):
        result = blow_up(BlowUpParams(z0, steps))
        assert all(run.finished or run.message for run in result.runs)
        assert len(equation_words.about_blow_up(result)) == len(result.runs)
