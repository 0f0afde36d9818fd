"""Problems that cannot be solved, or hardly: an error that says where and why, in bounded work; never a hang."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.ode import (
    ADAPTIVE,
    METHODS,
    MaxStepsError,
    NonFiniteError,
    SolverError,
    StepUnderflowError,
    odeint,
    odeint_adjoint,
    odeint_dense,
    solve,
    solve_batch,
)
from tests.ode.calls import Counted, decay, inside
from tests.ode.problems import van_der_pol, vector
from tests.ode.test_properties import law

ONE = vector(1.0)
FIXED = [name for name, method in METHODS.items() if not method.adaptive and name != "fixed_adams"]
LOW = ("adaptive_heun", "fehlberg2")
"""Whose error far exceeds the tolerance."""
EXPLICIT = [name for name in ADAPTIVE if not METHODS[name].implicit]

STEPS = {"step_size": 0.1}

# Not a number.


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf], ids=str)
@pytest.mark.parametrize("method", [*METHODS, "scipy_solver"])
def test_not_finite_at_the_start(method: str, bad: float):
    func = Counted(lambda t, y: y * bad, most=200)
    given: Any = {} if METHODS.get(method, METHODS["dopri5"]).adaptive else {"options": {"step_size": 0.1}}
    with pytest.raises(SolverError, match=r"NaN or infin.*") as caught:
        odeint(func, ONE, vector(0, 1), method=method, **given)
    if method in FIXED and METHODS[method].implicit:  # Newton's iteration meets it first, at a stage
        assert 0.0 <= caught.value.t <= 0.1
    else:
        assert isinstance(caught.value, NonFiniteError)
        assert caught.value.t == 0.0
        assert "t=0" in str(caught.value)


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_not_finite_from_some_time_on(method: str, backward: bool):
    sign = -1 if backward else 1
    func = Counted(lambda t, y: torch.where(sign * t < 0.5, torch.cos(t).to(y), math.nan) - y, most=2000)
    with pytest.raises(NonFiniteError, match=r"NaN or infinity at t=-?0\.(5|49)") as caught:
        odeint(func, ONE, sign * vector(0, 1), method=method, rtol=1e-4, atol=1e-4)
    assert caught.value.t == pytest.approx(sign * 0.5, abs=1e-4)


@pytest.mark.parametrize("method", ["euler", "rk4", "explicit_adams", "gl4", "trapezoid"])
def test_not_finite_in_fixed_steps(method: str):
    with pytest.raises(SolverError, match=r"NaN or infin") as caught:
        odeint(
            lambda t, y: torch.where(t < 0.45, -y, math.nan),
            ONE,
            vector(0, 1),
            method=method,
            options={"step_size": 0.1},
        )
    assert 0.3 <= caught.value.t <= 0.6


@pytest.mark.parametrize("method", ADAPTIVE)
def test_a_domain_left_inside_a_step_is_kept_by_a_shorter_one(method: str):
    """y' = -sqrt(y) / 2 on [0, 3.5]: y = (1 - t / 4)^2 > 0, but a long step's stages are not."""
    options = {"first_step": 3.4}
    y = odeint(lambda t, y: -0.5 * y.sqrt(), ONE, vector(0, 3.5), method=method, rtol=1e-6, atol=1e-9, options=options)
    assert float(y[-1]) == pytest.approx((1 - 3.5 / 4) ** 2, rel=2e-3)


# Singularities and stiffness.


@pytest.mark.slow
@pytest.mark.parametrize("through", ["odeint", "adjoint", "solve", "dense", "batch"])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_a_blow_up_is_told_near_its_time(method: str, through: str):
    if through == "batch" and method == "kencarp4":
        pytest.skip("not a method of solve_batch")
    func = Counted(lambda t, y: y * y, most=60_000) if method != "adaptive_heun" else (lambda t, y: y * y)
    calls: dict[str, Callable[..., Any]] = {
        "odeint": lambda **kw: odeint(func, ONE, vector(0, 2), **kw),
        "adjoint": lambda **kw: odeint_adjoint(func, ONE, vector(0, 2), **kw),
        "solve": lambda **kw: solve(func, ONE, 0.0, 2.0, **kw),
        "dense": lambda **kw: odeint_dense(func, ONE, 0.0, 2.0, **kw),
        "batch": lambda **kw: solve_batch(lambda t, y: y * y, ONE[:, None], 0.0, 2.0, **kw),
    }
    with pytest.raises(SolverError, match=r"t=(1|0\.99)") as caught:
        calls[through](method=method, rtol=1e-4, atol=1e-6)
    assert isinstance(caught.value, (StepUnderflowError, NonFiniteError))
    assert caught.value.t == pytest.approx(1.0, abs=0.02 if method in LOW else 1e-3)


@pytest.mark.parametrize("method", ["euler", "rk4", "explicit_adams", "implicit_euler", "gl4"])
def test_a_blow_up_in_fixed_steps(method: str):
    kind = SolverError if METHODS[method].implicit else NonFiniteError
    with pytest.raises(kind, match=r"t="):
        odeint(lambda t, y: y * y, ONE, vector(0, 3), method=method, options={"step_size": 0.02})


@pytest.mark.parametrize("method", EXPLICIT)
def test_a_stiff_problem_ends_at_the_limit_and_says_what_to_try(method: str):
    stiff = van_der_pol(1000.0, 2000.0)
    func = Counted(stiff.func)
    with pytest.raises(MaxStepsError, match=r"300 steps .* t=.*stiff, try method=.kencarp4") as caught:
        odeint(func, stiff.y0, vector(0, 2000), method=method, rtol=1e-4, atol=1e-6, options={"max_num_steps": 300})
    assert 0 < caught.value.t < 2000
    assert len(func.times) <= 300 * METHODS[method].tableau.stages + 2


def test_the_limit_counts_the_whole_solve():
    steps = solve(lambda t, y: torch.sin(20 * t) - y, ONE, 0.0, 10.0)
    attempts = steps.accepted + steps.rejected
    t = torch.linspace(0, 10, 21, dtype=torch.float64)
    for call in (odeint, odeint_adjoint):
        with pytest.raises(MaxStepsError, match="took the solve from its start"):
            call(lambda t, y: torch.sin(20 * t) - y, ONE, t, rtol=1e-6, options={"max_num_steps": attempts - 1})
        call(lambda t, y: torch.sin(20 * t) - y, ONE, t, rtol=1e-6, options={"max_num_steps": attempts})


@pytest.mark.parametrize("method", ADAPTIVE)
def test_min_step_accepts_no_error(method: str):
    func, tol = (lambda t, y: -50 * (y - torch.cos(t))), 1e-7
    with pytest.raises(StepUnderflowError, match=r"error .* times the tolerance.*min_step=0\.2 allows no shorter"):
        odeint(func, ONE, vector(0, 2), method=method, rtol=tol, atol=tol, options={"min_step": 0.2})
    solution = solve(func, ONE, 0.0, 2.0, method=method, rtol=1e-4, atol=1e-4, options={"min_step": 1e-6})
    assert max(solution.error_ratios) <= 1


# Jumps.


def switched(t: Tensor, y: Tensor) -> Tensor:
    """From -y to 2 - y at 0.7."""
    return torch.where(t < 0.7, -y, 2 - y)


AFTER = 2 + (math.exp(-0.7) - 2) * math.exp(-0.8)
"""`switched` from 1 at t = 1.5."""


@pytest.mark.parametrize("method", ADAPTIVE)
def test_a_jump_that_is_named_costs_no_accuracy(method: str):
    tol, most = (1e-4, 100) if method in LOW else (1e-6, 20)
    kwargs: Any = {"method": method, "rtol": tol, "atol": tol}
    unaware = solve(switched, ONE, 0.0, 1.5, **kwargs)
    func = Counted(switched)
    aware = solve(func, ONE, 0.0, 1.5, options={"jump_t": [0.7]}, **kwargs)
    assert float(aware.states[-1]) == pytest.approx(AFTER, abs=most * tol)  # pyright: ignore[reportArgumentType]
    assert 0.7 in aware.times.tolist()
    assert 0.7 not in func.times, "asked beside the jump only"
    assert aware.accepted + aware.rejected < unaware.accepted + unaware.rejected
    assert float(unaware.states[-1]) == pytest.approx(AFTER, abs=1e3 * tol)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_no_step_looks_across_a_jump(method: str, backward: bool):
    """Between two evaluations behind the jump there is none before it."""
    func = Counted(lambda t, y: torch.where(t < 0.3, 1.0, -1.0) * y)
    start, end = (1.0, 0.0) if backward else (0.0, 1.0)
    solve(func, ONE, start, end, method=method, rtol=1e-4, atol=1e-4, options={"jump_t": [0.3]})
    sides = [time < 0.3 for time in func.times]
    assert sides == sorted(sides, reverse=not backward)


def test_jumps_outside_the_interval_or_at_its_ends_are_no_matter():
    plain = solve(decay, ONE, 0.0, 1.0, options={"first_step": 0.01})
    jumps = solve(decay, ONE, 0.0, 1.0, options={"first_step": 0.01, "jump_t": [-1.0, 0.0, 5.0], "step_t": [0.0 - 2]})
    torch.testing.assert_close(plain.states, jumps.states, rtol=0, atol=0)
    solve(decay, ONE, 0.0, 1.0, options={"jump_t": [1.0]})


# Where f is evaluated.

intervals = st.tuples(st.floats(-3, 3), st.floats(0.01, 4), st.booleans())


@law(60)
@given(st.sampled_from(ADAPTIVE), intervals, st.floats(0.01, 10), st.integers(0, 6))
def test_adaptive_methods_stay_inside(method: str, interval: Any, rate: float, outputs: int):
    """First step, outputs, dense output and its own stages, an event near the end; the time in float64."""
    start, length, backward = interval
    end = start - length if backward else start + length
    kwargs: Any = {"method": method, "rtol": 1e-3, "atol": 1e-3}
    t = torch.linspace(start, end, outputs + 2, dtype=torch.float64)
    t[-1] = end
    func = Counted(lambda t, y: torch.cos(rate * t) - y)
    odeint(func, ONE, t, **kwargs)
    odeint(func, ONE, t, **kwargs, options={"first_step": 100.0})
    solve(func, ONE, start, end, times=t.tolist(), dense=True, event=lambda t, y: (t - end).abs() + 1, **kwargs)
    solve(func, ONE, start, end, **kwargs, options={"jump_t": [(start + end) / 2], "step_t": [start, end]})
    if not METHODS[method].implicit:
        inner = Counted(lambda t, y: func(t[0], y))
        solve_batch(inner, ONE[:, None], start, end, method=method, rtol=1e-3, atol=1e-3, times=t)
    inside(func, start, end)


@law(60)
@given(st.sampled_from(FIXED), intervals, st.floats(0.03, 1), st.booleans())
def test_fixed_methods_stay_inside(method: str, interval: Any, step: float, perturb: bool):
    start, length, backward = interval
    end = start - length if backward else start + length
    func = Counted(lambda t, y: torch.cos(t) - 0.3 * y)
    options = {"step_size": step, "interp": "cubic", "perturb": perturb}
    t = torch.tensor([start, 0.6 * start + 0.4 * end, end], dtype=torch.float64)
    odeint(func, ONE, t, method=method, rtol=1e-1, atol=1e-1, options=options)
    inside(func, start, end)
