"""ODE blocks: against the solver itself and torchdiffeq, with their gradients."""

from typing import Any

import pytest
import torch
from torch import nn

from core.nn.odenet import ConvField, ODEBlock, ODENet, Solver, TimeField, odenet_cifar, seeded_linear
from core.nn.resnet import resnet_cifar
from core.nn.stages import count_parameters
from core.ode import odeint


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(count: int = 5) -> torch.Tensor:
    return torch.randn(count, 2, generator=seeded(9))


@pytest.mark.parametrize("augment", [0, 3])
def test_a_block_is_the_end_of_a_solution(augment: int):
    torchdiffeq = pytest.importorskip("torchdiffeq")
    field, x = TimeField(2 + augment, 16, seeded()), points()
    block = ODEBlock(field, augment, Solver(rtol=1e-5, atol=1e-5))
    z0 = torch.cat([x, torch.zeros(5, augment)], dim=1)
    t = torch.tensor([0.0, 1.0])
    end = block(x)
    torch.testing.assert_close(end, odeint(field, z0, t, rtol=1e-5, atol=1e-5)[-1])
    torch.testing.assert_close(end, torchdiffeq.odeint(field, z0, t, rtol=1e-6, atol=1e-7)[-1], rtol=1e-3, atol=1e-4)


def test_evaluations_are_counted_anew_for_each_call():
    calls = 0

    class Counted(torch.nn.Module):
        def forward(self, t, z):
            nonlocal calls
            calls += 1
            return -z

    block = ODEBlock(Counted())
    for _ in range(2):
        calls = 0
        block(points())
        assert block.nfe == calls > 0


def test_the_path_starts_at_the_input_with_zeros_appended():
    block = ODEBlock(TimeField(4, 8, seeded()), 2)
    path = block.path(points(), torch.linspace(0, 1, 5))
    assert path.shape == (5, 5, 4)
    assert torch.equal(path[0, :, :2], points())
    assert not path[0, :, 2:].any()
    torch.testing.assert_close(path[-1], block(points()), rtol=1e-3, atol=1e-3)


def test_gradients_reach_every_weight_and_are_right():
    net = ODENet(2, 8, 1, seeded()).double()
    net.block.solver = Solver(rtol=1e-9, atol=1e-9)
    x = points().double()
    loss = net(x).square().sum()
    loss.backward()
    for parameter in net.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 0
    weight, d = net.get_parameter("block.field.net.0.weight"), 1e-5
    sides = []
    with torch.no_grad():
        for sign in (1, -1):
            weight[0, 0] += sign * d
            sides.append(float(net(x).square().sum()))
            weight[0, 0] -= sign * d
    assert weight.grad is not None
    assert float(weight.grad[0, 0]) == pytest.approx((sides[0] - sides[1]) / (2 * d), rel=1e-5)


def test_the_field_knows_the_depth():
    field = TimeField(2, 8, seeded())
    assert not torch.equal(field(torch.tensor(0.0), points()), field(torch.tensor(1.0), points()))


def test_first_weights_come_from_the_generator_alone():
    state = torch.get_rng_state()
    one, other, third = seeded_linear(9, 4, seeded(1)), seeded_linear(9, 4, seeded(1)), seeded_linear(9, 4, seeded(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one.weight, other.weight)
    assert not torch.equal(one.weight, third.weight)
    assert one.weight.abs().max() <= 1 / 3


def test_the_twin_of_the_resnet_has_its_shapes_and_a_third_of_its_parameters():
    net, resnet = odenet_cifar(), resnet_cifar()
    assert count_parameters(net) == 220_970 <= count_parameters(resnet) / 3
    shapes = {row.name: row.shape for row in net.table((1, 3, 32, 48))}
    theirs = {row.name: row.shape for row in resnet.table((1, 3, 32, 48))}
    for stage in (1, 2, 3):
        assert shapes[f"ode{stage}"] == theirs[f"layer{stage}.1"]
    assert shapes["fc"] == theirs["fc"]


def test_before_training_a_convolutional_block_stands_still():
    block, x = ODEBlock(ConvField(16, 8)), torch.randn(2, 16, 5, 5, generator=seeded())
    torch.testing.assert_close(block(x), x)


def test_a_convolutional_field_knows_the_depth_and_keeps_pictures_apart():
    field = ConvField(16, 16)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter.normal_(std=0.3, generator=seeded())
        z = torch.randn(3, 16, 6, 7, generator=seeded())
        early, late = (field(torch.tensor(t), z) for t in (0.0, 1.0))
        assert not torch.allclose(early, late)
        torch.testing.assert_close(early[1:2], field(torch.tensor(0.0), z[1:2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("method", "steps", "nfe"), [("euler", 4, 4), ("midpoint", 2, 4), ("rk4", 1, 4)])
def test_a_block_of_fixed_steps_is_the_recurrence(method: str, steps: int, nfe: int):
    torchdiffeq = pytest.importorskip("torchdiffeq")
    field, x = TimeField(2, 8, seeded()), points()
    block = ODEBlock(field, solver=Solver(method, step_size=1 / steps))
    grid = torch.linspace(0, 1, steps + 1)
    torch.testing.assert_close(block(x), torchdiffeq.odeint(field, x, grid, method=method)[-1])
    assert block.nfe == nfe


def test_half_precision_comes_out_in_single():
    block = ODEBlock(ConvField(8, 8), solver=Solver("euler", step_size=1.0))
    x = torch.randn(1, 8, 4, 4, generator=seeded())
    with torch.autocast("cpu", torch.bfloat16):
        assert block(x.bfloat16()).dtype == torch.float32


@pytest.mark.parametrize("gradient", ["checkpointed", "adjoint"])
def test_other_gradients_of_a_convolutional_block_are_the_direct_one(gradient: Any):
    x = torch.randn(1, 8, 4, 4, generator=seeded())
    found = []
    for kind in ("direct", gradient):
        block = ODEBlock(ConvField(8, 8), solver=Solver(rtol=1e-6, atol=1e-6, gradient=kind))
        for parameter in block.parameters():
            nn.init.normal_(parameter, std=0.3, generator=seeded())
        leaf = x.clone().requires_grad_()
        found.append(torch.autograd.grad(block(leaf).square().sum(), [leaf, *block.parameters()]))
    for direct, other in zip(*found, strict=True):
        torch.testing.assert_close(other, direct, rtol=1e-3, atol=1e-3 * float(direct.abs().max()))
