"""Impossible arguments: the kind of the exception, what it says was expected and what came.

What func may do wrong is in test_bad_fields, what is warned of in test_warnings; the options of Newton, Adams and
scipy in the tests of these.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from core.ode import Controller, odeint, odeint_adjoint, odeint_checkpointed, odeint_event, solve, solve_batch
from tests.ode.calls import EVERY, ON_INTERVALS, ON_TIMES, SHARED, Y0, T, decay

every = pytest.mark.parametrize("call", EVERY.values(), ids=EVERY)
shared = pytest.mark.parametrize("call", SHARED.values(), ids=SHARED)
on_times = pytest.mark.parametrize("call", ON_TIMES.values(), ids=ON_TIMES)


# States.

STATES: dict[str, tuple[Any, str]] = {
    "int64": (torch.tensor([1, 2]), r"`y0` must be float32, float64 or complex; got torch.int64"),
    "bool": (torch.tensor([True]), r"`y0` must be float32.*got torch.bool"),
    "half": (torch.ones(2).half(), r"`y0` is torch.float16: its rounding"),
    "bfloat16": (torch.ones(2).bfloat16(), r"`y0` is torch.bfloat16: its rounding"),
    "half in a tuple": ((torch.ones(2), torch.ones(1).half()), r"`y0\[1\]` is torch.float16"),
    "list": ([torch.ones(2)], "`y0` must be a tensor or a non-empty tuple of tensors; got a list of 1"),
    "empty tuple": ((), "non-empty tuple of tensors; got a tuple of 0"),
    "tuple with a number": ((torch.ones(2), 1.0), r"`?y0(\[1\])?.*tensor.*float"),
    "number": (1.0, "must be a tensor.*got float"),
    "None": (None, "must be a tensor.*got NoneType"),
    "array": (np.ones(2), "must be a tensor.*got ndarray"),
    "mixed": ((torch.ones(2), torch.ones(2).double()), r"share dtype.*torch.float32.*torch.float64.*`y0\[1\]`"),
}


@every
@pytest.mark.parametrize(("y0", "says"), STATES.values(), ids=STATES)
def test_states(call: Callable[..., Any], y0: Any, says: str):
    with pytest.raises(TypeError, match=says):
        call(decay, y0, T)


@pytest.mark.parametrize("y0", [(Y0, Y0), torch.tensor(1.0), Y0 + 0j], ids=["tuple", "no axis", "complex"])
def test_states_of_a_batch(y0: Any):
    with pytest.raises(ValueError, match="one real tensor whose axis 0 is the batch"):
        solve_batch(decay, y0, 0.0, 1.0)


# Times.

TIMES: dict[str, tuple[Any, type[Exception], str]] = {
    "list": ([0.0, 1.0], TypeError, "`t` must be a tensor of floating point times; got a list of 2"),
    "integers": (torch.tensor([0, 1]), TypeError, "floating point times; got a torch.int64 tensor"),
    "complex": (T + 0j, TypeError, "floating point times; got a torch.complex128 tensor"),
    "2-D": (T[None], ValueError, r"one-dimensional; got shape \(1, 3\)"),
    "0-D": (T[0], ValueError, r"one-dimensional; got shape \(\)"),
    "one": (T[:1], ValueError, r"at least one more; got 1 time"),
    "none": (T[:0], ValueError, r"at least one more; got 0 time"),
    "turning": (torch.tensor([0.0, 1.0, 2.0, 1.5]), ValueError, r"monotonic; got t\[3\]=1.5 after t\[2\]=2"),
    "turning down": (torch.tensor([2.0, 1.0, 1.5]), ValueError, r"monotonic; got t\[2\]=1.5 after t\[1\]=1"),
    "twice": (torch.tensor([0.0, 0.5, 0.5]), ValueError, r"monotonic; got t\[2\]=0.5 after t\[1\]=0.5"),
    "NaN": (torch.tensor([0.0, math.nan, 1.0]), ValueError, r"finite; got t\[1\]=nan"),
    "NaN first": (torch.tensor([math.nan, 1.0]), ValueError, r"finite; got t\[0\]=nan"),
    "infinite": (torch.tensor([0.0, math.inf]), ValueError, r"finite; got t\[1\]=inf"),
}


@on_times
@pytest.mark.parametrize(("t", "kind", "says"), TIMES.values(), ids=TIMES)
def test_times(call: Callable[..., Any], t: Any, kind: type[Exception], says: str):
    with pytest.raises(kind, match=says):
        call(decay, Y0, t)


@pytest.mark.parametrize("ends", [(0.0, 0.0), (math.nan, 1.0), (0.0, math.nan), (-math.inf, 0.0)], ids=str)
@pytest.mark.parametrize("call", ON_INTERVALS.values(), ids=ON_INTERVALS)
def test_intervals(call: Callable[..., Any], ends: tuple[float, float]):
    with pytest.raises(ValueError, match=r"t[01]|t\[\d\]|same way") as caught:
        call(decay, Y0, torch.tensor(ends))
    assert any(word in str(caught.value) for word in ("finite", "monotonic", "another"))


@pytest.mark.parametrize("t0", [0.0, torch.tensor([0.0, 1.0])], ids=["number", "two"])
def test_the_start_of_an_event(t0: Any):
    with pytest.raises((TypeError, ValueError), match="`t0`"):
        odeint_event(decay, Y0, t0, event_fn=lambda t, y: t - 0.5)


def test_an_event_takes_two_times():
    for call in (odeint, odeint_adjoint):
        with pytest.raises(ValueError, match="`t` must hold two times: a start and a direction; got 3"):
            call(decay, Y0, T, event_fn=lambda t, y: t - 0.5)
    with pytest.raises(ValueError, match="step_size"):
        odeint(decay, Y0, T[:2], event_fn=lambda t, y: t - 0.5, method="rk4")
    with pytest.raises(ValueError, match="no `event_fn`; use odeint"):
        odeint_checkpointed(decay, Y0, T[:2], event_fn=lambda t, y: t - 0.5)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("value", [0.5, None, torch.ones(0), torch.ones(1) + 1j], ids=["number", "None", "empty", "1j"])
def test_what_an_event_function_returns(value: Any):
    with pytest.raises(TypeError, match="event_fn must return a real, non-empty tensor; got"):
        odeint(decay, Y0, T[:2], event_fn=lambda t, y: value)
    with pytest.raises(ValueError, match="event_fn must stay finite; got nan at t="):
        odeint(decay, Y0, T[:2], event_fn=lambda t, y: torch.where(t > 0, math.nan, torch.ones_like(t)))


# Tolerances and methods.


@every
@pytest.mark.parametrize("value", [-1e-3, math.nan, math.inf], ids=str)
@pytest.mark.parametrize("name", ["rtol", "atol"])
def test_tolerances(call: Callable[..., Any], name: str, value: float):
    with pytest.raises(ValueError, match=f"`{name}` must be finite and not negative; got {value}"):
        call(decay, Y0, T, **{name: value}, options={"max_num_steps": 50})


@every
def test_tolerances_both_zero(call: Callable[..., Any]):
    with pytest.raises(ValueError, match="`rtol` and `atol` must not both be 0"):
        call(decay, Y0, T, rtol=0.0, atol=0.0, options={"max_num_steps": 50})


@shared
@pytest.mark.parametrize("name", ["rtol", "atol"])
def test_tolerances_that_do_not_fit(call: Callable[..., Any], name: str):
    with pytest.raises(ValueError, match=rf"`{name}` of shape \(3,\) does not fit a state of shape \(2, 2\)"):
        call(decay, Y0, T, **{name: torch.full((3,), 1e-6)})
    with pytest.raises(ValueError, match=f"`{name}` must have one entry for each of the state's 2 tensors; got 3"):
        call(decay, (Y0, Y0), T, **{name: (1e-6, 1e-6, 1e-6)})
    elementwise = {"rtol": torch.tensor([1e-6, 0.0]), "atol": torch.tensor([1e-6, 0.0])}
    with pytest.raises(ValueError, match="must not both be 0"):
        call(decay, Y0, T, **elementwise)


@every
def test_an_unknown_method_is_answered_by_the_names(call: Callable[..., Any]):
    with pytest.raises(ValueError, match=r"no method 'rk45'; there are .*dopri5.*kencarp4") as caught:
        call(decay, Y0, T, method="rk45")
    assert all(name in str(caught.value) for name in ("euler", "rk4", "implicit_adams", "radauIIA5"))


@pytest.mark.parametrize("name", ["odeint_dense", "solve", "steps", "solve_batch", "odeint_checkpointed"])
def test_scipy_solver_where_it_cannot_be(name: str):
    with pytest.raises(ValueError, match="scipy_solver") as caught:
        EVERY[name](decay, Y0, T, method="scipy_solver")
    assert not str(caught.value).startswith("no method 'scipy_solver'"), "and then it is listed among those there are"


def test_an_unknown_method_of_the_adjoint():
    with pytest.raises(ValueError, match=r"no method 'rk45'"):
        odeint_adjoint(decay, Y0.clone().requires_grad_(), T, adjoint_method="rk45")  # before the work, not after it


def test_fixed_steps_need_a_step_size():
    for call in (ON_INTERVALS["solve"], ON_INTERVALS["steps"]):
        with pytest.raises(ValueError, match=r"rk4 takes fixed steps: give `step_size`, a positive number"):
            call(decay, Y0, T, method="rk4")


@pytest.mark.parametrize("method", ["rk4", "kencarp4", "implicit_adams"])
def test_methods_of_a_batch(method: str):
    with pytest.raises(ValueError, match=f"an explicit adaptive method; got {method}"):
        solve_batch(decay, Y0, 0.0, 1.0, method=method)


# Options.

ADAPTIVE: list[tuple[str, Any]] = [
    *[("first_step", value) for value in (0.0, -0.1, math.nan, math.inf)],
    *[("min_step", value) for value in (-0.1, math.nan, None)],
    *[("max_step", value) for value in (0.0, -0.1, math.nan)],
    *[("safety", value) for value in (0.0, -1.0, 1.1, math.nan)],
    *[("ifactor", value) for value in (1.0, 0.5, math.nan)],
    *[("dfactor", value) for value in (0.0, 1.0, 2.0, math.nan)],
    *[("max_num_steps", value) for value in (0, -1, math.nan, "many")],
    *[("step_t", value) for value in ([math.nan], [0.5, 0.5], 0.5)],
    *[("jump_t", value) for value in ([math.inf], torch.tensor([0.5, 0.5]), 0.5)],
    *[("controller", value) for value in ("PIDD", 5, (1.0, 0.0, 0.0))],
    ("norm", "rms"),
]


@pytest.mark.parametrize(("name", "value"), ADAPTIVE, ids=str)
def test_options_of_adaptive_methods(name: str, value: Any):
    with pytest.raises((ValueError, TypeError), match=rf"`?{name}`?"):
        odeint(decay, Y0, T, options={name: value})
    if name not in ("step_t", "jump_t", "norm"):
        with pytest.raises((ValueError, TypeError), match=rf"`?{name}`?"):
            solve_batch(decay, Y0, 0.0, 1.0, options={name: value})


def test_options_that_exclude_each_other():
    with pytest.raises(ValueError, match=r"max_step must be positive and at least min_step; got max_step=0\.1"):
        odeint(decay, Y0, T, options={"min_step": 0.2, "max_step": 0.1})
    with pytest.raises(ValueError, match="step_t and jump_t must not share a time"):
        odeint(decay, Y0, T, options={"step_t": [0.2, 0.5], "jump_t": torch.tensor([0.5])})
    with pytest.raises(ValueError, match="`controller` must be a Controller or one of I, PI, PID; got 'PIDD'"):
        solve(decay, Y0, 0.0, 1.0, controller="PIDD")
    with pytest.raises(ValueError, match="`step_size` and `grid_constructor` exclude each other"):
        odeint(decay, Y0, T, method="rk4", options={"step_size": 0.1, "grid_constructor": lambda func, y0, t: t})


FIXED: list[tuple[str, Any]] = [
    *[("step_size", value) for value in (0.0, -0.1, math.nan, math.inf, "short", torch.ones(2), 1e-300)],
    *[("interp", value) for value in ("quadratic", None)],
    ("grid_constructor", 0.1),
]


@pytest.mark.parametrize(("name", "value"), FIXED, ids=str)
def test_options_of_fixed_steps(name: str, value: Any):
    with pytest.raises((ValueError, TypeError), match=rf"`?{name}`?"):
        odeint(decay, Y0, T, method="rk4", options={name: value})


GRIDS: dict[str, tuple[Any, str]] = {
    "short": (T[:2], r"must lead from t\[0\]=0 to t\[-1\]=1; got \[0.0, 0.5\]"),
    "late": (T[1:], r"must lead from t\[0\]=0 to t\[-1\]=1; got \[0.5, 1.0\]"),
    "one point": (T[:1], r"must lead from"),
    "2-D": (T[None], r"must lead from"),
    "list": ([0.0, 1.0], r"grid"),
    "turning": (torch.tensor([0.0, 0.7, 0.3, 1.0]), r"grid must be strictly monotonic; got \[0.0, 0.69"),
    "NaN": (torch.tensor([0.0, math.nan, 1.0]), r"grid must be strictly monotonic"),
}


@on_times
@pytest.mark.parametrize(("grid", "says"), GRIDS.values(), ids=GRIDS)
def test_grids(call: Callable[..., Any], grid: Any, says: str):
    with pytest.raises((ValueError, TypeError), match=says):
        call(decay, Y0, T, method="rk4", options={"grid_constructor": lambda func, y0, t: grid})


def test_times_of_solve():
    for times in ([], [0.5, 0.2], [0.5, 0.5], [-0.1, 0.5], [0.5, 1.1], [math.nan]):
        with pytest.raises(ValueError, match="`times` must lead strictly from t0=0 towards t1=1, inside them; got"):
            solve(decay, Y0, 0.0, 1.0, times=times)
    for times in ([-0.1, 0.5], [0.5, 1.1], [math.nan]):
        with pytest.raises(ValueError, match="`times` must"):
            solve_batch(decay, Y0, 0.0, 1.0, times=times)
    with pytest.raises(ValueError, match=r"`times` must be \(T,\) or \(T, 2\).*got \(2, 3\)"):
        solve_batch(decay, Y0, 0.0, 1.0, times=torch.ones(2, 3))
    with pytest.raises(ValueError, match="`t1` must be one finite number, or one for each of 2 samples"):
        solve_batch(decay, Y0, 0.0, torch.ones(3))
    with pytest.raises(ValueError, match="finite t1"):
        solve(decay, Y0, 0.0, math.inf, method="rk4", step_size=0.1)


@pytest.mark.parametrize("betas", [(1.0,), (1.0, 0.0, math.nan)])
def test_a_controller_needs_three_numbers(betas: tuple[float, ...]):
    with pytest.raises(ValueError, match="three finite numbers"):
        Controller(betas)  # pyright: ignore[reportArgumentType] # that is the point
