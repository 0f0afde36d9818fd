"""The multilayer perceptron: its layers by hand, its Jacobians, its first weights."""

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from core.nn.mlp import FIRST_WEIGHTS, Layer, Widen, first_weights, network, states


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("residual", [False, True])
def test_the_forward_pass_by_hand(residual: bool):
    net = network(3, 4, residual, "gaussian", 1.3, seeded())
    x = torch.randn(5, 2, generator=seeded(1))
    h = np.concatenate([x.numpy(), np.zeros((5, 1))], axis=1)
    way = [h]
    with torch.no_grad():
        for layer in range(4):
            weight = net.get_parameter(f"layers.{layer}.linear.weight").numpy()
            bias = net.get_parameter(f"layers.{layer}.linear.bias")
            f = np.tanh(h @ weight.T + bias.numpy())
            h = h + f if residual else f
            way.append(h)
        np.testing.assert_allclose(torch.stack(states(net, x)), way, rtol=2e-5, atol=1e-6)
        score = h @ net.get_parameter("head.weight").numpy().T + net.get_parameter("head.bias").numpy()
        np.testing.assert_allclose(net(x), score, rtol=2e-5, atol=1e-6)


def jacobian(residual: bool, h: Float[Tensor, " width"]) -> Tensor:
    layer = network(3, 1, residual, "gaussian", 1.0, seeded()).double().get_submodule("layers.0")
    return torch.func.jacrev(lambda x: layer(x[None])[0])(h)


def test_the_skip_adds_the_identity_to_the_jacobian():
    h = torch.tensor([0.3, -1.0, 0.5], dtype=torch.float64)
    plain, skipped = jacobian(residual=False, h=h), jacobian(residual=True, h=h)
    torch.testing.assert_close(skipped, plain + torch.eye(3, dtype=torch.float64))
    layer = network(3, 1, False, "gaussian", 1.0, seeded()).double().get_submodule("layers.0")
    assert isinstance(layer, Layer)
    weight = layer.linear.weight.detach()
    slope = 1 - torch.tanh(weight @ h) ** 2
    torch.testing.assert_close(plain, slope[:, None] * weight)


@pytest.mark.parametrize("kind", FIRST_WEIGHTS)
def test_first_weights_are_as_wide_as_said(kind: str):
    matrix = first_weights(400, 400, kind, 1.5, seeded())
    assert float(matrix.std()) * 20 == pytest.approx(1.5, rel=0.01)
    square = matrix @ matrix.T / 1.5**2
    off = (square - torch.eye(400)).abs().max()
    assert off < 1e-5 if kind == "orthogonal" else off > 0.1


def test_plain_and_residual_start_alike_and_leave_torchs_generator_alone():
    before = torch.get_rng_state()
    plain, residual = (network(2, 5, kind, "orthogonal", 0.5, seeded(3)) for kind in (False, True))
    assert torch.equal(torch.get_rng_state(), before)
    for one, other in zip(plain.parameters(), residual.parameters(), strict=True):
        assert torch.equal(one, other)
    other = network(2, 5, False, "orthogonal", 0.5, seeded(4))
    assert not torch.equal(plain.get_parameter("head.weight"), other.get_parameter("head.weight"))


def test_widening_appends_zeros():
    x = torch.tensor([[1.0, 2.0]])
    assert Widen(4)(x).tolist() == [[1.0, 2.0, 0.0, 0.0]]
    assert Widen(2)(x).tolist() == x.tolist()


def test_the_layer_table_counts_parameters():
    rows = network(3, 2, True, "gaussian", 1.0, seeded()).table((7, 2))
    assert [(row.name, row.shape, row.parameters) for row in rows] == [
        ("widen", (7, 3), 0),
        ("layers.0", (7, 3), 12),
        ("layers.1", (7, 3), 12),
        ("head", (7, 1), 4),
    ]
