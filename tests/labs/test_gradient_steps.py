"""Gradients against the solver's step and against the step of finite differences."""

import numpy as np
import pytest

from core.labs import gradients
from core.labs.gradient_steps import COUNTS, EPSILONS, EXPONENTS, differences, finer, two_steps
from core.labs.gradient_words import FINER, SMALLEST, about_differences, about_needed, about_steps
from core.labs.gradient_words import two_steps as worked
from core.labs.gradients import Params


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("rk4_classic", 4)])
@pytest.mark.parametrize("problem", ["logistic", "pendulum"])
def test_both_gradients_tend_to_the_exact_one_at_the_methods_order(problem: str, method: str, order: int):
    sweep = finer(Params(problem, method, 20, 2.0))
    assert sweep.counts == COUNTS
    np.testing.assert_allclose(sweep.x * COUNTS, 2.0)
    for slope in sweep.slopes:
        assert slope == pytest.approx(order, abs=0.35)
    assert sweep.between[-1] < sweep.between[0] / 5


def test_the_distances_obey_the_triangle():
    sweep = finer(Params("network", "euler", 20, 2.0))
    assert np.all(sweep.between * (1 - sweep.direct) <= 1.0001 * (sweep.adjoint + sweep.direct))


def test_tolerances_take_the_place_of_steps():
    sweep = finer(Params("logistic", "dopri5", -5, 2.0))
    assert sweep.counts == EXPONENTS
    assert sweep.between[-1] < 1e-6 < sweep.between[0]
    assert sweep.needed(1e-6) is None


def test_the_needed_steps_are_enough():
    sweep = finer(Params("growth", "euler", 20, 2.0))
    needed = sweep.needed(5e-3)
    assert needed is not None
    found = []
    for steps in (needed, needed // 2):
        one = Params("growth", "euler", steps, 2.0)
        a, d = (gradients.by_back_propagation(one, gradients.WAYS[way]).gradient for way in ("adjoint", "direct"))
        assert a is not None
        assert d is not None
        found.append(a.distance(d))
    assert found[0] == pytest.approx(5e-3, rel=0.05)
    assert found[1] > 7.5e-3
    assert f"{needed:,}" in about_needed(sweep, 5e-3, needed)


def test_solves_that_fail_are_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gradients, "MOST_STEPS", 8)
    sweep = finer(Params("pendulum", "dopri5", -5, 2.0))
    assert 0 < sweep.lost == len(EXPONENTS) - len(sweep.x)
    monkeypatch.setattr(gradients, "MOST_STEPS", 1)
    sweep = finer(Params("pendulum", "dopri5", -5, 2.0))
    assert sweep.lost == len(EXPONENTS)
    assert sweep.slopes == (None, None, None)
    assert "Too few" in about_steps(sweep, FINER[1])


@pytest.mark.parametrize("problem", ["growth", "linear", "network"])
def test_differences_have_a_best_step_in_between(problem: str):
    result = differences(Params(problem, "rk4_classic", 10, 2.0))
    central, one_sided = result.slopes()
    assert central == pytest.approx(2, abs=0.1)
    assert one_sided == pytest.approx(1, abs=0.2)
    assert 1e-7 < EPSILONS[result.best] < 1e-3
    assert result.central[-1] > 1e3 * result.central[result.best]
    assert result.central[result.best] < result.one_sided.min()


def test_error_control_gives_differences_a_floor():
    loose, tight = (differences(Params("logistic", "dopri5", tol, 2.0)) for tol in (-4, -8))
    assert np.median(loose.central) > 100 * np.median(tight.central)
    assert "floor" in about_differences(loose, SMALLEST[1])


def test_differences_of_a_loss_that_fails_say_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gradients, "MOST_STEPS", 1)
    assert "steps" in differences(Params("pendulum", "dopri5", -5, 2.0)).message


def test_the_worked_example_is_what_the_solver_does():
    example = two_steps(2.0)
    assert example.direct[-1] == pytest.approx(example.by_direct)
    assert example.adjoint[-1] == pytest.approx(example.by_adjoint)
    assert example.by_direct != example.by_adjoint
    text = " ".join(worked(example))
    assert f"{example.by_direct:.5g}" in text
    assert f"{example.exact:.5g}" in text
