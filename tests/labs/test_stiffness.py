"""Stiff problems against their exact solution and scipy's explicit and implicit solvers."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from core.labs.stability import region
from core.labs.stiffness import MOST_STEPS, PROBLEMS, STRENGTHS, T1, TOLERANCE, Params, exact, field_of, run, sweep


@pytest.mark.parametrize("strength", [1.0, 100.0])
def test_the_exact_solution_is_one(strength: float):
    t = np.linspace(0, T1, 50)
    truth = solve_ivp(
        lambda t, z: -strength * (z - np.cos(t)), (0, T1), [0.0], "Radau", t_eval=t, rtol=1e-10, atol=1e-12
    )
    np.testing.assert_allclose(exact(strength, t), truth.y[0], atol=1e-7)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_work_is_scipys_to_a_factor(problem: str):
    params = Params(problem, 100.0)
    field, start = field_of(params)

    def func(t: float, z: np.ndarray) -> np.ndarray:
        return field(torch.tensor(t, dtype=torch.float64), torch.from_numpy(z)).numpy()

    result = {one.method: one for one in run(params).runs}
    for method, theirs in (("dopri5", "RK45"), ("kencarp4", "Radau")):
        peer = solve_ivp(func, (0, T1), start, theirs, rtol=TOLERANCE, atol=TOLERANCE)
        assert peer.nfev / 3 < result[method].nfe < 3 * peer.nfev


@pytest.mark.parametrize("strength", [1000.0, 1e5])
def test_the_explicit_step_is_pinned_by_stability(strength: float):
    result = run(Params("cosine", strength))
    assert result.pinned == pytest.approx(region("dopri5").interval, rel=0.02)


def test_without_stiffness_accuracy_sets_the_step():
    assert run(Params("cosine", 1.0)).pinned < 1


def test_steps_grow_with_lambda_for_the_explicit_method_alone():
    results = sweep("cosine").results
    assert [result.params.strength for result in results] == list(STRENGTHS)
    explicit = [result.runs[0].accepted for result in results]
    implicit = [result.runs[1].accepted for result in results]
    assert explicit[3] > 5 * explicit[2] > 10 * explicit[1]
    assert max(implicit) < 50


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_explicit_method_gives_up_with_the_solvers_message(problem: str):
    result = run(Params(problem, 1e5))
    explicit, *implicit = result.runs
    assert f"{MOST_STEPS} steps took the solve" in explicit.message
    assert "kencarp4" in explicit.message
    assert explicit.reached < T1
    assert [one.message for one in implicit] == ["", "", ""]


def test_errors_are_those_of_the_last_state():
    for one in run(Params("cosine", 100.0)).runs:
        assert one.error == pytest.approx(abs(one.points[-1, 1] - exact(100.0, np.array(T1))))
        assert one.error < 2e-4
