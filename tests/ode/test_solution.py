"""`solve` and `steps`: each argument, and the statistics, which must add up."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ode import (
    ADAPTIVE,
    METHODS,
    Controller,
    MaxStepsError,
    NonFiniteError,
    Solution,
    SolverError,
    StepUnderflowError,
    solve,
    steps,
)
from core.ode.control import CONTROLLERS
from tests.ode.calls import Counted, decay
from tests.ode.problems import OSCILLATOR, WHIRL, vector

FIXED = [name for name, method in METHODS.items() if not method.adaptive and name != "fixed_adams"]


def wave(t: Tensor, y: Any) -> Any:
    return torch.cos(5 * t) * y - 0.3 * y


def wave_exact(t: float) -> float:
    return math.exp(math.sin(5 * t) / 5 - 0.3 * t)


ONE = vector(1.0)


def value(y: Any) -> float:
    return float(y)


# Outputs.


def test_every_accepted_step_by_default():
    solution = solve(WHIRL.func, WHIRL.y0, WHIRL.t0, WHIRL.t1, rtol=1e-9)
    assert solution.status == "finished"
    assert solution.times.dtype == torch.float64
    assert solution.times.shape == (solution.accepted + 1,)
    assert (solution.times[0], solution.times[-1]) == (WHIRL.t0, WHIRL.t1)
    assert WHIRL.exact is not None
    torch.testing.assert_close(solution.states, WHIRL.exact(solution.times), rtol=1e-6, atol=1e-6)
    assert solution.t == WHIRL.t1
    assert isinstance(solution.states, Tensor)
    torch.testing.assert_close(solution.y, solution.states[-1], rtol=0, atol=0)


@pytest.mark.parametrize(
    "times", [[0.0, 0.4, 2.0], [0.3], [2.0], [0.5, 0.50001, 1.9], torch.linspace(0, 2, 50).double()]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_times(times: Any, sign: int):
    """Those asked for alone; the solve still ends at t1, with the steps that it would take anyway."""
    given = [sign * float(t) for t in times]
    plain = solve(wave, ONE, 0.0, sign * 2.0)
    asked = solve(wave, ONE, 0.0, sign * 2.0, times=given)
    assert asked.times.tolist() == given
    assert asked.step_sizes == plain.step_sizes
    expected = torch.tensor([[wave_exact(t)] for t in given]).double()
    torch.testing.assert_close(asked.states, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_dense_is_exact_between_and_refuses_outside(method: str):
    adaptive = METHODS[method].adaptive
    kwargs: Any = {"rtol": 1e-6} if adaptive else {"step_size": 0.01, "rtol": 1e-3}
    if method.endswith("adams"):
        kwargs["options"] = {"max_order": 4}
    solution = solve(wave, ONE, 0.0, 1.0, method=method, dense=True, **kwargs)
    times = torch.linspace(0, 1, 41).double()
    expected = torch.tensor([[wave_exact(float(t))] for t in times]).double()
    close = 0.03 if method in ("euler", "implicit_euler", "fehlberg2") else 1e-3
    torch.testing.assert_close(solution(times), expected, rtol=close, atol=close)
    torch.testing.assert_close(solution(solution.times), solution.states, rtol=1e-12, atol=1e-12)
    for outside in (-1e-9, 1.0 + 1e-9, math.nan):
        with pytest.raises(ValueError, match=r"lies outside the solved interval from 0 to 1"):
            solution(outside)


def test_dense_of_a_tuple_and_of_many_times():
    y0 = (vector(1.0, 2.0), torch.tensor(3.0).double())
    solution = solve(decay, y0, 1.0, 0.0, dense=True, rtol=1e-8)
    at = solution(torch.tensor([[0.2, 0.9], [0.0, 1.0]]).double())
    assert isinstance(at, tuple)
    assert [piece.shape for piece in at] == [(2, 2, 2), (2, 2)]
    assert value(at[1][0, 0]) == pytest.approx(3 * math.exp(0.8), rel=1e-6)
    assert isinstance(solution.y, tuple)
    assert value(solution.y[1]) == pytest.approx(3 * math.e, rel=1e-6)
    with pytest.raises(ValueError, match="dense=True"):
        solve(decay, y0, 0.0, 1.0)(0.5)


# Arguments.


def test_args_reach_func():
    def func(t: Tensor, y: Tensor, rate: Tensor, name: str) -> Tensor:
        assert name == "rate"
        return -rate * y

    assert value(solve(func, ONE, 0.0, 1.0, args=(vector(2.0), "rate")).y) == pytest.approx(math.exp(-2), rel=1e-5)
    last = list(steps(func, ONE, 0.0, 1.0, args=(vector(2.0), "rate")))[-1]
    assert value(last.y1) == pytest.approx(math.exp(-2), rel=1e-5)


@pytest.mark.parametrize("method", FIXED)
@pytest.mark.parametrize("t1", [1.0, -1.0])
def test_fixed_steps(method: str, t1: float):
    given: Any = {"rtol": 1e-3, "options": {"max_order": 4}} if method.endswith("adams") else {}
    solution = solve(wave, ONE, 0.0, t1, method=method, step_size=0.03, **given)
    assert solution.step_sizes == pytest.approx([0.03] * 33 + [0.01])
    assert list(solution.error_ratios) == list(solution.rejections) == []
    assert value(solution.y) == pytest.approx(wave_exact(t1), rel=0.15 if "euler" in method else 2e-3)


@pytest.mark.parametrize("method", ["dopri5", "kencarp4"])
def test_controllers(method: str):
    kwargs: Any = {"method": method, "rtol": 1e-5}
    for name, controller in CONTROLLERS.items():
        named, given = (solve(wave, ONE, 0.0, 3.0, controller=one, **kwargs) for one in (name, controller))
        assert named.step_sizes == given.step_sizes
        assert value(named.y) == pytest.approx(wave_exact(3.0), rel=1e-3)
    plain = solve(wave, ONE, 0.0, 3.0, **kwargs)
    usual, other = ("PI", "I") if METHODS[method].implicit else ("I", "PI")
    assert plain.step_sizes == solve(wave, ONE, 0.0, 3.0, controller=usual, **kwargs).step_sizes
    assert plain.step_sizes != solve(wave, ONE, 0.0, 3.0, controller=other, **kwargs).step_sizes
    own = Controller((0.5, 0.1, 0.0))
    assert solve(wave, ONE, 0.0, 3.0, controller=own, **kwargs).step_sizes != plain.step_sizes


def test_a_limit_on_steps_and_the_solution_up_to_there():
    attempts = (full := solve(wave, ONE, 0.0, 3.0, rtol=1e-8)).accepted + full.rejected
    assert solve(wave, ONE, 0.0, 3.0, rtol=1e-8, max_steps=attempts).status == "finished"
    with pytest.raises(MaxStepsError, match="5 steps took the solve") as caught:
        solve(wave, ONE, 0.0, 3.0, rtol=1e-8, max_steps=5, dense=True)
    partial = caught.value.partial
    assert isinstance(partial, Solution)
    assert partial.status == "failed"
    assert partial.accepted + partial.rejected == 5
    assert partial.t == caught.value.t
    torch.testing.assert_close(partial.states, full.states[: partial.accepted + 1], rtol=0, atol=0)  # pyright: ignore # a state is one tensor here
    assert value(partial(partial.t)) == pytest.approx(wave_exact(partial.t), rel=1e-5)


@pytest.mark.parametrize("given", [{}, {"times": [0.5, 0.9, 1.5]}, {"method": "rk4", "step_size": 0.01}], ids=str)
def test_a_failure_keeps_what_was_found(given: Any):
    with pytest.raises((StepUnderflowError, NonFiniteError)) as caught:
        solve(lambda t, y: torch.where(t > 0.95, math.nan, -y), ONE, 0.0, 2.0, **given)
    partial = caught.value.partial
    assert isinstance(partial, Solution)
    assert partial.t == pytest.approx(0.9 if "times" in given else 0.95, abs=0.02)
    assert value(partial.y) == pytest.approx(math.exp(-partial.t), rel=1e-4)


def test_an_event_ends_the_solve():
    assert OSCILLATOR.exact is not None
    for given in ({"dense": True}, {"times": [0.1, 1.0, 5.0]}, {"method": "rk4", "step_size": 0.01}):
        solution = solve(OSCILLATOR.func, OSCILLATOR.y0, 0.0, 10.0, event=lambda t, y: y[0], rtol=1e-9, **given)  # pyright: ignore # a state is one tensor here
        assert solution.status == "event"
        assert solution.t == pytest.approx(math.pi / 2, abs=1e-7)
        torch.testing.assert_close(solution.y, vector(0.0, -1.0), rtol=0, atol=1e-7)
        assert all(a < b for a, b in pairwise(solution.times.tolist()))
    backward = solve(OSCILLATOR.func, OSCILLATOR.y0, 0.0, -10.0, event=lambda t, y: y[0], rtol=1e-9)  # pyright: ignore # a state is one tensor here
    assert backward.t == pytest.approx(-math.pi / 2, abs=1e-7)
    assert solve(decay, ONE, 0.0, 1.0, event=lambda t, y: t - 2).status == "finished"


def test_stop_is_asked_after_each_step():
    seen: list[float] = []

    def stop(t: float, y: Any) -> bool:
        seen.append(t)
        return value(y) < 0.5

    solution = solve(decay, ONE, 0.0, 10.0, stop=stop)
    assert solution.status == "stopped"
    assert seen == solution.times.tolist()[1:]
    assert value(solution.y) < 0.5 <= value(solution.states[-2])
    assert solution.t < 10


@pytest.mark.parametrize("with_event", [False, True])
def test_stop_and_event_together(with_event: bool):
    """Whichever comes first."""
    level = 0.9 if with_event else 0.01
    solution = solve(
        decay,
        ONE,
        0.0,
        10.0,
        stop=lambda t, y: value(y) < 0.5,
        event=lambda t, y: torch.sum(y - level),  # pyright: ignore # a state is one tensor here
    )
    assert solution.status == ("event" if with_event else "stopped")


@pytest.mark.parametrize("given", [{}, {"method": "rk4", "step_size": 0.1}, {"rtol": 1e-9}], ids=str)
@pytest.mark.parametrize("t1", [2.0, -2.0])
def test_progress(t1: float, given: Any):
    told: list[float] = []
    solution = solve(wave, ONE, 0.0, t1, progress=told.append, **given)
    assert len(told) == solution.accepted
    assert all(0 < a < b for a, b in pairwise(told))
    assert told[-1] == 1.0


def test_without_an_end():
    by_event = solve(decay, ONE, 0.0, math.inf, event=lambda t, y: torch.sum(y) - 0.1)  # pyright: ignore # a state is one tensor here
    assert by_event.t == pytest.approx(math.log(10), rel=1e-5)
    by_stop = solve(decay, ONE, 0.0, -math.inf, stop=lambda t, y: value(y) > 100)
    assert by_stop.status == "stopped"
    assert by_stop.t < -math.log(100)
    told: list[float] = []
    solve(decay, ONE, 0.0, math.inf, stop=lambda t, y: t > 3, progress=told.append)
    assert all(0 <= share <= 1 for share in told)
    with pytest.raises((ValueError, SolverError)):  # and not for ever
        solve(wave, ONE, 0.0, math.inf, max_steps=200)


# Statistics.


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_statistics_add_up(method: str, sign: int):
    func = Counted(lambda t, y: torch.where(sign * t < 0.8, wave(t, y), -5 * y))  # a jump, for rejections
    solution = solve(func, ONE, 0.0, sign * 1.5, method=method, rtol=1e-4, atol=1e-6)
    assert solution.nfe == len(func.times)
    assert solution.accepted == len(solution.step_sizes) == len(solution.error_ratios)
    assert solution.rejected == len(solution.rejections) > 0
    assert all(0 <= ratio <= 1 for ratio in solution.error_ratios)
    assert all(ratio > 1 and h > 0 and 0 <= sign * t < 1.5 for t, h, ratio in solution.rejections)
    assert math.fsum(solution.step_sizes) == pytest.approx(1.5, rel=1e-14)
    torch.testing.assert_close(solution.times.diff().abs(), torch.tensor(solution.step_sizes).double())
    if not METHODS[method].implicit:
        stages = METHODS[method].tableau.stages - 1
        assert solution.nfe == 2 + stages * (solution.accepted + solution.rejected)


def test_statistics_of_a_restart_with_a_graph():
    """Where a graph turns up on the way, the solve begins again: its count is of one solve, like its steps."""
    rate = vector(1.0).requires_grad_()
    late = solve(lambda t, y: -rate * y if t > 0.5 else -y, ONE, 0.0, 1.0)
    plain = solve(decay, ONE, 0.0, 1.0)
    assert (late.nfe, late.step_sizes) == (plain.nfe, pytest.approx(plain.step_sizes))


# Steps, one by one.


@pytest.mark.parametrize(
    "given", [{}, {"method": "rk4", "options": {"step_size": 0.07}}, {"method": "kencarp4"}], ids=str
)
@pytest.mark.parametrize("t1", [1.0, -1.0])
def test_steps_chain_and_are_those_of_solve(t1: float, given: Any):
    walked = list(steps(wave, ONE, 0.0, t1, **given))
    assert (walked[0].t0, walked[-1].t1) == (0.0, t1)
    for one, other in pairwise(walked):
        assert one.t1 == other.t0
        assert torch.equal(one.y1, other.y0)  # pyright: ignore # a state is one tensor here
        assert one.nfe < other.nfe
    whole = solve(wave, ONE, 0.0, t1, **given)
    assert [step.t1 for step in walked] == pytest.approx(whole.times.tolist()[1:], rel=1e-6)  # tensors, not arrays
    for step, state in zip(walked, whole.states[1:], strict=True):
        torch.testing.assert_close(step.y1, state, rtol=1e-6, atol=0)


def test_steps_can_be_left():
    func = Counted(wave)
    walking = steps(func, ONE, 0.0, 1e6, rtol=1e-8)
    first, second = next(walking), next(walking)
    assert first.t1 == second.t0
    asked = len(func.times)
    del walking
    assert len(func.times) == asked < 40
