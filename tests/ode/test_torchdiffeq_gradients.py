"""Gradients by back-propagation and by the adjoint, and dense output, against torchdiffeq's."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.ode.against_torchdiffeq import (
    AGREE,
    CASES,
    FIXED,
    GROWTH,
    LOOSE,
    TIGHT,
    Case,
    Net,
    assert_agree,
    by_name,
    evenly,
    ours,
    passed,
    start,
    theirs,
    uneven,
)


def gradients(solve: Callable[..., Any], case: Case, t: Tensor, **kwargs: Any) -> tuple[Tensor, ...]:
    """Of a scalar of all outputs with respect to y0, t and the parameters."""
    func = case.build()
    leaves = [y.clone().requires_grad_() for y in (case.y0 if isinstance(case.y0, tuple) else (case.y0,))]
    t = t.clone().requires_grad_()
    states = solve(func, tuple(leaves) if isinstance(case.y0, tuple) else leaves[0], t, **kwargs)
    loss = torch.zeros((), dtype=torch.float64)  # not holomorphic: a complex state's conjugate takes part
    for out in states if isinstance(states, tuple) else (states,):
        generator = torch.Generator().manual_seed(out.ndim)
        weight = torch.randn(out.shape, generator=generator, dtype=torch.float64).to(out.dtype)
        loss = loss + (weight * out).abs().pow(2).sum() + (weight * out).real.sum()
    return torch.autograd.grad(loss, [*leaves, t, *func.parameters()])


def time_from_the_end(case: Case) -> int:
    """Where t stands in `gradients`, which ends with the parameters."""
    return 1 + len(list(case.build().parameters()))


@cache
def exact_gradients(name: str, backward: bool) -> tuple[Tensor, ...]:
    """Of the case at `passed(backward)`, by torchdiffeq as in `exact`."""
    return gradients(theirs.odeint, by_name(name), passed(backward), method="dopri5", rtol=1e-11, atol=1e-12)


GRADIENT_CASES = [CASES[0], CASES[2], CASES[3]]


@pytest.mark.parametrize("case", GRADIENT_CASES, ids=["tensor", "tuple", "complex"])
@pytest.mark.parametrize("options", [{}, {"step_size": 0.11}, {"step_size": 0.11, "interp": "cubic"}], ids=str)
@pytest.mark.parametrize("method", FIXED)
def test_gradients_of_fixed_steps(method: str, options: dict[str, Any], case: Case):
    t = evenly(0.0, 1.32, 13) if "adams" in method else uneven(count=12)
    kwargs: Any = {"method": method, "options": options, "rtol": 1e-3, "atol": 1e-4}
    mine, other = (list(gradients(package.odeint, case, t, **kwargs)) for package in (ours, theirs))
    if "adams" in method:
        # One point of the grid cannot move alone: the constants hold for equal steps.
        del mine[len(mine) - time_from_the_end(case)], other[len(other) - time_from_the_end(case)]
    assert_agree(tuple(mine), tuple(other), 1e-11 * GROWTH.get(method, 1))


@pytest.mark.parametrize("case", GRADIENT_CASES, ids=["tensor", "tuple", "complex"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ["bosh3", "dopri5", "dopri8"])
def test_gradients_of_adaptive_steps(method: str, backward: bool, case: Case):
    tol = TIGHT[method]
    mine = gradients(ours.odeint, case, passed(backward), method=method, rtol=tol, atol=tol)
    assert_agree(mine, exact_gradients(case.name, backward), AGREE * tol)


@pytest.mark.slow
@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=["tensor", "tuple"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("method", ["rk4", "bosh3", "dopri5", "dopri8"])
def test_gradients_by_the_adjoint(method: str, backward: bool, case: Case):
    tol = TIGHT.get(method, 1e-6)
    kwargs: Any = {"method": method, "rtol": tol, "atol": tol}
    if method == "rk4":
        kwargs["options"] = {"step_size": 0.02}
    t = passed(backward)
    mine, other = (gradients(package.odeint_adjoint, case, t, **kwargs) for package in (ours, theirs))
    assert_agree(mine, other, LOOSE * tol)
    if method != "rk4":
        assert_agree(mine, exact_gradients(case.name, backward), AGREE * tol)


ADJOINT_ARGUMENTS: list[dict[str, Any]] = [
    {"adjoint_rtol": 1e-9, "adjoint_atol": 1e-9},
    {"adjoint_method": "bosh3", "adjoint_rtol": 1e-7, "adjoint_atol": 1e-7},
    {"adjoint_method": "rk4", "adjoint_options": {"step_size": 0.02}},
    {"adjoint_options": {"norm": "seminorm"}},
    {"adjoint_options": {"max_step": 0.1}},
    {"options": {"max_step": 0.1}},
]


@pytest.mark.parametrize("arguments", ADJOINT_ARGUMENTS, ids=lambda arguments: "+".join(arguments))
@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=["tensor", "tuple"])
def test_arguments_of_the_adjoint(case: Case, arguments: dict[str, Any]):
    kwargs: Any = {"method": "dopri5", "rtol": 1e-8, "atol": 1e-8, **arguments}
    mine, other = (gradients(package.odeint_adjoint, case, passed(False), **kwargs) for package in (ours, theirs))
    assert_agree(mine, other, 1e-4)
    assert_agree(mine, exact_gradients(case.name, False), 1e-5)


@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=["tensor", "tuple"])
def test_a_norm_for_the_adjoint_sees_the_same_tensors(case: Case):
    """(t, y..., adjoint of y..., adjoint of the parameters...)"""
    shapes: list[set[Any]] = [set(), set()]
    for package, seen in zip((ours, theirs), shapes, strict=True):

        def norm(parts: tuple[Tensor, ...], seen: set[Any] = seen) -> Tensor:
            seen.add(tuple(part.shape for part in parts))
            return torch.stack([part.abs().max() for part in parts]).max()

        kwargs: Any = {"rtol": 1e-8, "atol": 1e-8, "adjoint_options": {"norm": norm}}
        gradients(package.odeint_adjoint, case, uneven(), **kwargs)
    assert len(shapes[0]) == 1
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("chosen", ["none", "one", "other"])
def test_adjoint_params(chosen: str):
    """A parameter that is not named gets no gradient; tensors of a plain function can be named."""
    results = []
    for package in (ours, theirs):
        net, extra = Net(), torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        params = {"none": (), "one": (net.weight,), "other": (extra,)}[chosen]
        y0 = start().requires_grad_()

        def func(t: Tensor, y: Tensor, net: Net = net, extra: Tensor = extra) -> Tensor:
            # Detached unless named: a tensor that torchdiffeq would silently leave out is no test of agreement.
            weight, bias = net.weight if chosen == "one" else net.weight.detach(), net.bias.detach()
            scale = extra if chosen == "other" else extra.detach()
            return torch.tanh(y @ weight + bias * t) - scale * y

        states = package.odeint_adjoint(func, y0, uneven(), rtol=1e-8, atol=1e-8, adjoint_params=params)
        states.pow(2).sum().backward()
        results.append((y0.grad, *(p.grad for p in params)))
    assert_agree(results[0], results[1], 1e-6)


def test_a_parameter_without_influence_gets_zeros_from_the_adjoint():
    for package in (ours, theirs):
        net = Net()
        net.unused = nn.Parameter(torch.ones(2, dtype=torch.float64))
        package.odeint_adjoint(net, start(), uneven(), rtol=1e-5, atol=1e-5)[-1].sum().backward()
        assert_agree(net.unused.grad, torch.zeros(2, dtype=torch.float64), 0)


def test_an_adjoint_method_of_its_own_needs_options_of_its_own():
    for package in (ours, theirs):
        with pytest.raises(ValueError, match="adjoint_options"):
            package.odeint_adjoint(
                Net(), start(), uneven(), method="dopri5", options={"max_step": 0.1}, adjoint_method="rk4"
            )


def adjoint_steps(package: Any) -> Iterator[tuple[Any, ...]]:
    """What `callback_step_adjoint` is called with."""
    net = Net()
    calls: list[tuple[Any, ...]] = []
    net.__dict__["callback_step_adjoint"] = lambda t0, y0, dt: calls.append((t0, y0, dt))
    y0 = start().requires_grad_()
    t = torch.tensor([0.0, 1.0], dtype=torch.float64)
    package.odeint_adjoint(net, y0, t, method="rk4", options={"step_size": 0.25})[-1].sum().backward()
    yield from calls


def test_callbacks_of_the_adjoint():
    mine, other = list(adjoint_steps(ours)), list(adjoint_steps(theirs))
    assert len(mine) == len(other) == 4
    for (t_mine, _, dt_mine), (t_other, _, dt_other) in zip(mine, other, strict=True):
        assert_agree((torch.as_tensor(t_mine), torch.as_tensor(dt_mine)), (t_other, dt_other), 1e-12)


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_an_adjoint_without_parameters(backward: bool):
    results = []
    for package in (ours, theirs):
        y0 = start().requires_grad_()
        t = uneven().flip(0) if backward else uneven()
        states = package.odeint_adjoint(lambda t, y: torch.sin(y) - t, y0, t, rtol=1e-8, atol=1e-8, adjoint_params=())
        states[-1].sum().backward()
        results.append(y0.grad)
    assert_agree(results[0], results[1], 1e-6)


def test_dense_output():
    """torchdiffeq's takes one time at a time, forward only."""
    y0, t0, t1 = start(), torch.tensor(0.0).double(), torch.tensor(1.5).double()
    with torch.no_grad():
        mine, other = (package.odeint_dense(Net(), y0, t0, t1, rtol=1e-8, atol=1e-8) for package in (ours, theirs))
        for time in torch.tensor([0.01, 0.4, 1.1, 1.49], dtype=torch.float64):
            assert_agree(mine(time), other(time), 1e-6)
