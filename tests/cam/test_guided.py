"""Guided back-propagation against a network whose ReLUs were written by hand, and in many threads at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.cam import explain
from core.cam.guided import guided_backpropagation, guided_gradcam
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages


def pictures(n: int = 2) -> Tensor:
    return torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def net() -> Stages:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return resnet_cifar((8, 16), blocks=1).eval()


def test_a_chain_by_hand():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)
    chain = Stages({"a": first, "b": nn.ReLU(), "c": second, "d": nn.ReLU(), "e": nn.Flatten()}).eval()
    x, targets = pictures(), torch.tensor([3, 500])
    z1 = first(x)
    z2 = second(z1.relu())
    back = F.one_hot(targets, z2[0].numel()).float().reshape(z2.shape)
    back = torch.where(z2 > 0, back.relu(), 0.0)
    back = F.conv_transpose2d(back, second.weight)
    back = torch.where(z1 > 0, back.relu(), 0.0)
    expected = F.conv_transpose2d(back, first.weight)
    torch.testing.assert_close(guided_backpropagation(chain, x, targets), expected.detach())


def test_a_second_call_is_the_same_and_the_network_is_as_before():
    network, x, targets = net(), pictures(), torch.tensor([1, 2])
    before = explain(network, x, "layer1.0", [1, 2])
    one, two = (guided_backpropagation(network, x, targets) for _ in range(2))
    assert torch.equal(one, two)
    after = explain(network, x, "layer1.0", [1, 2])
    assert torch.equal(before.gradient, after.gradient)
    assert all(p.grad is None for p in network.parameters())
    leaf = x.clone().requires_grad_()
    plain = torch.autograd.grad(network(leaf).gather(1, targets[:, None]).sum(), leaf)[0]
    assert not torch.allclose(one, plain)


def test_threads_share_a_network():
    network, x = net(), pictures()
    expected = guided_backpropagation(network, x, torch.tensor([1, 2]))

    def work(number: int) -> bool:
        if number % 2:  # plain gradients in between
            return explain(network, x, "layer1.0").gradient.isfinite().all().item() is True
        return torch.equal(guided_backpropagation(network, x, torch.tensor([1, 2])), expected)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(40)))


def test_guided_gradcam_is_their_product():
    network, x = net(), pictures()
    explanation = explain(network, x, "layer2.0")
    heat = F.interpolate(explanation.map()[:, None], size=(16, 16), mode="bilinear", align_corners=False)
    expected = guided_backpropagation(network, x, explanation.targets) * heat
    torch.testing.assert_close(guided_gradcam(network, x, explanation), expected)


def test_training_mode_is_refused():
    with pytest.raises(ValueError, match="eval mode"):
        guided_backpropagation(net().train(), pictures(), torch.tensor([0, 0]))
