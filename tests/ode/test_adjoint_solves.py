"""The adjoint method: analytic products, methods of its own, states of every kind, callbacks, memory."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.ode import odeint, odeint_adjoint
from tests.ode.adjoint_fields import START, TIGHT, TIMES, Net, agree
from tests.ode.problems import vector

Field = Callable[..., Any]


# The protocol for analytic products.


class Analytic(Net):
    """As `Net`, with its vector-Jacobian products written out."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.grad_modes: set[bool] = set()

    def vjp(self, t: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, ...]:
        self.calls += 1
        self.grad_modes.add(torch.is_grad_enabled())
        f = torch.tanh(y @ self.weight + torch.sin(t) * self.bias)
        slope = a * (1 - f**2)
        return f, slope @ self.weight.T, torch.outer(y, slope), torch.sin(t) * slope


def test_an_analytic_vjp_is_used_and_agrees():
    results = []
    for func in (Net(), Analytic()):
        y0, t = START.clone().requires_grad_(), TIMES.clone().requires_grad_()
        loss = odeint_adjoint(func, y0, t, **TIGHT).pow(2).sum()
        func.nfe = 0
        loss.backward()
        results.append([y0.grad, t.grad, *(p.grad for p in func.parameters())])
        if isinstance(func, Analytic):
            assert func.calls > 20
            assert func.nfe <= len(TIMES)  # at the outputs, for the times' gradients
    agree(results[1], results[0], 1e-9)


def test_an_analytic_vjp_of_a_tuple():
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.p = nn.Parameter(vector(0.6))

        def forward(self, t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            return self.p * y[1], -y[0] * y[1]

    class WithProducts(Pair):
        def vjp(self, t: Tensor, y: tuple[Tensor, Tensor], a: tuple[Tensor, Tensor]) -> Any:
            d_y = (-a[1] * y[1], self.p * a[0] - a[1] * y[0])
            return self(t, y), d_y, a[0] * y[1]

    results = []
    for func in (Pair(), WithProducts()):
        y0 = (vector(1.0).requires_grad_(), vector(0.5).requires_grad_())
        u, v = odeint_adjoint(func, y0, TIMES, **TIGHT)
        results.append(torch.autograd.grad((u * v).sum(), (*y0, func.p)))
    agree(results[1], results[0], 1e-9)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_wrong_number_of_products_is_refused(count: int):
    class Wrong(Net):
        def vjp(self, t: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, ...]:
            return self(t, y), a, *[torch.zeros(3, 3).double()] * count

    y = odeint_adjoint(Wrong(), START, TIMES)
    with pytest.raises(ValueError, match=rf"each of 2 parameters; got {count}"):
        y[-1].sum().backward()


# Methods, states, modes.


@pytest.mark.parametrize(
    ("method", "adjoint_method", "options"),
    [
        ("dopri5", "rk4", {"step_size": 0.02}),
        ("dopri5", "tsit5", {}),
        ("rk4", "dopri8", {}),
        ("dopri5", "scipy_solver", {"solver": "DOP853"}),
        ("scipy_solver", "dopri5", {}),
        ("dopri5", "gl4", {"step_size": 0.05}),
        ("kencarp4", "kencarp4", {}),
        ("tsit5", "implicit_adams", {"step_size": 0.01, "max_order": 5, "max_iters": 20}),
        ("dopri5", "trbdf2", {"step_size": 0.002}),
    ],
)
def test_a_backward_method_of_its_own(method: str, adjoint_method: str, options: dict[str, Any]):
    forward = {"step_size": 0.02} if method == "rk4" else {}
    kwargs: dict[str, Any] = {"rtol": 1e-8, "atol": 1e-8, "method": method, "options": forward}
    if adjoint_method == "implicit_adams":
        kwargs.update(adjoint_rtol=1e-11, adjoint_atol=1e-11)
    results = []
    for interface, more in ((odeint, {"method": "dopri8", "rtol": 1e-11, "atol": 1e-11, "options": {}}), (None, {})):
        func, y0, t = Net(), START.clone().requires_grad_(), TIMES.clone().requires_grad_()
        if interface is None:
            y = odeint_adjoint(func, y0, t, **kwargs, adjoint_method=adjoint_method, adjoint_options=options)
        else:
            y = interface(func, y0, t, **more)
        results.append(torch.autograd.grad(y.pow(2).sum(), (y0, t, *func.parameters())))
    agree(results[1], results[0], 2e-6)


def test_callbacks_are_told_of_the_backward_steps():
    func, told = Net(), []
    for name in ("callback_step", "callback_accept_step", "callback_reject_step"):
        func.__dict__[name + "_adjoint"] = lambda t, y, h, name=name: told.append((name, float(t), float(h)))
    y = odeint_adjoint(func, START, TIMES, adjoint_options={"first_step": 0.9}, rtol=1e-8, atol=1e-8)
    assert not told
    y[-1].sum().backward()
    attempts = [entry for entry in told if entry[0] == "callback_step"]
    assert attempts[0][1:] == (1.0, 0.9)
    assert told[1][0] == "callback_reject_step"
    accepted = [h for name, _, h in told if name == "callback_accept_step"]
    assert sum(accepted) == pytest.approx(1.0)
    assert len(told) == 2 * len(attempts)


@pytest.mark.parametrize("state", ["tuple", "complex", "float32", "no axes", "empty"])
def test_states_of_every_kind(state: str):
    net = Net(torch.float32 if state == "float32" else torch.float64)
    w = vector(0.9).requires_grad_()
    cases: dict[str, tuple[Field, Any, Any]] = {
        "tuple": (lambda t, y: (net(t, y[0]), y[1] * y[0].sum()), (START, vector(0.5)), net.weight),
        "complex": (lambda t, y: 1j * w * y - y.abs() ** 2 * y, torch.complex(START, START.flip(0)), w),
        "float32": (net, START.float(), net.weight),
        "no axes": (lambda t, y: -w[0] * y, torch.tensor(0.5).double(), w),
        "empty": (lambda t, y: -w * y, torch.zeros(0).double(), w),
    }
    func, start, parameter = cases[state]
    single = state == "float32"
    tolerances: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5} if single else TIGHT
    results = []
    for interface in (odeint, odeint_adjoint):
        leaves = [x.clone().requires_grad_() for x in (start if isinstance(start, tuple) else (start,))]
        y = interface(func, tuple(leaves) if isinstance(start, tuple) else leaves[0], TIMES, **tolerances)
        loss = sum((one * one.conj()).real.sum() + one.real.sum() for one in (y if isinstance(y, tuple) else (y,)))
        assert isinstance(loss, Tensor)
        results.append(torch.autograd.grad(loss, (*leaves, parameter)))
    assert all(one.dtype == other.dtype for one, other in zip(*results, strict=True))
    agree(results[1], results[0], 1e-3 if single else 1e-6)


def test_backward_twice():
    func, y0 = Net(), START.clone().requires_grad_()
    loss = odeint_adjoint(func, y0, TIMES, **TIGHT)[-1].sum()
    loss.backward(retain_graph=True)
    assert y0.grad is not None
    once = y0.grad.clone()
    loss.backward()
    assert torch.equal(y0.grad, 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


# Memory.


def saved(interface: Callable[..., Any], count: int) -> int:
    """Values that the graph of a solve of `count` steps keeps."""
    storages: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        storages[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes() // x.element_size()
        return x

    net, options = Net(), {"step_size": 1.0 / count}
    y0 = torch.ones(50, 3, dtype=torch.float64).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        y = interface(net, y0, vector(0, 1), method="rk4", options=options)
        assert y.requires_grad
    return sum(storages.values())


def test_memory_against_the_number_of_steps():
    few, many = saved(odeint_adjoint, 10), saved(odeint_adjoint, 160)
    assert many == few
    few, many = saved(odeint, 10), saved(odeint, 160)
    assert 12 < many / few < 17
