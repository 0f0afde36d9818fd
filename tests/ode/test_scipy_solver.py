"""scipy's solvers behind odeint: scipy's own numbers, the state's shape and precision, and failures that say so."""

import builtins
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.ode.errors import MaxStepsError, NonFiniteError, SolverError, SolverWarning
from core.ode.field import Field
from core.ode.problem import Layout
from core.ode.scipy_solver import SOLVERS, scipy_odeint

integrate = pytest.importorskip("scipy.integrate", reason="scipy, which these tests are about, is not installed")

Y0 = torch.tensor([1.0, 2.0], dtype=torch.float64)
TIMES = torch.linspace(0.0, 3.0, 5, dtype=torch.float64)


def swing(t: Tensor, y: Tensor) -> Tensor:
    return torch.stack([y[1], -y[0] + torch.cos(t)])


def solve(func: Any, y0: Any, t: Tensor = TIMES, rtol: Any = 1e-6, atol: Any = 1e-8, **options: Any) -> Any:
    return scipy_odeint(func, y0, t, rtol, atol, options)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_numbers_are_scipys(solver: str, backward: bool):
    t = TIMES.flip(0) if backward else TIMES

    def on_arrays(s: float, y: np.ndarray) -> np.ndarray:
        return swing(torch.tensor(s, dtype=torch.float64), torch.from_numpy(y)).numpy()

    found = integrate.solve_ivp(on_arrays, (float(t[0]), float(t[-1])), Y0.numpy(), solver, t, rtol=1e-6, atol=1e-8)
    states = solve(swing, Y0, t, solver=solver)
    np.testing.assert_allclose(states.numpy(), found.y.T, rtol=1e-13, atol=1e-13)
    assert torch.equal(states[0], Y0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128])
def test_shape_and_precision(dtype: torch.dtype):
    seen = []

    def decay(t: Tensor, y: Tensor) -> Tensor:
        seen.append((t.dtype, t.shape, y.dtype, y.shape))
        return -y

    y0 = torch.arange(6).reshape(2, 3).to(dtype)
    states = solve(decay, y0, TIMES.float(), solver="DOP853")
    torch.testing.assert_close(states, y0 * torch.exp(-TIMES).to(dtype)[:, None, None], rtol=1e-5, atol=1e-5)
    assert set(seen) == {(dtype.to_real(), torch.Size(), dtype, y0.shape)}


def test_tuples():
    def func(t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return -y[0], y[0].sum() * torch.ones_like(y[1])

    states = solve(func, (torch.ones(2, 1).double(), torch.zeros(()).double()))
    assert [state.shape for state in states] == [(5, 2, 1), (5,)]
    torch.testing.assert_close(states[1], 2 * (1 - torch.exp(-TIMES)), rtol=1e-5, atol=1e-6)


def test_evaluations_are_counted():
    field = Field(swing, Layout.of(Y0))
    scipy_odeint(field, Y0, TIMES, 1e-6, 1e-8, None)
    assert 20 < field.nfe < 500


def test_options_reach_scipy():
    def evaluations(**options: Any) -> int:
        field = Field(swing, Layout.of(Y0))
        solve(field, Y0, **options)
        return field.nfe

    assert evaluations(max_step=0.01) > 300 > evaluations()
    assert evaluations(max_step=torch.tensor(0.01)) > 300
    assert evaluations(solver="RK45", first_step=1e-9) > evaluations(solver="RK45")
    jacobian = np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert evaluations(solver="BDF", jac=jacobian) < evaluations(solver="BDF")
    assert evaluations(norm=torch.linalg.vector_norm) == evaluations()


def test_in_inference_mode():
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    with torch.inference_mode():
        states = solve(lambda t, y: -weight * y, Y0.clone())
    torch.testing.assert_close(states, Y0 * torch.exp(-TIMES)[:, None], rtol=1e-5, atol=1e-6)
    assert not states.requires_grad


def test_a_tolerance_for_each_tensor_of_a_tuple():
    def func(t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return torch.cos(20 * t) * y[0], -y[1]

    y0 = (torch.ones(1).double(), torch.ones(2).double())
    fields = [Field(func, Layout.of(y0)) for _ in range(2)]
    for field, tight in zip(fields, (1e-4, 1e-11), strict=True):
        solve(field, y0, rtol=(tight, 1e-3), atol=(tight, 1e-3), solver="RK45")
    assert fields[1].nfe > 3 * fields[0].nfe


# What it refuses.


def test_a_gradient_is_refused_and_not_dropped():
    leaf = Y0.clone().requires_grad_()
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    for func, y0, t in (
        (swing, leaf, TIMES),
        (swing, Y0, TIMES.clone().requires_grad_()),
        (lambda t, y: weight * y, Y0, TIMES),
        (lambda t, y: weight * y if t > 1 else y, Y0, TIMES),
    ):
        with pytest.raises(ValueError, match="odeint_adjoint"):
            solve(func, y0, t)
        with torch.no_grad():
            assert not solve(func, y0, t).requires_grad
    with pytest.raises(ValueError, match="gradient"):
        torch.func.vmap(lambda y: solve(swing, y))(torch.stack([Y0, Y0]))


def test_a_complex_state_of_lsoda_is_refused():
    with pytest.raises(ValueError, match=r"no complex state.*DOP853"):
        solve(swing, Y0 + 0j)


def test_options_are_checked():
    with pytest.raises(ValueError, match=r"`solver` must be one of LSODA.*got 'dopri5'"):
        solve(swing, Y0, solver="dopri5")
    with pytest.raises(ValueError, match="`max_num_steps` must be positive; got 0"):
        solve(swing, Y0, max_num_steps=0)
    with pytest.warns(SolverWarning, match="no option step_size"):
        solve(swing, Y0, step_size=0.1)
    with pytest.raises(ValueError, match="at least one value"):
        solve(swing, torch.zeros(0))
    with pytest.raises(ValueError, match="shape"):
        solve(lambda t, y: y[:1], Y0)
    with pytest.raises(RuntimeError, match="in place"):
        solve(lambda t, y: y.mul_(2), Y0)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch):
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "scipy":
            raise ModuleNotFoundError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match="pip install scipy"):
        solve(swing, Y0)


# Failures.


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_singularity_is_told_with_the_time_reached(solver: str):
    """y' = y^2 from 2 has a pole at 1/2; LSODA itself would stand before it for ever."""
    with pytest.raises(SolverError, match=rf"scipy's {solver} stopped at t=0\.") as caught:
        solve(lambda t, y: y * y, Y0, solver=solver)
    assert caught.value.t == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("start", [0.0, 1.0])
@pytest.mark.parametrize("solver", SOLVERS)
def test_nan_is_an_error(solver: str, start: float):
    def func(t: Tensor, y: Tensor) -> Tensor:
        return torch.where(t >= 1.0, math.nan, torch.ones_like(y))

    with pytest.raises(NonFiniteError, match="NaN or infinity") as caught:
        solve(func, Y0, TIMES + start, solver=solver)
    assert caught.value.t >= 1.0


def test_a_limit_on_steps():
    with pytest.raises(MaxStepsError, match="7 steps took scipy's LSODA from t=0 to t=0") as caught:
        solve(swing, Y0, max_num_steps=7)
    assert 0 < caught.value.t < 3


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_error_of_the_field_stays_its_own(solver: str):
    def func(t: Tensor, y: Tensor) -> Tensor:
        if t > 1:
            raise ValueError("mine")
        return swing(t, y)

    with pytest.raises(ValueError, match=r"^mine$"):
        solve(func, Y0, solver=solver)
