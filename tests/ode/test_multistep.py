"""Adams' methods: exact weights, measured orders, unequal steps, gradients, and warnings."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.ode.adams_weights import bashforth, exact_weights, moulton, weights_at
from core.ode.dense import sample
from core.ode.errors import NonFiniteError, SolverWarning
from core.ode.fixed_grid import FixedOptions, grid_steps
from core.ode.methods import find_method, prepare

METHODS = ["explicit_adams", "implicit_adams"]
MATRIX = torch.tensor([[-0.3, 0.8, 0.1], [-0.7, 0.2, 0.4], [0.3, -0.5, -0.4]], dtype=torch.float64)
Y0 = torch.tensor([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0]], dtype=torch.float64)


def net(t: Tensor, y: Tensor) -> Tensor:
    return torch.tanh(y @ MATRIX.to(y.dtype) + 0.5 * torch.cos(2 * t)) - 0.3 * y


def solve(func: Any, y0: Any, t: Tensor, method: str, options: Any = None, rtol: Any = 1e-4, **kwargs: Any) -> Any:
    """The states on the grid t (N,), each tensor (N, *shape), and how many times func was asked."""
    wants = t.requires_grad and torch.is_grad_enabled()
    first = t[0] if wants else float(t[0])
    setup = prepare(func, y0, first, find_method(method), rtol, kwargs.pop("atol", rtol), options, **kwargs)
    assert isinstance(setup.options, FixedOptions)
    rest: Any = {"watch": False, "callbacks": setup.callbacks, "statistics": setup.statistics}
    run = grid_steps(setup.stepper, t, setup.y, setup.k, perturb=setup.options.perturb, **rest)
    states: list[Any] = [setup.stepper.to_state(y) for y in (setup.y, *(step.y1 for step in run))]
    if isinstance(y0, tuple):
        return tuple(torch.stack(pieces) for pieces in zip(*states, strict=True)), setup.field.nfe
    return torch.stack(states), setup.field.nfe


def grid(count: int, start: float = 0.0, end: float = 1.0) -> Tensor:
    return torch.linspace(start, end, count + 1, dtype=torch.float64)


# Weights.


def test_known_weights():
    assert bashforth(1) == moulton(1) == (1,)
    assert bashforth(2) == (Fraction(3, 2), Fraction(-1, 2))
    assert bashforth(3) == tuple(Fraction(n, 12) for n in (23, -16, 5))
    assert bashforth(4) == tuple(Fraction(n, 24) for n in (55, -59, 37, -9))
    assert moulton(2) == (Fraction(1, 2), Fraction(1, 2))
    assert moulton(3) == tuple(Fraction(n, 12) for n in (5, 8, -1))
    assert moulton(4) == tuple(Fraction(n, 24) for n in (9, 19, -5, 1))


@pytest.mark.parametrize("slopes", range(1, 13))
def test_weights_integrate_polynomials(slopes: int):
    """Exactly the powers below m, and not the next: that is what order m means."""
    for weights, nodes in ((bashforth(slopes), range(0, -slopes, -1)), (moulton(slopes), range(1, 1 - slopes, -1))):
        moments = [sum(w * x**n for w, x in zip(weights, nodes, strict=True)) for n in range(slopes + 1)]
        assert moments[:-1] == [Fraction(1, n + 1) for n in range(slopes)]
        assert moments[-1] != Fraction(1, slopes + 1)


@pytest.mark.parametrize("first", [0, 1], ids=["bashforth", "moulton"])
def test_weights_in_floats_keep_all_digits(first: int):
    gaps = [Fraction(n, 8) for n in (5, 13, 8, 3, 11, 16, 7, 2, 9, 12, 6)]
    nodes = [Fraction(first), Fraction(0)] if first else [Fraction(0)]
    while len(nodes) < 12:
        nodes.append(nodes[-1] - gaps[len(nodes) - 1])
    for count in range(1, 13):
        exact = np.array(exact_weights(nodes[:count]), np.float64)
        floats = np.array(nodes[:count], np.float64)
        np.testing.assert_allclose(weights_at(floats), exact, rtol=1e-13)
        np.testing.assert_allclose(weights_at(torch.from_numpy(floats)).numpy(), exact, rtol=1e-13)


def test_weights_are_differentiable():
    nodes = torch.tensor([0.0, -0.8, -2.1, -2.9], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: weights_at(x), [nodes])


# Orders.


def exact(t: float) -> Tensor:
    """Of y' = (1 + t / 2) y, with all derivatives positive: errors cannot cancel, and so show their order."""
    return torch.tensor([math.exp(t + t * t / 4)], dtype=torch.float64)


def field(t: Tensor, y: Tensor) -> Tensor:
    return y * (1 + t / 2)


def graded(count: int) -> Tensor:
    """From a step of 0.5 / count, growing smoothly to three times that, and back."""
    s = grid(count)
    return 2 * (s - 0.5 * torch.sin(2 * math.pi * s) / (2 * math.pi))


def alternating(count: int) -> Tensor:
    """Steps of 2/3 and 4/3 in turn, over `count` / 2: no history of these is of equal steps."""
    steps = torch.tensor([2 / 3, 4 / 3], dtype=torch.float64).repeat(count // 2) * 2 / count
    return torch.cat([torch.zeros(1, dtype=torch.float64), steps.cumsum(0)])


GRIDS: list[Callable[[int], Tensor]] = [lambda count: grid(count, end=2.0), graded, alternating]
grid_ids = ["equal", "graded", "alternating"]


def measured_order(error: Callable[[int], float], count: int) -> float:
    return math.log2(error(count) / error(2 * count))


@pytest.mark.parametrize("make", GRIDS, ids=grid_ids)
@pytest.mark.parametrize(("method", "max_order"), [("explicit_adams", 5), ("implicit_adams", 4)])
def test_order_four(method: str, max_order: int, make: Callable[[int], Tensor]):
    def error(count: int) -> float:
        t = make(count)
        states, _ = solve(field, exact(0.0), t, method, {"max_order": max_order, "max_iters": 20}, rtol=1e-14)
        return float((states[-1] - exact(float(t[-1]))).abs())

    assert measured_order(error, 160) == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("make", GRIDS, ids=grid_ids)
@pytest.mark.parametrize("max_order", [4, 6, 8])
@pytest.mark.parametrize("method", METHODS)
def test_order_from_an_exact_start(method: str, max_order: int, make: Callable[[int], Tensor]):
    """The first slopes from the exact solution: then the formula's own order shows, max_order or one less."""

    def error(count: int) -> float:
        t = make(count).tolist()
        options = {"max_order": max_order, "max_iters": 20}
        setup = prepare(field, exact(0.0), 0.0, find_method(method), 1e-15, 1e-15, options)
        stepper = setup.stepper
        y1 = np.zeros(1)
        for i in range(len(t) - 1):
            y = exact(t[i]).numpy() if i < max_order else y1
            y1 = stepper.step(t[i], t[i + 1] - t[i], t[i + 1], y, stepper.derivative(t[i], y))
        return float(np.abs(y1 - exact(t[-1]).numpy())[0])

    order = max_order - (method == "explicit_adams")
    count = {3: 160, 4: 160, 5: 160, 6: 80, 7: 120, 8: 60}[order]  # before rounding shows
    assert measured_order(error, count) == pytest.approx(order, abs=0.25 if order > 6 else 0.12)


@pytest.mark.parametrize("method", METHODS)
def test_a_higher_order_is_more_accurate(method: str):
    t = grid(200, end=2.0)
    errors = []
    for max_order in (4, 5, 6):
        states, _ = solve(field, exact(0.0), t, method, {"max_order": max_order, "max_iters": 20}, rtol=1e-14)
        errors.append(float((states[-1] - exact(2.0)).abs()))
    assert errors[0] > 5 * errors[1]
    assert errors[2] < 5 * errors[1]  # the start's error remains


@pytest.mark.parametrize("method", METHODS)
def test_times_far_apart_after_close_together(method: str):
    """Polynomials through crowded slopes would be useless far ahead: the history is cut instead."""
    t = torch.cat([torch.zeros(1), torch.logspace(-6, math.log10(2), 60)]).double()
    states, _ = solve(field, exact(0.0), t, method, {"max_iters": 20})
    torch.testing.assert_close(states[-1], exact(float(t[-1])), rtol=2e-2, atol=0)
    few = torch.tensor([0.0, 0.001, 0.01, 0.1, 0.4, 0.8], dtype=torch.float64)
    states, _ = solve(field, exact(0.0), few, method, {"max_iters": 20})
    torch.testing.assert_close(states[-1], exact(0.8), rtol=2e-2, atol=0)


def test_rounded_times_count_as_equal_steps():
    late = solve(net, Y0.float(), torch.linspace(3, 4, 41), "implicit_adams", rtol=1e-5)[0]
    shifted = solve(lambda t, y: net(t + 3, y), Y0.float(), torch.linspace(0, 1, 41), "implicit_adams", rtol=1e-5)[0]
    torch.testing.assert_close(late, shifted, rtol=1e-5, atol=1e-5)


# Interface.


@pytest.mark.parametrize("make", GRIDS, ids=grid_ids)
@pytest.mark.parametrize("method", METHODS)
def test_tensors_take_the_arrays_steps(method: str, make: Callable[[int], Tensor]):
    for t in (make(20), make(20).flip(0)):
        arrays, nfe = solve(net, Y0, t, method, {"max_order": 6})
        tensors, nfe_tensors = solve(net, Y0, t, method, {"max_order": 6}, force_tensors=True)
        torch.testing.assert_close(tensors, arrays, rtol=1e-13, atol=1e-14)
        assert nfe == nfe_tensors


def test_evaluations():
    assert solve(net, Y0, grid(20), "explicit_adams")[1] == 2 * 4 + 18
    iterations = solve(net, Y0, grid(20), "implicit_adams", {"max_iters": 7}, rtol=1e-3)[1] - (2 * 4 + 18)
    assert 18 <= iterations <= 2 * 18


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.complex128])
def test_precisions_and_tuples(method: str, dtype: torch.dtype):
    rtol = 1e-4
    whole = solve(net, Y0.to(dtype), grid(40), method, {"max_order": 5}, rtol=rtol)[0]
    assert whole.dtype == dtype
    torch.testing.assert_close(
        whole.real.double(), solve(net, Y0, grid(40), method, {"max_order": 5}, rtol)[0], rtol=0, atol=1e-5
    )

    def parts(t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return net(t, y[0]), net(t, y[1])

    for force in (False, True):
        y0 = (Y0[0].to(dtype), Y0[1:].to(dtype))
        upper, lower = solve(parts, y0, grid(40), method, {"max_order": 5}, rtol=rtol, force_tensors=force)[0]
        torch.testing.assert_close(torch.cat([upper[:, None], lower], 1), whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("force_tensors", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_between_grid_points(method: str, force_tensors: bool):
    t = grid(20, end=2.0)
    options = {"max_order": 5, "interp": "cubic"}
    setup = prepare(field, exact(0.0), 0.0, find_method(method), 1e-4, 1e-4, options, force_tensors=force_tensors)
    rest: Any = {"watch": False, "callbacks": setup.callbacks, "statistics": setup.statistics}
    for step in grid_steps(setup.stepper, t, setup.y, setup.k, perturb=False, **rest):
        times = [step.t0 + theta * (step.t1 - step.t0) for theta in (0.3, 0.8)]
        middle = torch.as_tensor(sample(setup.stepper, step, times, "cubic"))
        torch.testing.assert_close(middle, torch.stack([exact(time) for time in times]), rtol=3e-3, atol=0)


# Gradients.


@pytest.mark.parametrize("make", GRIDS, ids=grid_ids)
@pytest.mark.parametrize("method", METHODS)
def test_gradients(method: str, make: Callable[[int], Tensor]):
    options = {"max_order": 5, "max_iters": 3}

    def last_two(y0: Tensor, matrix: Tensor, t: Tensor) -> Tensor:
        return solve(lambda s, y: torch.tanh(y @ matrix + torch.cos(s)), y0, t, method, options, rtol=1e-2)[0][-2:]

    inputs = [x.clone().requires_grad_() for x in (Y0[0], MATRIX, make(8))]
    assert torch.autograd.gradcheck(last_two, inputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_of_the_last_time_is_the_slope_there(method: str, dtype: torch.dtype):
    """dy(t)/dt = f: to the formula's accuracy, since its weights know the step."""
    t = grid(40, end=2.0).requires_grad_()
    state = solve(field, exact(0.0).to(dtype), t, method, {"max_order": 5}, rtol=1e-6)[0][-1]
    assert state.dtype == dtype
    (gradient,) = torch.autograd.grad(state.sum(), t)
    slope = float(exact(2.0)) * 2.0
    assert float(gradient[-1]) == pytest.approx(slope, rel=1e-3)


# Failures.


@pytest.mark.parametrize("force_tensors", [False, True])
def test_a_corrector_that_does_not_converge_warns_once(force_tensors: bool):
    y0 = torch.ones(2, dtype=torch.float64)
    with pytest.warns(SolverWarning, match=r"did not converge in the step from t=0\.2 by h=0\.1.*kencarp4") as caught:
        solve(lambda t, y: -3 * y, y0, grid(10), "implicit_adams", {"max_iters": 2}, force_tensors=force_tensors)
    assert len(caught) == 1


def test_a_zero_increment_has_converged():
    solve(lambda t, y: torch.zeros_like(y), Y0, grid(5), "implicit_adams", atol=0.0)
    solve(lambda t, y: torch.zeros_like(y), Y0, grid(5), "implicit_adams", atol=0.0, force_tensors=True)


@pytest.mark.parametrize("method", METHODS)
def test_nan_is_an_error_alone(method: str):
    with pytest.raises(NonFiniteError, match=r"t=0\.[56]"):
        solve(lambda t, y: torch.where(t > 0.55, math.nan, y), Y0, grid(10), method)


def test_options_are_checked():
    for options in ({"max_order": 13}, {"max_order": 0}, {"max_iters": 0}):
        with pytest.raises(ValueError, match=next(iter(options))):
            solve(net, Y0, grid(5), "implicit_adams", options)
    with pytest.raises(TypeError, match="whole number"):
        solve(net, Y0, grid(5), "implicit_adams", {"max_order": 4.5})
    with pytest.warns(SolverWarning, match="one of rk4"):
        states, _ = solve(net, Y0, grid(5), "implicit_adams", {"max_order": 3})
    torch.testing.assert_close(states, solve(net, Y0, grid(5), "rk4")[0], rtol=0, atol=0)
