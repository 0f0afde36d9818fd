"""The adjoint method: which tensors it finds, what a backward solve costs, and what it takes in memory."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.ode import odeint, odeint_adjoint
from tests.ode.adjoint_fields import START, TIGHT, TIMES, Net, agree
from tests.ode.problems import vector

Field = Callable[..., Any]


class Decay(nn.Module):
    """y' = -rate y, evaluations counted."""

    def __init__(self, rate: float = 0.8) -> None:
        super().__init__()
        self.rate = nn.Parameter(vector(rate))
        self.nfe = 0

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        self.nfe += 1
        return -self.rate * y


# Tensors that func uses.


def captured(kind: str) -> tuple[Field, Tensor, Tensor]:
    """A field y' = -rate y with a rate of 0.8 from somewhere, the leaf behind it, and d rate / d leaf."""
    if kind == "leaf":
        leaf = vector(0.8).requires_grad_()
        return lambda t, y: -leaf * y, leaf, vector(1)
    if kind == "default":
        leaf = vector(0.8).requires_grad_()
        return lambda t, y, rate=leaf: -rate * y, leaf, vector(1)
    if kind == "computed":
        leaf = vector(math.log(0.8)).requires_grad_()
        rate = leaf.exp()
        return lambda t, y: -rate * y, leaf, vector(0.8)
    if kind == "method":
        decay = Decay()
        return decay.forward, decay.rate, vector(1)
    assert kind == "buffer"
    leaf, module = vector(0.5).requires_grad_(), nn.Module()
    module.register_buffer("rest", vector(0.3))
    return lambda t, y: -(leaf + module.get_buffer("rest")) * y, leaf, vector(1)


KINDS = ["leaf", "default", "computed", "method", "buffer"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_func_captures_is_found(kind: str):
    func, leaf, chain = captured(kind)
    odeint_adjoint(func, vector(1.0), TIMES, **TIGHT)[-1].sum().backward()
    assert leaf.grad is not None
    assert torch.allclose(leaf.grad, -math.exp(-0.8) * chain, rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [(), "another"])
def test_what_func_captures_must_be_among_the_params_given(kind: str, given: Any):
    func, leaf, _ = captured(kind)
    params = (vector(1).requires_grad_(),) if given else ()
    with pytest.raises(ValueError, match=r"1 tensor\(s\).*not among the parameters given"):
        odeint_adjoint(func, vector(1.0), TIMES, adjoint_params=params)
    odeint_adjoint(func, vector(1.0), TIMES, **TIGHT, adjoint_params=(leaf, *params))[-1].sum().backward()
    assert leaf.grad is not None
    assert all(torch.equal(param.grad, torch.zeros(1).double()) for param in params if param.grad is not None)


@pytest.mark.parametrize("given", [None, ()])
def test_a_tensor_used_late_alone_is_refused_when_it_would_be_lost(given: Any):
    leaf = vector(0.8).requires_grad_()

    def func(t: Tensor, y: Tensor) -> Tensor:
        return -leaf * y if float(t) > 0.5 else -y

    y0 = vector(1.0).requires_grad_()
    y = odeint_adjoint(func, y0, TIMES, rtol=1e-5, atol=1e-5, adjoint_params=given)
    with pytest.raises(ValueError, match="not use at the start"):
        y[-1].sum().backward()
    named = odeint_adjoint(func, y0, TIMES, **TIGHT, options={"jump_t": [0.5]}, adjoint_params=(leaf,))
    named[-1].sum().backward()
    assert leaf.grad is not None
    assert float(leaf.grad) == pytest.approx(-0.5 * math.exp(-0.9), rel=1e-8)


def test_frozen_and_unused_parameters():
    class Several(Decay):
        def __init__(self) -> None:
            super().__init__()
            self.frozen = nn.Parameter(vector(2), requires_grad=False)
            self.unused = nn.Parameter(torch.ones(2, 2, dtype=torch.float64))

        def forward(self, t: Tensor, y: Tensor) -> Tensor:
            return -self.rate * self.frozen * y

    func = Several()
    odeint_adjoint(func, vector(1.0), TIMES, **TIGHT)[-1].sum().backward()
    assert func.frozen.grad is None
    assert func.unused.grad is not None
    assert torch.equal(func.unused.grad, torch.zeros(2, 2).double())
    assert float(func.rate.grad or 0) == pytest.approx(-2 * math.exp(-1.6), rel=1e-8)


@pytest.mark.parametrize("ignores", ["y", "t", "both", "parameters"])
def test_fields_that_ignore_something(ignores: str):
    p = vector(0.7).requires_grad_()
    func: Field = {
        "y": lambda t, y: p * torch.cos(t) * torch.ones_like(y),
        "t": lambda t, y: -p * y,
        "both": lambda t, y: p * torch.ones_like(y),
        "parameters": lambda t, y: torch.ones_like(y),
    }[ignores]
    results = []
    for interface in (odeint, odeint_adjoint):
        y0, t = vector(1.0).requires_grad_(), TIMES.clone().requires_grad_()
        y = interface(func, y0, t, **TIGHT)
        results.append(torch.autograd.grad(y.pow(2).sum(), (y0, t, p), materialize_grads=True, allow_unused=True))
    agree(results[1], results[0], 1e-6)


# Outputs.


def cost(count: int, loss: Callable[[Tensor], Tensor], **kwargs: Any) -> int:
    """Evaluations of the backward solve over [0, 10] with `count` outputs."""
    func = Net()
    t = torch.linspace(0, 10, count, dtype=torch.float64)
    y = odeint_adjoint(func, START, t, rtol=1e-8, atol=1e-8, **kwargs)
    func.nfe = 0
    loss(y).backward()
    return func.nfe


def test_outputs_that_the_loss_does_not_use_cost_nothing():
    last = cost(2, lambda y: y[-1].sum())
    assert cost(100, lambda y: y[-1].sum()) == last
    assert cost(100, lambda y: y.sum()) > last
    assert cost(101, lambda y: y[50].sum()) < 0.75 * last  # begins there
    assert cost(100, lambda y: y[0].sum()) == 0
    assert cost(100, lambda y: (0 * y).sum()) == 0


def test_losses_on_some_outputs_are_right():
    for chosen in ([0], [3], [1, 4], [0, 2, 5], list(range(6))):
        results = []
        for interface in (odeint, odeint_adjoint):
            func, y0, t = Net(), START.clone().requires_grad_(), torch.linspace(0, 2, 6).double().requires_grad_()
            loss = interface(func, y0, t, **TIGHT)[chosen].pow(2).sum()
            wanted = (y0, t, *func.parameters())
            results.append(torch.autograd.grad(loss, wanted, materialize_grads=True, allow_unused=True))
        agree(results[1], results[0], 1e-6)


def test_seminorm_is_right_and_no_dearer():
    default = cost(20, lambda y: y[-1].pow(2).sum())
    assert cost(20, lambda y: y[-1].pow(2).sum(), adjoint_options={"norm": "seminorm"}) <= default
    results = []
    for options in ({}, {"norm": "seminorm"}):
        func, y0 = Net(), START.clone().requires_grad_()
        odeint_adjoint(func, y0, TIMES, **TIGHT, adjoint_options=options).pow(2).sum().backward()
        results.append([y0.grad, *(p.grad for p in func.parameters())])
    agree(results[1], results[0], 1e-8)


@pytest.mark.parametrize("is_tuple", [False, True])
def test_a_norm_sees_zero_states_adjoints_parameters(is_tuple: bool):
    """(0, y, a, *parameters' gradients), and decides: one that counts y alone takes another number of steps."""
    seen = []

    def norm(parts: tuple[Tensor, ...]) -> Tensor:
        seen.append(parts)
        return torch.stack([part.abs().max() for part in parts if part.numel()]).max()

    net = Net()
    func: Field = (lambda t, y: (net(t, y[0]), -y[1])) if is_tuple else net
    y0 = (START, vector(1.0)) if is_tuple else START
    y = odeint_adjoint(func, y0, TIMES, adjoint_options={"norm": norm}, adjoint_params=tuple(net.parameters()))
    (y[0] if is_tuple else y)[-1].sum().backward()
    shapes = [(), (3,), (1,), (3,), (1,)] if is_tuple else [(), (3,), (3,)]
    assert all([tuple(part.shape) for part in parts] == [*shapes, (3, 3), (3,)] for parts in seen)
    assert all(float(parts[0]) == 0 for parts in seen)
