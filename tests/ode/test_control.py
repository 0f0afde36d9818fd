"""The step size control: its formula, its limits, and what each option does to the steps."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.ode import ADAPTIVE, METHODS, Controller, odeint, solve
from core.ode.control import CONTROLLERS
from tests.ode.problems import vector
from tests.ode.test_properties import law

ONE = vector(1.0)
ratios = st.lists(st.floats(1e-6, 10), min_size=3, max_size=3)


def wave(t: Tensor, y: Any) -> Any:
    return torch.cos(5 * t) * y - 0.3 * y


def spiky(t: Tensor, y: Any) -> Any:
    """Smooth, then steep around t = 1: steps must shrink and grow again."""
    return -y + 3 * torch.exp(-((t - 1) ** 2) / 2e-4)


# The formula.


@law(50)
@given(ratios, st.integers(2, 9), st.floats(0.1, 1.5))
def test_i_pi_and_pid_reduce_to_each_other(past: list[float], q: int, beta: float):
    """Where a later exponent is zero, the ratio that it belongs to has no say."""
    assert Controller((1.0, 0.0, 0.0)).factor(past, q) == CONTROLLERS["I"].factor(past, q)
    assert CONTROLLERS["I"].factor(past, q) == pytest.approx(past[0] ** (-1 / q))
    pi = Controller((beta, -0.2, 0.0))
    assert pi.factor(past, q) == pi.factor([*past[:2], 5.0], q)
    assert Controller((beta, 0.0, 0.0)).factor(past, q) == pytest.approx(past[0] ** (-beta / q))
    pid = Controller((beta, -0.2, 0.1))
    assert pid.factor([*past[:2], 1.0], q) == pytest.approx(pi.factor(past, q))
    expected = math.prod(r ** (-b / q) for r, b in zip(past, pid.betas, strict=True))
    assert pid.factor(past, q) == pytest.approx(expected)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_constant_errors_lead_to_the_same_step(name: str):
    """At ratio 1 every controller keeps the step; a smaller error lets it grow, a larger one shrink."""
    controller = CONTROLLERS[name]
    assert controller.factor((1.0, 1.0, 1.0), 5) == 1.0
    assert controller.factor((0.1, 0.1, 0.1), 5) > 1 > controller.factor((2.0, 2.0, 2.0), 5)
    assert math.isfinite(controller.factor((0.0, 0.0, 0.0), 5))


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("method", ["dopri5", "bosh3", "kencarp4"])
def test_steps_follow_the_formula(method: str, controller: str):
    """Each step from the three ratios before it, within the limits, where nothing else cuts it."""
    s = solve(wave, ONE, 0.0, 3.0, method=method, controller=controller, rtol=1e-5)
    tableau = METHODS[method].tableau
    q = (tableau.embedded_order or 0) + 1
    rejected_at = {t for t, _, _ in s.rejections}
    checked = 0
    for n in range(2, s.accepted - 2):  # the last is cut short by the end
        if float(s.times[n]) in rejected_at or float(s.times[n + 1]) in rejected_at:
            continue
        past = (s.error_ratios[n], s.error_ratios[n - 1], s.error_ratios[n - 2])
        factor = 0.9 * CONTROLLERS[controller].factor(past, q)
        least = 1.0 if controller == "I" and tableau.explicit else 0.2
        expected = s.step_sizes[n] * min(10.0, max(factor, least))
        assert s.step_sizes[n + 1] == pytest.approx(expected, rel=1e-9)
        checked += 1
    assert checked > 5


# Limits of a change.


@pytest.mark.parametrize("method", ADAPTIVE)
@pytest.mark.parametrize("ifactor", [1.5, 10.0])
def test_growth_is_limited(method: str, ifactor: float):
    s = solve(wave, ONE, 0.0, 2.0, method=method, rtol=1e-3, options={"ifactor": ifactor, "first_step": 1e-7})
    growth = [b / a for a, b in pairwise(s.step_sizes)]
    assert max(growth) == pytest.approx(ifactor, rel=1e-6)
    assert all(change <= ifactor * (1 + 1e-9) for change in growth)


@pytest.mark.parametrize("method", ADAPTIVE)
@pytest.mark.parametrize("dfactor", [0.1, 0.5])
def test_shrinking_is_limited(method: str, dfactor: float):
    s = solve(wave, ONE, 0.0, 2.0, method=method, rtol=1e-6, options={"dfactor": dfactor, "first_step": 1.9})
    assert s.rejected > 0
    at_start = [h for t, h, _ in s.rejections if t == 0.0] + [s.step_sizes[0]]
    assert at_start[0] == pytest.approx(1.9)
    for before, after in pairwise(at_start):
        assert dfactor * (1 - 1e-9) <= after / before < 1
    if dfactor == 0.5:
        assert at_start[1] / at_start[0] == pytest.approx(dfactor)


def test_a_small_safety_makes_smaller_steps_and_fewer_rejections():
    bold, careful = (solve(spiky, ONE, 0.0, 3.0, rtol=1e-6, options={"safety": safety}) for safety in (1.0, 0.5))
    assert careful.rejected < bold.rejected
    assert careful.accepted > bold.accepted
    typical = [sorted(s.error_ratios)[s.accepted // 2] for s in (bold, careful)]
    assert typical[1] < 0.2 * typical[0]


@pytest.mark.parametrize("controller", ["PI", "PID"])
def test_pi_and_pid_reject_less_where_stability_limits_the_step(controller: str):
    """The reason for them: on a mildly stiff problem I control bounces at the stability limit."""

    def func(t: Tensor, y: Tensor) -> Tensor:
        return -200 * (y - torch.cos(t))

    plain, smooth = (solve(func, ONE, 0.0, 5.0, controller=one, rtol=1e-4, atol=1e-6) for one in ("I", controller))
    assert smooth.rejected < plain.rejected
    assert smooth.nfe <= 1.1 * plain.nfe


# First, shortest and longest steps, prescribed times.


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_steps_that_are_asked_for(method: str, sign: int):
    stops = [sign * time for time in (0.1, 0.123456789, 1.0, 1.7)]
    options = {"first_step": 1e-3, "max_step": 0.11, "step_t": torch.tensor(stops, dtype=torch.float64)}
    s = solve(wave, ONE, 0.0, sign * 2.0, method=method, rtol=1e-3, options=options)
    assert s.step_sizes[0] == pytest.approx(1e-3, rel=1e-12)
    assert max(s.step_sizes) <= 0.11 * (1 + 1e-12)
    assert set(stops) <= set(s.times.tolist()), "hit exactly"
    assert float(s.times[-1]) == sign * 2.0


def test_a_step_cut_short_does_not_shorten_those_after_it():
    stops = torch.linspace(0.1, 2.9, 29).double()
    free, stopped = (solve(lambda t, y: -0.1 * y, ONE, 0.0, 100.0, options=o) for o in ({}, {"step_t": stops + 1e-3}))
    assert stopped.accepted <= free.accepted + 31
    nearly = solve(wave, ONE, 0.0, 3.0, options={"step_t": [1.0, 1.0 + 1e-9]})
    assert nearly.accepted <= solve(wave, ONE, 0.0, 3.0).accepted + 4


def test_outputs_cost_no_steps():
    calls = []

    def func(t: Tensor, y: Tensor) -> Tensor:
        calls.append(float(t))
        return wave(t, y)

    for count in (2, 200):
        odeint(func, ONE, torch.linspace(0, 3, count).double())
        calls.append(math.nan)
    first, second = (list(part) for part in (calls[: calls.index(math.nan)], calls[calls.index(math.nan) + 1 : -1]))
    assert first == second


@law(60)
@given(st.sampled_from(ADAPTIVE), st.floats(-12, 4), st.floats(-6, 6), st.booleans(), st.sampled_from([0.0, 1e-3, 1.0]))
def test_the_first_step_fits_the_interval(method: str, length: float, rate: float, backward: bool, y0: float):
    """Whatever the field's size, from zero on; and the trial evaluation does too."""
    end, speed = (-1 if backward else 1) * 10**length, min(10**rate, 20 / 10**length)
    asked: list[float] = []

    def func(t: Tensor, y: Tensor) -> Tensor:
        asked.append(float(t))
        return -speed * (y - 1)

    s = solve(func, vector(y0), 0.0, end, method=method, rtol=1e-3, atol=1e-3)
    assert s.step_sizes[0] <= abs(end)
    assert all(0 <= time / end <= 1 for time in asked)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_the_first_step_is_neither_rejected_nor_far_too_short(method: str):
    s = solve(wave, ONE, 0.0, 3.0, method=method, rtol=1e-6)
    assert not [t for t, _, _ in s.rejections if t == 0.0]
    assert s.step_sizes[0] > 0.002 * sum(s.step_sizes) / s.accepted
