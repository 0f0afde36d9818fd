"""Costs of layers, against the layers of torch and published totals."""

from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.conv import Field, GeometryError, run
from core.conv.layers import (
    Activation,
    BatchNorm,
    Branches,
    Conv,
    ConvTranspose,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Pool,
)
from core.nn.stages import count_parameters

ONE = (Field(), Field())


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv, nn.Conv2d, tuple[int, int, int]]:
    groups = draw(st.integers(1, 3))
    channels, filters = groups * draw(st.integers(1, 4)), groups * draw(st.integers(1, 4))
    kernel, stride, dilation = (draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) for _ in range(3))
    padding, bias = draw(st.tuples(st.integers(0, 2), st.integers(0, 2))), draw(st.booleans())
    ours = Conv(filters, kernel, stride, padding, dilation, groups, bias)
    real = nn.Conv2d(channels, filters, kernel, stride, padding, dilation, groups, bias, device="meta")
    return ours, real, (channels, draw(st.integers(7, 12)), draw(st.integers(7, 12)))


@given(convolutions())
@settings(max_examples=100, deadline=None)
def test_convolutions_cost_what_torchs_do(given: tuple[Conv, nn.Conv2d, tuple[int, int, int]]):
    ours, real, shape = given
    cost, out = ours.cost(shape), real(torch.empty(1, *shape, device="meta"))
    assert cost.shape == tuple(out.shape[1:])
    assert cost.trainable == count_parameters(real)
    assert cost.bytes == out[0].numel() * out.element_size()
    assert cost.multiply_adds == real.weight[0].numel() * out[0].numel()  # one filter's weights for each output


@st.composite
def transposed_convolutions(draw: st.DrawFn) -> tuple[ConvTranspose, nn.Module, tuple[int, ...]]:
    axes, groups = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    channels, filters = groups * draw(st.integers(1, 4)), groups * draw(st.integers(1, 4))
    kernel, stride, dilation, cells = (draw(st.tuples(*[st.integers(1, 4)] * axes)) for _ in range(4))
    padding = draw(st.tuples(*[st.integers(0, 3)] * axes))
    left = tuple(draw(st.integers(0, max(pair) - 1)) for pair in zip(stride, dilation, strict=True))
    bias = draw(st.booleans())
    ours = ConvTranspose(filters, kernel, stride, padding, left, dilation, groups, bias)
    real: type[nn.Module] = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1]
    arguments: tuple = (channels, filters, kernel, stride, padding, left, groups, bias, dilation)
    return ours, real(*arguments, device="meta"), (channels, *cells)


@given(transposed_convolutions())
@settings(max_examples=150, deadline=None)
def test_transposed_convolutions_cost_what_torchs_do(given: tuple[ConvTranspose, nn.Module, tuple[int, ...]]):
    ours, real, shape = given
    try:
        out = tuple(real(torch.empty(1, *shape, device="meta")).shape[1:])
    except RuntimeError:
        out = (0,)
    if 0 in out:  # torch lets an axis of no cells pass
        with pytest.raises(GeometryError, match="takes away more than there is"):
            ours.cost(shape)
        return
    cost = ours.cost(shape)
    assert cost.shape == out
    assert cost.trainable == count_parameters(real)
    weights = cost.trainable - ours.filters * ours.bias
    assert cost.multiply_adds == weights * prod(shape[1:])  # every weight meets every cell of the input


def test_a_transposed_convolution_with_kerass_words():
    assert ConvTranspose(8, 4, 2, "same").cost((3, 7, 5)).shape == (8, 14, 10)
    assert ConvTranspose(8, (5, 1), 2, "valid").cost((3, 7, 5)).shape == (8, 17, 10)
    assert ConvTranspose(8, 4, 2, "same").cost((3, 7, 5), ONE).fields == ()


def basic(channels: int, stride: int = 1, project: bool = False) -> list[Layer]:
    body = (
        Conv(channels, 3, stride, 1, bias=False),
        BatchNorm(),
        Activation(),
        Conv(channels, 3, 1, 1, bias=False),
        BatchNorm(),
    )
    return [Branches((body, (Conv(channels, 1, stride, bias=False), BatchNorm()) if project else ())), Activation()]


def test_resnet_18_has_its_published_totals():
    layers: list[Layer] = [Conv(64, 7, 2, 3, bias=False), BatchNorm(), Activation(), Pool("max", 3, 2, 1)]
    for channels in (64, 128, 256, 512):
        grows = channels > 64
        layers += [*basic(channels, 2 if grows else 1, grows), *basic(channels)]
    layers += [GlobalPool(), Flatten(), Dense(1000)]
    costs = run(layers, (3, 224, 224), ONE)
    assert sum(cost.trainable for cost in costs) == 11_689_512
    assert sum(cost.multiply_adds for cost in costs) == 1_814_073_344
    assert costs[-4].shape == (512, 7, 7)
    assert costs[-4].fields[0].size == 435


def test_vgg16_has_its_published_total():
    layers: list[Layer] = []
    for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [Conv(channels, 3, 1, 1) for _ in range(count)]
        layers.append(Pool("max", 2))
    layers += [Flatten(), Dense(4096), Dropout(), Dense(4096), Dropout(), Dense(1000)]
    costs = run(layers, (3, 224, 224), ONE)
    assert sum(cost.trainable for cost in costs) == 138_357_544
    assert costs[-7].fields[0] == Field(212, 32, -90)


def test_a_fire_module_concatenates():
    fire = Branches(((Conv(64, 1), Activation()), (Conv(64, 3, 1, 1), Activation())), "concatenate")
    cost = fire.cost((16, 55, 55), ONE)
    assert cost.shape == (128, 55, 55)
    assert cost.trainable == 16 * 64 + 64 + 9 * 16 * 64 + 64
    assert cost.fields[0].size == 3


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (Conv(4, 3, name="conv2"), (3, 2, 2), "conv2: axis 1: kernel 3 exceeds input 2"),
        (Conv(4, 3, groups=2, name="conv2"), (3, 8, 8), "2 groups for 3 channels and 4 filters"),
        (Conv(0, 3), (3, 8, 8), "must be at least 1, got 0"),
        (Conv(4, 3), (24,), r"at least one axis; got the flat shape \(24,\)"),
        (ConvTranspose(4, 3, padding=(0, 9), name="up"), (3, 8, 8), "up: axis 2: padding 9 takes away more"),
        (ConvTranspose(4, 3, groups=2), (3, 8, 8), "2 groups for 3 channels and 4 filters"),
        (ConvTranspose(4, (3, 3)), (3, 8), "one kernel size for each of 1 axes, got 2"),
        (Dense(10, name="head"), (3, 8, 8), "head: expected a flat input"),
        (Dense(0), (3,), "units must be at least 1"),
        (Pool("max", 2, padding=2), (3, 8, 8), "at most half of its kernel 2, got 2"),
        (Pool("max", 2, padding="same"), (3, 8, 8), "no padding='same'"),
        (Branches(((Conv(4, 3, padding=1),), ())), (3, 8, 8), r"got \(4, 8, 8\) and \(3, 8, 8\)"),
        (Branches(()), (3, 8, 8), "at least one path"),
        (Dropout(1.0), (3,), "below 1, got 1"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_a_layer_cannot_take_is_said(layer: Layer, shape: tuple[int, ...], says: str):
    with pytest.raises(GeometryError, match=says):
        run([layer], shape)
