"""Gradients against finite differences and exact formulas: with respect to y0, t and parameters, by every method."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.ode import ADAPTIVE, METHODS, odeint, odeint_adjoint, odeint_checkpointed, odeint_dense, solve
from tests.ode.problems import vector

Y0 = vector(1.0, -0.5)
PARAMS = vector(0.7, -0.4, 0.9)
TIMES = vector(0.1, 0.4, 0.9)

FIXED = [name for name in METHODS if name not in ADAPTIVE and name != "fixed_adams"]  # implicit_adams by another name
TOLERANCE = {"adaptive_heun": 1e-5, "fehlberg2": 1e-5, "bosh3": 1e-7, "kencarp4": 1e-6}
"""So that a solve takes a hundred steps at most; 1e-9 for the others."""

INTERFACES: list[Callable[..., Any]] = [odeint, odeint_adjoint, odeint_checkpointed]


def slow(names: Sequence[str], chosen: Callable[[str], bool]) -> list[Any]:
    """The names; the chosen ones are left out of the usual run."""
    return [pytest.param(name, marks=pytest.mark.slow) if chosen(name) else name for name in names]


by_interface = pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.__name__)


def field(p: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Nonlinear, dependent on time, with parameters (3,); also for complex states."""
    return lambda t, y: torch.sin(p[0] * y.flip(-1)) + p[1] * torch.cos(2 * t) * y - p[2] * y**2 / 4


def leaves(*values: Tensor) -> tuple[Tensor, ...]:
    return tuple(value.clone().requires_grad_() for value in values)


def solution(interface: Callable[..., Any], **kwargs: Any) -> Callable[..., Tensor]:
    """The states as a function of y0, t and the parameters."""
    return lambda y0, t, p: interface(field(p), y0, t, **kwargs)


def tight(name: str) -> dict[str, Any]:
    tolerance = TOLERANCE.get(name, 1e-9)
    return {"method": name, "rtol": tolerance, "atol": tolerance}


def fixed(name: str, **options: Any) -> dict[str, Any]:
    if name == "implicit_adams":
        options["max_iters"] = 30
    return {"method": name, "options": options, "rtol": 1e-13, "atol": 1e-13}


OPTIONS: list[dict[str, Any]] = [{}, {"step_size": 0.21}, {"step_size": 0.21, "interp": "cubic"}, {"perturb": True}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FIXED)
def test_fixed_steps(name: str, options: dict[str, Any]):
    """These are gradients of the computed solution, so they agree however long the steps."""
    assert torch.autograd.gradcheck(solution(odeint, **fixed(name, **options)), leaves(Y0, TIMES, PARAMS))


@pytest.mark.parametrize("name", ADAPTIVE)
def test_steps_with_error_control(name: str):
    """The steps that are chosen move with y0, t and the parameters; their gradient does not: a difference as small as
    the tolerance, over finite differences long enough for it."""
    accuracy: dict[str, Any] = {"eps": 1e-3, "atol": 1e-3} if name in TOLERANCE else {"eps": 1e-4, "atol": 1e-5}
    assert torch.autograd.gradcheck(solution(odeint, **tight(name)), leaves(Y0, TIMES, PARAMS), **accuracy)


@pytest.mark.slow
@pytest.mark.parametrize("name", ADAPTIVE)
def test_steps_prescribed(name: str):
    """With steps that nothing moves, the gradient is exact at any length."""
    options = {"first_step": 0.2, "min_step": 0.2, "max_step": 0.2, "norm": lambda y: torch.tensor(0.0)}
    kwargs: dict[str, Any] = {"method": name, "options": options, "rtol": 1e-13, "atol": 1e-13}
    assert torch.autograd.gradcheck(lambda y0, p: solution(odeint, **kwargs)(y0, TIMES, p), leaves(Y0, PARAMS))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rk4", "dopri5", "dopri8", "implicit_adams", "gl4", "trbdf2"])
def test_complex_states(name: str):
    kwargs = tight(name) if name in ADAPTIVE else fixed(name)
    complex_y0 = torch.complex(Y0, vector(0.3, 0.2))
    inputs = leaves(complex_y0, TIMES, torch.complex(PARAMS, vector(0.1, -0.2, 0.0)))
    assert torch.autograd.gradcheck(solution(odeint, **kwargs), inputs, eps=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["euler", "rk4", "explicit_adams", "dopri5", "tsit5", "trapezoid"])
def test_back_in_time(name: str):
    kwargs = tight(name) if name in ADAPTIVE else fixed(name)
    inputs = leaves(Y0, TIMES.flip(0), PARAMS)
    assert torch.autograd.gradcheck(solution(odeint, **kwargs), inputs, eps=1e-4, atol=1e-4)


# The adjoint: gradients of the exact solution, met as the solution meets it.


@pytest.mark.parametrize("name", slow(ADAPTIVE, lambda name: name in {"kencarp4", "adaptive_heun"}))
def test_adjoint_at_a_tight_tolerance(name: str):
    accuracy: dict[str, Any] = {"eps": 1e-3, "atol": 1e-3} if name in TOLERANCE else {"eps": 1e-4, "atol": 1e-5}
    kwargs = tight(name)
    assert torch.autograd.gradcheck(
        solution(odeint_adjoint, **kwargs), leaves(Y0, TIMES, PARAMS), nondet_tol=1e-3, **accuracy
    )


@pytest.mark.parametrize("name", ["dopri8", "tsit5"])
def test_adjoint_of_a_complex_state(name: str):
    complex_y0 = torch.complex(Y0, vector(0.3, 0.2))
    inputs = leaves(complex_y0, TIMES, torch.complex(PARAMS, vector(0.1, -0.2, 0.0)))
    assert torch.autograd.gradcheck(
        solution(odeint_adjoint, **tight(name)), inputs, eps=1e-4, atol=1e-5, nondet_tol=1e-5
    )


def gradient(interface: Callable[..., Any], t: Tensor = TIMES, **kwargs: Any) -> tuple[Tensor, ...]:
    """Of one loss of all outputs, with respect to y0, t and the parameters."""
    inputs = leaves(Y0, t, PARAMS)
    y = solution(interface, **kwargs)(*inputs)
    return torch.autograd.grad((y**2 * torch.arange(1.0, 7.0, dtype=y.dtype).reshape(3, 2)).sum(), inputs)


@pytest.fixture(scope="module")
def exact() -> tuple[Tensor, ...]:
    return gradient(odeint, method="dopri8", rtol=1e-13, atol=1e-13)


ORDERS = {"implicit_adams": 4, "explicit_adams": 4}


@pytest.mark.parametrize("name", slow(FIXED, lambda name: METHODS[name].implicit and name != "implicit_midpoint"))
def test_adjoint_with_fixed_steps_converges_at_the_methods_order(name: str, exact: tuple[Tensor, ...]):
    order = ORDERS.get(name, METHODS[name].tableau.order)
    long, short = {1: (0.01, 0.005), 2: (0.04, 0.02), 3: (0.04, 0.02), 4: (0.025, 0.0125)}.get(order, (0.1, 0.05))
    options = {"max_order": 5} if METHODS[name].adams else {}
    errors = []
    for h in (long, short):
        found = gradient(odeint_adjoint, **fixed(name, step_size=h, **options))
        errors.append(max(float((a - b).abs().max()) for a, b in zip(found, exact, strict=True)))
    assert errors[1] < errors[0] / 2 ** (order - 0.5)
    assert errors[1] < 0.03


# Times.


@by_interface
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_gradients_of_times_are_slopes(interface: Callable[..., Any], backward: bool):
    """dL/dt_i = dL/dy(t_i) f(t_i), and dL/dt0 = -a(t0) f(t0): y0 stays, all times behind move away."""
    times = TIMES.flip(0) if backward else TIMES
    y0, t, p = leaves(Y0, times, PARAMS)
    y = solution(interface, rtol=1e-11, atol=1e-11)(y0, t, p)
    weight = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)
    weight[0] = 0  # y(t0) = y0 however t0 moves
    a0, d_t = torch.autograd.grad((y * weight).sum(), (y0, t))
    f = torch.stack([field(PARAMS)(time, state) for time, state in zip(times, y.detach(), strict=True)])
    assert torch.allclose(d_t[1:], (weight * f).sum(1)[1:], rtol=1e-8, atol=1e-10)
    assert torch.allclose(d_t[0], -(a0 * f[0]).sum(), rtol=1e-8, atol=1e-10)


@by_interface
def test_times_of_an_autonomous_field_move_together(interface: Callable[..., Any]):
    t = vector(0.0, 0.5, 1.5).requires_grad_()
    y = interface(lambda t, y: -(y**3), Y0, t, rtol=1e-10, atol=1e-10)
    (d_t,) = torch.autograd.grad(y.sin().sum(), t)
    assert float(d_t.sum()) == pytest.approx(0, abs=1e-6)  # the dense output's slope is not as accurate as its value


@by_interface
def test_the_gradient_of_the_start_alone(interface: Callable[..., Any]):
    """y' = y from 1 at s: y(1) = exp(1 - s)."""
    s = vector(0.3).requires_grad_()
    t = torch.cat([s, vector(1.0)])
    y = interface(lambda t, y: y, vector(1.0), t, rtol=1e-10, atol=1e-10)
    (d_s,) = torch.autograd.grad(y[-1].sum(), s)
    assert float(d_s) == pytest.approx(-math.exp(0.7), rel=1e-8)


# Samples, precision, modes.


@by_interface
@pytest.mark.parametrize("name", slow(["rk4", "dopri5", "gl4", "kencarp4"], lambda name: METHODS[name].implicit))
def test_gradients_of_a_batch_add_up(interface: Callable[..., Any], name: str):
    """Those of parameters; each sample's y0 has its own."""
    batch = torch.stack([Y0, -Y0, vector(0.2, 0.4), vector(0.0, 1.0)])
    kwargs = fixed(name, step_size=0.05) if name not in ADAPTIVE else {"method": name, "rtol": 1e-7, "atol": 1e-7}

    def gradients(y0: Tensor) -> tuple[Tensor, ...]:
        inputs = leaves(y0, PARAMS)
        y = interface(field(inputs[1]), inputs[0], TIMES, **kwargs)
        return torch.autograd.grad((y**2).sum(), inputs)

    together, alone = gradients(batch), [gradients(one) for one in batch]
    closeness: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5} if name in ADAPTIVE else {"rtol": 1e-10, "atol": 1e-11}
    assert torch.allclose(together[0], torch.stack([one[0] for one in alone]), **closeness)
    assert torch.allclose(together[1], torch.stack([one[1] for one in alone]).sum(0), **closeness)


@by_interface
@pytest.mark.parametrize("name", ["rk4", "dopri5", "tsit5", "kencarp4", "implicit_midpoint"])
def test_single_precision(interface: Callable[..., Any], name: str, exact: tuple[Tensor, ...]):
    inputs = tuple(leaf.detach().float().requires_grad_() for leaf in (Y0, TIMES, PARAMS))
    kwargs: dict[str, Any] = (
        {"options": {"step_size": 0.02, "interp": "cubic"}} if name not in ADAPTIVE else {"rtol": 1e-5, "atol": 1e-5}
    )
    y = solution(interface, method=name, **kwargs)(*inputs)
    assert y.dtype == torch.float32
    found = torch.autograd.grad((y**2 * torch.arange(1.0, 7.0).reshape(3, 2)).sum(), inputs)
    for one, wanted in zip(found, exact, strict=True):
        assert one.dtype == torch.float32
        assert torch.allclose(one.double(), wanted, rtol=2e-3, atol=2e-3)


@by_interface
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", ["rk4", "dopri5", "radauIIA3"])
@pytest.mark.filterwarnings("ignore:the slope changes")
def test_no_gradient_where_none_is_wanted(interface: Callable[..., Any], mode: Callable[[], Any], name: str):
    inputs = leaves(Y0, TIMES, PARAMS)
    with mode():
        y = solution(interface, method=name)(*inputs)
    assert not y.requires_grad
    assert y.grad_fn is None
    wanted = solution(interface, method=name)(*inputs)
    assert wanted.requires_grad
    assert torch.equal(y, wanted.detach()) or torch.allclose(y, wanted.detach(), rtol=1e-12, atol=1e-14)


@by_interface
def test_no_gradient_where_nothing_requires_one(interface: Callable[..., Any]):
    assert not solution(interface)(Y0, TIMES, PARAMS).requires_grad


class Late(nn.Module):
    """A field whose parameter comes into play after a while, in a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.rate = nn.Parameter(vector(0.8))

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        return -self.rate * y if float(t) > 0.5 else torch.zeros_like(y)


@pytest.mark.parametrize("through", ["odeint", "odeint_dense", "solve", "odeint_checkpointed", "odeint_adjoint"])
def test_a_parameter_that_is_used_late(through: str):
    """y(1) = exp(-rate / 2): the solve begins on arrays, which cannot carry what turns up on the way."""
    func, options = Late(), {"jump_t": [0.5]}
    kwargs: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9, "options": options}
    if through == "odeint":
        end = odeint(func, vector(1.0), vector(0, 1), **kwargs)[-1]
    elif through == "odeint_checkpointed":
        end = odeint_checkpointed(func, vector(1.0), vector(0, 1), **kwargs)[-1]
    elif through == "odeint_adjoint":
        end = odeint_adjoint(func, vector(1.0), vector(0, 1), **kwargs)[-1]
    elif through == "odeint_dense":
        end = odeint_dense(func, vector(1.0), 0.0, 1.0, **kwargs)(1.0)
    else:
        end = solve(func, vector(1.0), 0.0, 1.0, **kwargs).y
    assert isinstance(end, Tensor)
    (found,) = torch.autograd.grad(end.sum(), func.rate)
    assert float(found) == pytest.approx(-0.5 * math.exp(-0.4), rel=1e-7)
