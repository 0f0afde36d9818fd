"""Training on trajectories: reproducible, changeable on the way, with gradients and predictions that agree."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from core.labs import measurements
from core.labs.learning import Training, untrained
from core.labs.learning_bounds import MOST_FIXED, OutOfTimeError
from core.labs.learning_iteration import first_iteration
from core.labs.learning_problem import GRADIENTS, METHODS, Problem, Settings, measured_data, spiral_data
from core.labs.learning_words import NEVER, about_fit, fit_verdict, shape_distance
from core.labs.measurements import Measurements
from core.nn.dynamics import LearnedField, predict_irregular, spiral
from core.nn.train import chunk
from core.ode import odeint

SHORT = Settings(iterations=60)
PLAIN = Problem()


def trained(problem: Problem = PLAIN, how: Settings = SHORT, own: Measurements | None = None) -> Training:
    work = Training(problem, how, own)
    while work.done < work.total:
        work.step()
    return work


def measured(times: np.ndarray, values: np.ndarray) -> Measurements:
    names = tuple(f"z{i}" for i in range(values.shape[1]))
    return Measurements("t", names, times, values, "digest", ",", has_names=True)


def test_the_spiral_is_that_of_scipy():
    times, values = spiral(1000, 0.0, torch.Generator())
    a = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    exact = solve_ivp(lambda t, z: a @ z**3, (0, 25), [2.0, 0.0], "DOP853", times.numpy(), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(values.numpy(), exact.y.T, atol=2e-6)


def test_the_loss_falls_and_the_same_seed_repeats_it():
    work, again = trained(), trained()
    assert np.mean(work.losses[-10:]) < 0.5 * np.mean(work.losses[:3])
    assert work.losses == again.losses
    assert trained(Problem(seed=1)).losses != work.losses


def test_chunks_and_snapshots_change_nothing():
    work = Training(Problem(), SHORT)
    while work.done < work.total:
        chunk(work, 0.02)
        work.snapshot()
    assert work.losses == trained().losses


def test_settings_change_without_losing_the_weights():
    work = trained()
    before = {name: value.clone() for name, value in work.field.state_dict().items()}
    work.apply(Settings("rk4", 1e-4, 2, "adjoint", "RMSprop", 0.003, 7, 5, 70))
    assert all(torch.equal(before[name], value) for name, value in work.field.state_dict().items())
    assert (work.done, work.total) == (60, 70)
    work.step()
    assert work.done == 61
    assert work.forward[-1] == 4 * 2 * 4
    assert work.losses[-1] < 3 * np.mean(work.losses[-12:-1])
    work.apply(replace(work.settings, iterations=10))
    assert work.done == work.total == 61


def test_a_change_of_rate_keeps_the_total_that_train_on_raised():
    work = trained()
    work.total = 90
    work.apply(replace(SHORT, rate=0.001))
    assert work.total == 90


@pytest.mark.parametrize("method", ["dopri5", "rk4"])
@pytest.mark.parametrize("own", [False, True])
def test_the_gradients_agree_at_the_first_iteration(method: str, own: bool):
    found = {}
    for gradient in GRADIENTS:
        how = Settings(method, 1e-7, gradient=gradient, batch_size=4, batch_time=5)
        work = Training(Problem(), how, measurements.example() if own else None)
        work.step()
        assert work.backward[0] > 0 or gradient == "direct"
        found[gradient] = torch.cat([p.grad.flatten() for p in work.field.parameters() if p.grad is not None])
    torch.testing.assert_close(found["checkpointed"], found["direct"], rtol=1e-9, atol=1e-12)
    tolerance = 1e-6 if method == "dopri5" else 1e-2  # fixed steps: two discretisations of the same derivative
    torch.testing.assert_close(found["adjoint"], found["direct"], rtol=tolerance, atol=tolerance * 1e-2)


def test_irregular_pieces_are_solved_at_their_own_times():
    generator = torch.Generator().manual_seed(3)
    field = LearnedField(2, 20, False, generator)
    start = torch.randn(4, 2, generator=generator, dtype=torch.float64)
    times = torch.rand(6, 4, generator=generator, dtype=torch.float64).cumsum(dim=0)
    solver = {"method": "dopri5", "rtol": 1e-10, "atol": 1e-12}
    with torch.no_grad():
        found = predict_irregular(field, start, times, odeint, solver)
        for b in range(4):
            torch.testing.assert_close(found[:, b], odeint(field, start[b], times[:, b], **solver), rtol=0, atol=1e-8)


def test_regular_and_irregular_treatment_agree():
    times = np.arange(40) * 0.1
    regular = measured(times, np.column_stack([np.cos(times), -np.sin(times)]))
    one, two = Training(Problem(), SHORT, regular), Training(Problem(), SHORT, regular)
    assert one.data.regular
    two.data = replace(two.data, regular=False)
    one.step()
    two.step()
    assert one.losses[0] == pytest.approx(two.losses[0], rel=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains(method: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.labs.learning.LONGEST_DRAWN", inf)  # a slow machine draws less, and names no error
    work = trained(how=Settings(method, iterations=3))
    assert not work.trouble
    assert np.isfinite(work.snapshot().error)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_own_data_are_fitted_in_their_own_units(columns: int):
    times = 1e6 + np.linspace(0, 500, 60) ** 1.1
    turns = (times - times[0]) / 150
    values = 5e4 + 300 * np.column_stack([np.exp(-turns), np.cos(turns), np.sin(turns)])[:, :columns]
    own = measured(times, values)
    progress = trained(Problem(cubed=False), Settings(iterations=40), own).snapshot()
    np.testing.assert_allclose(progress.measured, values)
    np.testing.assert_allclose(progress.measured_times, times)
    np.testing.assert_allclose(progress.learned[0], values[0])
    assert progress.data.fitted == 48
    assert progress.tail_error >= 0
    assert np.isfinite(progress.baseline)


def test_the_held_out_tail_does_not_reach_the_training():
    own = measurements.example()
    other = np.array(own.values)
    other[measured_data(own).fitted :] += 100
    spoiled = replace(own, values=other)
    how = Settings(iterations=3)
    assert trained(own=own, how=how).losses == trained(own=spoiled, how=how).losses


def test_steady_columns_are_no_division_by_zero():
    own = measured(np.arange(6.0), np.full((6, 2), 1e30))
    work = trained(own=own, how=Settings(iterations=2))
    assert not work.trouble
    assert np.isfinite(work.snapshot().learned).all()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.lists(st.floats(-1e30, 1e30), min_size=5, max_size=9, unique=True),
    st.data(),
    st.sampled_from(["dopri5", "rk4"]),
)
def test_no_data_raise(times: list[float], data: st.DataObject, method: str):
    values = data.draw(st.lists(st.floats(-1e30, 1e30), min_size=len(times), max_size=len(times)))
    ordered = np.sort(np.array(times))
    assume(np.diff(ordered).min() >= 1e-9 * (ordered[-1] - ordered[0]) and ordered[-1] - ordered[0] >= 1e-30)
    own = measured(ordered, np.array(values)[:, None])
    work = Training(Problem(cubed=True, hidden=10), Settings(method, iterations=2), own)
    for _ in range(2):
        work.step()
    work.snapshot()


def test_a_failing_solve_ends_the_training_with_a_message():
    work = Training(Problem(), SHORT)
    with torch.no_grad():
        for p in work.field.parameters():
            p.mul_(1e5)
    work.step()
    assert work.trouble.startswith("The training stopped at iteration 0: ")
    assert work.done == work.total == 0
    assert work.snapshot().trouble
    work.apply(replace(SHORT, rate=0.001))
    assert work.total == 60


def test_an_iteration_that_takes_too_long_ends_the_training_in_words(monkeypatch: pytest.MonkeyPatch):
    work = Training(Problem(), SHORT)
    work.step()
    monkeypatch.setattr("core.labs.learning.LONGEST", 0.0)
    work.step()
    assert "one iteration took more than" in work.trouble
    assert work.done == work.total == 1
    monkeypatch.undo()
    work.apply(replace(SHORT, batch_time=3))
    work.step()
    assert (work.done, work.trouble) == (2, "")


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_the_backward_pass_is_limited_too(gradient: str):
    work = Training(Problem(), replace(SHORT, gradient=gradient))
    times, values = work.batch()
    loss = (work.predict(times, values[0]) - values).abs().mean()
    work.budget.until = 0.0
    if gradient == "direct":  # it evaluates nothing more
        loss.backward()
    else:
        with pytest.raises(OutOfTimeError):
            loss.backward()


@pytest.mark.parametrize("method", ["dopri5", "rk4"])
def test_a_picture_that_takes_too_long_is_drawn_as_far_as_it_came(method: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.labs.learning.LONGEST_DRAWN", 0.0)
    seen = untrained(Problem(), Settings(method))
    assert 1 <= len(seen.learned) == len(seen.times) < 1000
    assert "as far as it came" in seen.trouble
    assert np.isnan(seen.error)
    assert fit_verdict(seen, shape_distance(seen)) is None
    assert "ended early" in about_fit(seen, NEVER)


def test_few_rows_are_drawn_as_a_curve_through_the_same_states():
    own = measured(np.array([0.0, 1.0, 1.5, 4.0, 5.0, 7.0]), np.cos(np.arange(6.0))[:, None])
    seen = trained(own=own).snapshot()
    assert 400 <= len(seen.curve) <= 410
    at = np.searchsorted(seen.curve_times, seen.times)
    np.testing.assert_allclose(seen.curve_times[at], seen.times)
    np.testing.assert_array_equal(seen.curve[at], seen.learned)
    assert np.abs(np.diff(seen.curve[:, 0])).max() < 0.1


def test_many_rows_by_fixed_steps_stay_within_the_evaluations_of_a_picture():
    times = np.arange(5000.0)
    work = Training(Problem(), Settings("rk4", substeps=4), measured(times, np.cos(times / 100)[:, None]))
    _, states, nfe, trouble = work.trajectory()
    assert nfe <= 1.25 * MOST_FIXED  # rk4 asks once more in each step that holds points of the data
    assert trouble or len(states) == 5000


def test_noise_moves_the_points_by_its_size():
    generator = torch.Generator().manual_seed(0)
    noisy = spiral_data(Problem(noise=0.1), generator).values
    clean = spiral_data(Problem(), generator).values
    assert float((noisy - clean).std()) == pytest.approx(0.1, rel=0.05)


def test_the_worked_iteration_is_the_first_of_the_training():
    one, work = first_iteration(Problem(seed=4), SHORT), Training(Problem(seed=4), SHORT)
    work.step()
    assert one is not None
    assert one.loss == work.losses[0]
    assert one.moved > 0
    assert one.after < one.loss


def test_a_worked_iteration_that_fails_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.labs.learning_problem.MOST_STEPS", 1)
    assert first_iteration(Problem(), Settings(tolerance=1e-7)) is None


def test_before_training_there_is_something_to_draw():
    progress = untrained(Problem(), SHORT)
    assert progress.done == 0
    assert progress.learned.shape == (1000, 2)
