"""The presets, layer by layer against the networks of `core.nn`, and their published totals."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from core.conv import Field, run
from core.conv.presets import PRESETS
from core.nn import Stages
from core.nn.resnet import BasicBlock, resnet18
from core.nn.squeezenet import Fire, squeezenet1_1
from core.nn.stages import count_parameters
from core.nn.vgg import vgg16, vgg19

REAL = {"vgg16": vgg16, "vgg19": vgg19, "resnet18": resnet18, "squeezenet": squeezenet1_1}
TOTALS = {
    "lenet5": (61_706, 416_520),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "resnet18": (11_689_512, 1_814_073_344),
    "squeezenet": (1_235_496, 349_151_936),
}
"""Parameters, and multiply-adds for one example, which torchvision gives in billions: 15.47, 19.63, 1.81 and 0.35."""


def test_there_is_a_total_for_every_preset():
    assert list(TOTALS) == list(PRESETS)


@pytest.mark.parametrize("name", TOTALS)
def test_the_totals_are_the_published_ones(name: str):
    network = PRESETS[name].network
    costs = run(network.layers, network.shape)
    assert (sum(cost.trainable for cost in costs), sum(cost.multiply_adds for cost in costs)) == TOTALS[name]


def pieces(module: nn.Module) -> Iterator[nn.Module]:
    """Layers and blocks, in order."""
    if isinstance(module, (Stages, nn.Sequential)):
        for child in module.children():
            yield from pieces(child)
    elif not (isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size == 7):  # nothing happens at 224 x 224
        yield module


@pytest.mark.parametrize("name", REAL)
def test_row_by_row_as_the_real_network(name: str):
    network = PRESETS[name].network
    costs = list(zip(network.items, run(network.layers, network.shape), strict=True))
    with torch.device("meta"):
        x, real = torch.empty(1, *network.shape), list(pieces(REAL[name]().eval()))
    for module in real:
        x = module(x)
        item, cost = costs.pop(0)
        if isinstance(module, BasicBlock):  # ours is followed by its ReLU
            assert item.kind == "residual"
            assert costs.pop(0)[0].kind == "activation"
        assert (item.kind == "fire") == isinstance(module, Fire)
        assert cost.shape == tuple(x.shape[1:])
        assert cost.trainable == count_parameters(module)
        kept = (value for key, value in module.named_buffers() if not key.endswith("num_batches_tracked"))
        assert cost.fixed == sum(value.numel() for value in kept)
    assert costs == []


@pytest.mark.parametrize(("name", "at", "field"), [("vgg16", 31, 212), ("resnet18", 20, 435)])
def test_published_receptive_fields(name: str, at: int, field: int):
    network = PRESETS[name].network  # VGG16's: Araujo et al. 2019
    assert run(network.layers[:at], network.shape, (Field(), Field()))[-1].fields[0].size == field
