"""Intervals, clocks, sizes and fields at their limits; events that are early, late, simultaneous or never come."""

import math
from importlib import import_module
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from core.ode import METHODS, EventNotFoundError, SolverError, odeint, odeint_adjoint, odeint_event, solve
from core.ode.methods import ARRAY_LIMIT
from tests.ode.calls import Counted, decay, inside
from tests.ode.problems import vector

ONE = vector(1.0)

# Extremes.


@pytest.mark.parametrize("method", ["dopri5", "tsit5", "dopri8", "kencarp4", "bosh3"])
@pytest.mark.parametrize("length", [1e-12, 1e-6, 1e6])
def test_very_short_and_very_long(method: str, length: float):
    kwargs: Any = {"method": method, "rtol": 1e-5, "atol": 1e-8}
    y = odeint(lambda t, y: -1.3 * y / length, ONE, vector(0, length), **kwargs)
    assert float(y[-1]) == pytest.approx(math.exp(-1.3), rel=1e-3)


@pytest.mark.parametrize("method", ["dopri5", "kencarp4", "rk4", "explicit_adams", "gl4"])
@pytest.mark.parametrize("t0", [1e6, -1e6])
def test_a_clock_far_from_zero(method: str, t0: float):
    given: Any = {} if METHODS[method].adaptive else {"options": {"step_size": 0.05}}
    y = odeint(lambda t, y: torch.cos(t - t0) * y, ONE, t0 + vector(0, 1, 2), method=method, rtol=1e-7, **given)
    assert float(y[-1]) == pytest.approx(math.exp(math.sin(2.0)), rel=1e-4 if "adams" not in method else 2e-3)


def test_short_steps_far_from_zero_in_single_precision():
    """Time has float32's resolution, 1/16 there, for what func is given; the steps need not have."""
    t = torch.tensor([1e6, 1e6 + 1])
    for method in ("euler", "rk4", "implicit_adams", "implicit_midpoint"):
        y = odeint(decay, torch.ones(1), t, method=method, options={"step_size": 0.01})
        assert float(y[-1]) == pytest.approx(math.exp(-1), rel=0.04), method


@pytest.mark.parametrize("shape", [(0,), (), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_empty_states_and_single_values(method: str, shape: tuple[int, ...]):
    given: Any = {} if METHODS[method].adaptive else {"options": {"step_size": 0.05}}
    y = odeint(decay, torch.ones(shape).double(), vector(0, 0.3, 1), method=method, rtol=1e-3, atol=1e-4, **given)
    assert y.shape == (3, *shape)
    torch.testing.assert_close(y[-1], torch.full(shape, math.exp(-1)).double(), rtol=0.1, atol=0)


@pytest.mark.parametrize("method", [name for name in METHODS if not METHODS[name].implicit])
def test_a_large_state_is_a_small_one_many_times(method: str):
    """The norm is a mean, so the steps are the same, with tensors in place of arrays."""
    small = vector(1.0, -0.5, 0.3)
    count = ARRAY_LIMIT // 3 + 1
    given: Any = {} if METHODS[method].adaptive else {"options": {"step_size": 0.1}}
    kwargs: Any = {"method": method, "rtol": 1e-3, "atol": 1e-4, **given}
    func = lambda t, y: torch.sin(3 * t) - y**3  # noqa: E731
    few, many = (odeint(func, y0, vector(0, 0.4, 1), **kwargs) for y0 in (small, small.repeat(count)))
    torch.testing.assert_close(many, few.repeat(1, count), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_field_that_is_zero(method: str):
    given: Any = {} if METHODS[method].adaptive else {"options": {"step_size": 0.5}}
    func = Counted(lambda t, y: torch.zeros_like(y), most=2000)
    for y0 in (ONE, torch.zeros(1).double()):
        y = odeint(func, y0, vector(0, 1e3 if METHODS[method].adaptive else 5), method=method, **given)
        assert torch.equal(y, y0.expand(2, 1))


@pytest.mark.parametrize("method", METHODS)
def test_a_solution_that_is_not_the_only_one(method: str):
    """y' = 3 y^(2/3) from 0 has y = 0 and y = t^3: the state never leaves 0, where the slope is infinitely steep."""
    given: Any = {} if METHODS[method].adaptive else {"options": {"step_size": 0.1}}
    func = Counted(lambda t, y: 3 * y.abs().pow(2 / 3), most=2000)
    try:
        y = odeint(func, torch.zeros(1).double(), vector(0, 1), method=method, **given)
    except SolverError:
        assert METHODS[method].implicit, "only Newton's iteration asks for the slope of the slope"
    else:
        assert torch.equal(y, torch.zeros(2, 1).double())


# Events.


def positive(t: Any, y: Any) -> Any:
    return y.sum() + 1


def test_an_event_that_never_comes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_module("core.ode.odeint"), "EVENT_STEPS", 500)
    start, never = torch.tensor(0.0), positive
    with pytest.raises(EventNotFoundError, match="kept its sign for 500 steps of rk4"):
        odeint_event(decay, ONE, start, event_fn=never, method="rk4", options={"step_size": 0.1})
    for interface in (odeint, odeint_adjoint):
        with pytest.raises(EventNotFoundError, match=r"kept its sign from the start to t=[\d.e+]+, where .* 500 steps"):
            odeint_event(decay, ONE, start, event_fn=never, odeint_interface=interface, options={"max_num_steps": 500})
    assert solve(decay, ONE, 0.0, 1.0, event=never).status == "finished"


EVENTS = {"first step": 1e-9, "early": 0.1, "late": 5.0}


@pytest.mark.parametrize("when", EVENTS.values(), ids=EVENTS)
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ["dopri5", "kencarp4", "bosh3", "rk4"])
def test_events_in_any_step_and_direction(method: str, reverse: bool, when: float):
    sign = -1 if reverse else 1
    given: Any = (
        {"options": {"step_size": 0.01, "interp": "cubic"}} if method == "rk4" else {"rtol": 1e-7, "atol": 1e-9}
    )
    given["method"] = method
    level = math.exp(-sign * when)

    def reached(t: Any, y: Any) -> Any:
        return y - level

    time, states = odeint_event(
        decay,
        ONE,
        torch.tensor(0.0).double(),
        event_fn=reached,
        reverse_time=reverse,
        **given,
    )
    assert float(time) == pytest.approx(sign * when, rel=1e-4)
    assert float(states[-1]) == pytest.approx(level, rel=1e-5)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("method", ["dopri5", "kencarp4", "rk4"])
def test_an_event_at_the_start_and_two_at_once(method: str):
    given: Any = {"options": {"step_size": 0.1}} if method == "rk4" else {}
    start = torch.tensor(2.0).double()
    time, states = odeint_event(decay, ONE, start, event_fn=lambda t, y: cast(Tensor, y) - 1, method=method, **given)
    assert float(time) == 2.0
    assert torch.equal(states[-1], ONE)  # pyright: ignore[reportArgumentType]
    twice = lambda t, y: torch.stack([t - 3.0, 3.0 - t, t - 2.5 - 0.5])  # noqa: E731
    time, _ = odeint_event(decay, ONE, start, event_fn=twice, method=method, **given)
    assert float(time) == pytest.approx(3.0, abs=1e-6)


def test_an_event_at_the_very_end():
    solution = solve(decay, ONE, 0.0, 1.0, event=lambda t, y: t - 1.0)
    assert solution.status == "event"
    assert solution.t == pytest.approx(1.0, rel=1e-15)
    func = Counted(decay)
    solve(func, ONE, 0.0, 1.0, event=lambda t, y: t - 0.999, dense=True)
    inside(func, 0.0, 1.0)
