"""The frame in the picture, against the gradient of a real network: what a cell depends on."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from core.conv.exporting import pytorch
from core.conv.items import Network, item
from core.conv.presets import PRESETS
from core.labs import builder_words as words
from core.labs.builder import lay_out
from core.labs.builder_field import as_input, see
from tests.conv.networks import networks


def positive(network: Network) -> nn.Module:
    """The network of the program, in which nothing cancels: positive weights, means instead of maxima."""
    program = pytorch(network).replace("nn.MaxPool2d", "nn.AvgPool2d")
    for function in ("nn.Softmax(dim=1)", "nn.Tanh()", "nn.Sigmoid()"):
        program = program.replace(function, "nn.Identity()")
    names: dict[str, Any] = {"__name__": "program"}
    exec(compile(program, "program", "exec"), names)
    real: nn.Module = names["network"].double().eval()
    for value in real.parameters():
        nn.init.constant_(value, 0.5)
    return real


def dependence(real: nn.Module, shape: tuple[int, ...], row: int, column: int) -> Tensor:
    """Where the gradient of one cell, all channels, is not 0: (height, width)."""
    x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(real(x)[0, :, row, column].sum(), x)
    return gradient[0].sum(0) != 0


def span(seen: Tensor) -> tuple[int, int]:
    where = seen.nonzero().flatten()
    return int(where.min()), int(where.max()) + 1


@pytest.mark.parametrize(("name", "side", "count"), [("lenet5", 32, 6), ("resnet18", 96, 9), ("squeezenet", 96, 7)])
@pytest.mark.parametrize(("down", "across"), [(0.0, 0.0), (0.5, 0.4), (1.0, 0.7)])
def test_the_frame_is_what_the_gradient_reaches(name: str, side: int, count: int, down: float, across: float):
    whole = PRESETS[name].network
    network = Network((whole.shape[0], side, side - 8), whole.items[:count])
    seen = see(network, count, down, across)
    assert seen is not None
    found = dependence(positive(network), network.shape, seen.rows.cell, seen.columns.cell)
    assert span(found.any(1)) == seen.rows.inside
    assert span(found.any(0)) == seen.columns.inside


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@given(networks(), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_the_frame_of_random_networks(network: Network, down: float, across: float):
    seeing = lay_out(network).seeing
    if not seeing:
        assert see(network, 1, down, across) is None
        return
    count = max(seeing)
    network = Network(network.shape, network.items[:count])
    seen = see(network, count, down, across)
    assert seen is not None
    found = dependence(positive(network), network.shape, seen.rows.cell, seen.columns.cell)
    for along, axis in ((seen.rows, found.any(1)), (seen.columns, found.any(0))):
        (first, stop), (begin, end) = along.inside, along.whole
        if found.any():
            assert (first, stop) == span(axis)
            assert along.read == axis.sum()
            assert begin <= first < stop <= end  # the field holds what is seen, padding and holes too
        else:
            assert 0 in (seen.rows.inside[1], seen.columns.inside[1])  # nothing but padding


def test_the_middle_moves_with_the_cell():
    network = PRESETS["vgg16"].network
    middles = []
    for cell in range(14):
        seen = see(network, 24, cell / 13, 0.0)
        assert seen is not None
        assert seen.rows.cell == cell
        assert seen.rows.whole[1] - seen.rows.whole[0] == seen.rows.field.size == 100
        middles.append(seen.rows.middle)
    assert np.diff(middles) == pytest.approx(16)
    assert see(network, 33, 0.5, 0.5) is None  # flat
    assert see(network, 99, 0.5, 0.5) is None


def test_holes_are_told():
    for dilation, says in ((2, "reads 3 rows and 3 columns only"), (1, "")):
        seen = see(Network((1, 9, 9), (item("conv", dilation=dilation),)), 1, 0.5, 0.5)
        assert seen is not None
        assert seen.holes == bool(says)
        assert says in words.about_seen(seen)


@pytest.mark.parametrize("place", [-1.0, 0.0, 0.5, 1.0, 7.0])
def test_places_beyond_the_map_are_its_border(place: float):
    seen = see(PRESETS["lenet5"].network, 3, place, place)
    assert seen is not None
    assert 0 <= seen.rows.cell <= 13
    assert 0 < seen.share <= 1


def test_a_field_in_the_padding_alone_sees_nothing():
    network = Network((1, 4, 4), (item("conv", kernel=1, padding=3),))
    seen = see(network, 1, 0.0, 0.5)
    assert seen is not None
    assert (seen.rows.whole, seen.rows.inside) == ((-3, -2), (0, 0))
    assert "nothing of the picture" in words.about_seen(seen)


@pytest.mark.parametrize("shape", [(3, 224, 224), (1, 32, 32), (3, 1, 2048), (1024, 2048, 1), (3, 20, 40)])
def test_the_picture_has_the_proportions_of_the_input(shape: tuple[int, int, int]):
    rgb = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    kind, _, data = as_input(rgb, shape).partition(",")
    picture = Image.open(BytesIO(base64.b64decode(data)))
    assert kind in {"data:image/png;base64", "data:image/jpeg;base64"}
    assert max(picture.size) <= 448
    assert (picture.mode == "L") == (shape[0] == 1)
    if min(shape[1:]) > 10:
        assert picture.width / picture.height == pytest.approx(shape[2] / shape[1], rel=0.02)
