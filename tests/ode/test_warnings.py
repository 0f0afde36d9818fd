"""What is warned of, once, at the caller's line; and what is not."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from core.ode import SolverWarning, odeint
from tests.ode import calls
from tests.ode.calls import EVERY, ON_TIMES, Y0, T, decay

every = pytest.mark.parametrize("call", EVERY.values(), ids=EVERY)
on_times = pytest.mark.parametrize("call", ON_TIMES.values(), ids=ON_TIMES)


@contextmanager
def warned(says: str) -> Iterator[None]:
    """One SolverWarning, which names this file: the line to look at."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    assert len(caught) == 1, [str(one.message) for one in caught]
    with pytest.warns(SolverWarning, match=says):
        warnings.warn_explicit(caught[0].message, caught[0].category, __file__, 1)
    assert caught[0].filename in (__file__, calls.__file__)


@every
def test_an_unknown_option_is_answered_by_the_names(call: Callable[..., Any]):
    with warned(r"(dopri5|solve_batch) has no option first_stap; it has .*first_step.*max_num_steps"):
        call(decay, Y0, T, options={"first_stap": 0.1})


@pytest.mark.parametrize(
    ("method", "known"), [("rk4", "step_size"), ("implicit_adams", "max_order"), ("gl4", "max_iters")]
)
def test_an_unknown_option_of_fixed_steps(method: str, known: str):
    with warned(rf"{method} has no option first_step, max_step; it has .*{known}"):
        odeint(decay, Y0, torch.linspace(0, 1, 21), method=method, options={"first_step": 0.1, "max_step": 0.1})


def test_warnings_of_adams_and_scipy_name_the_callers_line():
    with warned("max_order=2"):
        odeint(decay, Y0, torch.linspace(0, 1, 40), method="explicit_adams", options={"max_order": 2})
    with warned("no option step_size"):
        odeint(decay, Y0, T, method="scipy_solver", options={"step_size": 0.1})


@every
def test_a_tolerance_below_rounding(call: Callable[..., Any]):
    with warned(r"rtol=1e-07 is below the rounding error of torch.float32 \(1.2e-07\)"):
        call(decay, Y0.float(), T, rtol=1e-7, atol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(decay, Y0.float(), T, rtol=1e-6, atol=1e-4)
        call(decay, Y0, T, rtol=1e-7, atol=1e-4)


@on_times
def test_a_coarse_grid_without_a_step_size(call: Callable[..., Any]):
    y0, t = torch.ones(1, dtype=torch.float64), torch.tensor([0.0, 10.0])
    with warned(r"single step from t=0 to t=10: rk4 takes one step between output times unless .*step_size"):
        call(decay, y0, t, method="rk4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(decay, y0, t, method="rk4", options={"step_size": 0.1})
        call(decay, y0, torch.linspace(0, 10, 101), method="rk4")
        call(decay, y0, torch.linspace(0, 1, 5), method="rk4")
