"""Derivatives beyond back-propagation: forward mode, torch.func, and second derivatives; right, or refused."""

import math
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad

from core.ode import ADAPTIVE, METHODS, odeint, odeint_adjoint, odeint_checkpointed, odeint_dense, solve
from tests.ode.problems import vector

# torch 2.13 itself, on the first use of these transforms
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script.:DeprecationWarning")

Y0 = vector(1.0, 0.5)
PARAMS = vector(0.7, -0.4)
TIMES = vector(0.1, 0.43, 1.0)
EXPLICIT = [name for name, method in METHODS.items() if not method.implicit and name != "fixed_adams"]
IMPLICIT = [name for name, method in METHODS.items() if method.implicit]

Function = Callable[[Tensor], Tensor]


def field(p: Tensor, late: bool = False) -> Callable[[Tensor, Tensor], Tensor]:
    """With parameters (2,), which come into play after 0.5 only where `late`."""

    def func(t: Tensor, y: Tensor) -> Tensor:
        if late and float(t) <= 0.5:
            return torch.cos(3 * t) * torch.ones_like(y)
        return torch.tanh(p[0] * y.flip(-1)) + p[1] * torch.sin(3 * t) * y

    return func


def settings(name: str) -> dict[str, Any]:
    if name in ADAPTIVE:
        tolerance = {"adaptive_heun": 1e-6, "fehlberg2": 1e-6, "bosh3": 1e-7}.get(name, 1e-9)
        return {"method": name, "rtol": tolerance, "atol": tolerance, "options": {"jump_t": [0.5]}}
    options = {"step_size": 0.13, **({"max_iters": 30} if name in ("implicit_adams", "fixed_adams") else {})}
    return {"method": name, "options": options, "rtol": 1e-13, "atol": 1e-13}


OF = ["y0", "t", "parameters", "parameters used late"]


def solution(of: str, interface: Callable[..., Any] = odeint, **kwargs: Any) -> tuple[Function, Tensor]:
    """The states as a function of one argument, and its value."""
    functions: dict[str, tuple[Function, Tensor]] = {
        "y0": (lambda y0: interface(field(PARAMS), y0, TIMES, **kwargs), Y0),
        "t": (lambda t: interface(field(PARAMS), Y0, t, **kwargs), TIMES),
        "parameters": (lambda p: interface(field(p), Y0, TIMES, **kwargs), PARAMS),
        "parameters used late": (lambda p: interface(field(p, late=True), Y0, TIMES, **kwargs), PARAMS),
    }
    return functions[of]


def difference(function: Function, at: Tensor, along: Tensor, eps: float = 1e-5) -> Tensor:
    with torch.no_grad():
        return (function(at + eps * along) - function(at - eps * along)) / (2 * eps)


def tangent(function: Function, at: Tensor, along: Tensor) -> Tensor | None:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(function(forward_ad.make_dual(at, along))).tangent


def direction(x: Tensor) -> Tensor:
    return torch.linspace(0.5, -0.3, len(x), dtype=x.dtype)


def closeness(name: str) -> dict[str, Any]:
    loose = 1e-3 if name in ("adaptive_heun", "fehlberg2", "bosh3") else 1e-5
    return {"rtol": loose, "atol": loose}


# Forward mode.


@pytest.mark.parametrize("of", OF)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "adaptive_heun" else name for name in EXPLICIT]
)
def test_forward_mode(name: str, of: str):
    function, at = solution(of, **settings(name))
    found = tangent(function, at, direction(at))
    assert found is not None, "the tangent was dropped in silence"
    eps = 1e-3 if closeness(name)["rtol"] > 1e-4 else 1e-5
    assert torch.allclose(found, difference(function, at, direction(at), eps), **closeness(name))


@pytest.mark.parametrize("of", OF)
@pytest.mark.parametrize("name", ["rk4", "dopri5"])
def test_jvp_and_jacobians(name: str, of: str):
    function, at = solution(of, **settings(name))
    wanted = difference(function, at, direction(at))
    with torch.no_grad():  # a transform is no less wanted under it
        jvp = torch.func.jvp(function, (at,), (direction(at),))[1]
    reverse, forward = torch.func.jacrev(function)(at), torch.func.jacfwd(function)(at)
    assert isinstance(reverse, Tensor)
    assert torch.allclose(jvp, wanted, **closeness(name))
    assert torch.allclose(reverse @ direction(at), wanted, **closeness(name))
    assert torch.allclose(forward, reverse, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("of", OF)
@pytest.mark.parametrize("name", [*IMPLICIT, "scipy_solver"])
def test_forward_mode_is_refused_by_implicit_methods(name: str, of: str):
    """Also where the tangent turns up on the way: it would be dropped, or lack the stages' part."""
    kwargs: dict[str, Any] = {"method": name} if name == "scipy_solver" else settings(name)
    function, at = solution(of, **kwargs)
    with pytest.raises((NotImplementedError, ValueError), match=r"reverse-mode gradients only|cannot carry"):
        tangent(function, at, direction(at))


@pytest.mark.parametrize("interface", [odeint_adjoint, odeint_checkpointed])
@pytest.mark.parametrize("of", OF)
def test_forward_mode_through_a_custom_backward_is_refused(interface: Callable[..., Any], of: str):
    """Or right, but not dropped."""
    function, at = solution(of, interface, **settings("dopri5"))
    try:
        found = tangent(function, at, direction(at))
    except (NotImplementedError, RuntimeError, ValueError):
        return
    assert found is not None, "the tangent was dropped in silence"
    assert torch.allclose(found, difference(function, at, direction(at)), **closeness("dopri5"))


@pytest.mark.parametrize("late", [False, True])
def test_forward_mode_through_dense_output_and_solve(late: bool):
    kwargs: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10, "options": {"jump_t": [0.5]}}

    def dense(p: Tensor) -> Any:
        return odeint_dense(field(p, late), Y0, 0.1, 1.0, **kwargs)(0.9)

    def end(p: Tensor) -> Any:
        return solve(field(p, late), Y0, 0.1, 1.0, **kwargs).y

    for function in (dense, end):
        found = tangent(function, PARAMS, direction(PARAMS))
        assert found is not None, "the tangent was dropped in silence"
        assert torch.allclose(found, difference(function, PARAMS, direction(PARAMS)), rtol=1e-5, atol=1e-6)


def test_vmap_is_right_or_refused():
    """Steps that follow the state cannot be shared by samples that vmap hides from the solver."""
    batch = torch.stack([Y0, -Y0, 2 * Y0])
    for name in ("rk4", "dopri5"):
        function, _ = solution("y0", **settings(name))
        try:
            found = torch.vmap(function)(batch)
        except (RuntimeError, ValueError) as error:
            assert "vmap" in str(error)  # noqa: PT017 # either outcome is right
            continue
        assert torch.allclose(found, torch.stack([function(y0) for y0 in batch]), rtol=1e-6, atol=1e-8)


# Second derivatives.


def bounded(func: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """`func`, which fails in a backward pass inside of backward passes: that would not end."""

    def look_and_call(t: Tensor, y: Tensor) -> Tensor:
        frame, depth = sys._getframe(), 0
        while frame is not None:
            depth += frame.f_code.co_name == "backward"
            frame = frame.f_back
        assert depth < 4, "the backward pass calls itself"
        return func(t, y)

    return look_and_call


def quadratic(name: str, interface: Callable[..., Any], **kwargs: Any) -> bool:
    """gradgradcheck with respect to y0, t and the parameters."""

    def final(y0: Tensor, t: Tensor, p: Tensor) -> Tensor:
        return interface(bounded(field(p)), y0, t, method=name, **kwargs)[-1]

    inputs = [x.clone().requires_grad_() for x in (Y0, TIMES, PARAMS)]
    accuracy: dict[str, Any] = {"eps": 1e-4, "atol": 1e-4} if name in ADAPTIVE else {}
    return torch.autograd.gradgradcheck(final, inputs, **accuracy, nondet_tol=1e-4)


@pytest.mark.parametrize("name", ["euler", "midpoint", "heun3", "rk4", "explicit_adams", "implicit_adams"])
def test_second_derivatives_of_fixed_steps(name: str):
    assert quadratic(name, odeint, options={"step_size": 0.16}, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["dopri5", "tsit5", "dopri8"])
def test_second_derivatives_with_error_control(name: str):
    assert quadratic(name, odeint, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["rk4", "dopri8"])
def test_second_derivatives_of_checkpointed_solves(name: str):
    options = {} if name in ADAPTIVE else {"step_size": 0.16}
    assert quadratic(name, odeint_checkpointed, options=options, rtol=1e-8, atol=1e-8)


def test_second_derivatives_by_the_adjoint():
    assert quadratic("dopri8", odeint_adjoint, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("interface", [odeint, odeint_adjoint, odeint_checkpointed])
def test_a_hessian_against_its_formula(interface: Callable[..., Any]):
    """y' = p y^2: y(1) = y0 / (1 - p y0)."""
    x = vector(0.5, 0.6).requires_grad_()  # y0, p

    def end() -> Tensor:
        return interface(bounded(lambda t, y: x[1] * y**2), x[:1], vector(0, 1), rtol=1e-10, atol=1e-10)[-1]

    (first,) = torch.autograd.grad(end().sum(), x, create_graph=True)
    y0, p = 0.5, 0.6
    rest = 1 - p * y0
    assert torch.allclose(first.detach(), vector(1 / rest**2, y0**2 / rest**2), rtol=1e-7)
    rows = torch.stack([torch.autograd.grad(one, x, retain_graph=True)[0] for one in first])
    mixed = 2 * y0 / rest**3
    assert torch.allclose(rows, torch.stack([vector(2 * p / rest**3, mixed), vector(mixed, 2 * y0**3 / rest**3)]))


@pytest.mark.parametrize("interface", [odeint, odeint_checkpointed, odeint_adjoint])
@pytest.mark.parametrize("name", IMPLICIT)
def test_second_derivatives_through_implicit_steps_are_refused(name: str, interface: Callable[..., Any]):
    """Never a constant where a derivative was asked for."""
    y0, p = Y0.clone().requires_grad_(), PARAMS.clone().requires_grad_()
    options = {} if name in ADAPTIVE else {"step_size": 0.2}
    y = interface(bounded(field(p)), y0, TIMES, method=name, options=options, rtol=1e-4, atol=1e-4)
    first = torch.autograd.grad(y[-1].sum(), (y0, p), create_graph=True)
    assert all(math.isfinite(float(one.sum().detach())) for one in first)
    with pytest.raises(NotImplementedError, match="differentiated once only"):
        torch.autograd.grad(first[0].sum() + first[1].sum(), (y0, p))
