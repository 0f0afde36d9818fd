"""Gradients through `solve`, `steps` and dense output; and `solve` beside `odeint`."""

import math
from typing import Any

import pytest
import torch

from core.ode import METHODS, odeint, solve, steps
from tests.ode.calls import decay
from tests.ode.problems import vector
from tests.ode.test_solution import ONE, value, wave


@pytest.mark.parametrize("method", ["dopri5", "kencarp4", "rk4", "gl4"])
def test_gradients_through_solve(method: str):
    kwargs: Any = {"rtol": 1e-9} if METHODS[method].adaptive else {"step_size": 0.05}
    y0, rate = vector(1.0, 2.0).requires_grad_(), vector(0.7).requires_grad_()
    times = [0.0, 0.3, 1.0]
    solution = solve(lambda t, y, rate: -rate * y, y0, 0.0, 1.0, method=method, times=times, args=(rate,), **kwargs)
    found = torch.autograd.grad(solution.states.sum(), [y0, rate])  # pyright: ignore # a state is one tensor here
    decays = [math.exp(-0.7 * t) for t in times]
    assert found[0].tolist() == pytest.approx([sum(decays)] * 2, rel=1e-5)
    expected = -3 * sum(t * d for t, d in zip(times, decays, strict=True))
    assert value(found[1]) == pytest.approx(expected, rel=1e-5)


def test_gradients_through_steps_and_dense_output():
    y0 = vector(1.0, 2.0).requires_grad_()
    for state in (list(steps(decay, y0, 0.0, 1.0))[-1].y1, solve(decay, y0, 0.0, 2.0, dense=True, rtol=1e-8)(1.0)):
        (found,) = torch.autograd.grad(state.sum(), y0)  # pyright: ignore # a state is one tensor here
        assert found.tolist() == pytest.approx([math.exp(-1)] * 2, rel=1e-4)
    at_event = solve(decay, y0, 0.0, 1.0, event=lambda t, y: t - 0.5).y
    (found,) = torch.autograd.grad(at_event.sum(), y0)  # pyright: ignore # a state is one tensor here
    assert found.tolist() == pytest.approx([math.exp(-0.5)] * 2, rel=1e-4)


def test_solve_is_odeint():
    t = torch.linspace(0, 2, 9).double()
    asked = solve(wave, ONE, 0.0, 2.0, times=t)
    torch.testing.assert_close(asked.states, odeint(wave, ONE, t, rtol=1e-6, atol=1e-9), rtol=0, atol=0)
