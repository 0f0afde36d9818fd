"""ODE blocks: against the solver itself and torchdiffeq, with their gradients."""

import pytest
import torch

from core.nn.odenet import ODEBlock, ODENet, TimeField, seeded_linear
from core.ode import odeint


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(count: int = 5) -> torch.Tensor:
    return torch.randn(count, 2, generator=seeded(9))


@pytest.mark.parametrize("augment", [0, 3])
def test_a_block_is_the_end_of_a_solution(augment: int):
    torchdiffeq = pytest.importorskip("torchdiffeq")
    field, x = TimeField(2 + augment, 16, seeded()), points()
    block = ODEBlock(field, augment, rtol=1e-5, atol=1e-5)
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
    net.block.rtol = net.block.atol = 1e-9
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
