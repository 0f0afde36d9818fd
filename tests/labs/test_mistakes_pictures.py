"""What settles the statements on convolution and Grad-CAM, against torch, Keras, SciPy and plain hooks."""

import warnings
from math import ceil
from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch
from torch import nn
from torch.nn import functional as F

from core.images import read_picture
from core.labs import mistakes_convolution, mistakes_gradcam
from core.labs.mistakes_data import Settled, Table
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import ASSETS, REGISTRY


def table(settled: Settled) -> Table:
    assert settled.table is not None
    return settled.table


def sizes_without_padding(n: int) -> list[int | str]:
    """Behind each group of VGG16: (n - 2 per convolution) / 2, while there is anything left."""
    found: list[int | str] = []
    for convolutions in (2, 2, 3, 3, 3):
        n = (n - 2 * convolutions) // 2 if n - 2 * convolutions >= 2 else 0
        found.append(n if n > 0 else "none")
    return found


@pytest.mark.parametrize("side", [32, 96, 224, 256])
def test_pooling_halves_vggs_maps_and_convolutions_keep_them(side: int):
    found = mistakes_convolution.vgg_padding(side)
    assert table(found).column("VGG16") == [side // 2**i for i in range(6)]
    assert table(found).column("without padding") == [side, *sizes_without_padding(side)]
    assert "Of 13 convolutions 0 shrink" in found.concludes
    assert "Of 5 poolings 5 do" in found.concludes


@pytest.mark.parametrize("k", range(1, 8))
def test_same_padding_is_torchs_for_kernels_of_every_size(k: int):
    x, kernel = torch.randn(9, generator=torch.Generator().manual_seed(k)), torch.arange(1.0, k + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that an even kernel costs a copy
        theirs = F.conv1d(x[None, None], kernel[None, None], padding="same")[0, 0]
    torch.testing.assert_close(mistakes_convolution.convolved(x, kernel), theirs)
    row = table(mistakes_convolution.even_kernels(k)).rows[k - 1]
    assert row[3] == 11
    assert row[4] == (0 if k % 2 else -0.5)
    assert (row[1] == row[2]) == bool(k % 2)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_same_keeps_the_size_only_at_stride_1(stride: int):
    found = mistakes_convolution.same_size(stride)
    rows = table(found).rows
    assert all(row[1] == row[2] == ceil(int(row[0]) / stride) for row in rows)
    assert [row[3] for row in rows] == ["yes" if stride == 1 else "no"] * len(rows)
    assert ("torch refuses" in found.concludes) == (stride > 1)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_same_padding_is_kerass(keras: Any, k: int, stride: int):
    x, kernel = np.arange(1.0, 8), np.arange(1.0, k + 1)
    layer = keras.layers.Conv1D(1, k, strides=stride, padding="same", use_bias=False)
    layer.build((None, None, 1))
    layer.set_weights([kernel[:, None, None]])
    theirs = layer(x[None, :, None]).detach().numpy()[0, :, 0]
    ours = mistakes_convolution.convolved(torch.from_numpy(x), torch.from_numpy(kernel), stride)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("last", [-2, 1, 3])
def test_the_layer_does_not_flip(last: int):
    x, kernel = [0.0, 0, 1, 2, 0, 0], [1.0, 2, last]
    found = mistakes_convolution.flipping(last)
    layer, correlated, folded = ([float(value) for value in row[1:]] for row in table(found).rows)
    assert layer == correlated == scipy.signal.correlate(x, kernel, "valid").tolist()
    assert folded == scipy.signal.convolve(x, kernel, "valid").tolist()
    assert (layer == folded) == (last == 1)


def network() -> nn.Module:
    entry = REGISTRY["resnet_cifar10"]
    path = weights.find(entry)
    assert path is not None
    return weights.load(entry, path)


def fed(file: str) -> torch.Tensor:
    return feed(read_picture((ASSETS / "pictures" / file).read_bytes()).rgb, REGISTRY["resnet_cifar10"].preprocessing).x


def by_hook(file: str, beta: float = 1.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """Feature maps, gradients of the best score and of its probability, and that probability, with a plain hook."""
    net, kept = network(), []
    net.get_submodule("layer3.1").register_forward_hook(lambda module, given, made: kept.append(made))
    scores = beta * net(fed(file).requires_grad_())[0]
    best = int(scores.argmax())
    p = scores.softmax(0)[best]
    first = torch.autograd.grad(scores[best], kept[0], retain_graph=True)[0]
    return kept[0].detach()[0], first[0], torch.autograd.grad(p, kept[0])[0][0], float(p.detach())


@pytest.mark.parametrize("k", [0, 5, 127])
def test_the_map_changes_with_the_picture_and_the_filter_does_not(k: int):
    found = mistakes_gradcam.filters(k)
    (_, _, norm, again), (_, _, first, second) = table(found).rows
    assert norm == again
    assert first != second
    for grid, file in zip(found.grids, ("harbour.jpg", "cat_and_horse.jpg"), strict=True):
        np.testing.assert_allclose(grid.values, by_hook(file)[0][k], atol=1e-5)
    assert found.grids[0].values.shape != found.grids[1].values.shape


@pytest.mark.parametrize("beta", [1.0, 4.0, 10.0])
def test_the_softmax_map_vanishes_and_the_sum_has_negative_cells(beta: float):
    maps, of_score, of_probability, p = by_hook("harbour.jpg", beta)
    raw, vanishing = ((g.mean((1, 2))[:, None, None] * maps).sum(0) for g in (of_score, of_probability))
    found = mistakes_gradcam.relu_and_softmax(beta)
    row = next(row for row in table(found).rows if row[0] == beta)
    assert row[1] == pytest.approx(p, abs=1e-5)
    assert row[2] == pytest.approx(float(raw.max()), rel=1e-3)
    assert row[3] == pytest.approx(float(vanishing.max()), rel=1e-2)
    np.testing.assert_allclose(found.grids[0].values, raw, atol=1e-4)
    assert found.grids[0].values.min() < 0 <= found.grids[1].values.min()
    by_factor = [float(row[3]) for row in table(found).rows]
    assert by_factor == sorted(by_factor, reverse=True)
    assert by_factor[-1] < 1e-4


@pytest.mark.parametrize("order", [0, 1, 3, 5])
def test_cubic_zoom_makes_negative_values(order: int):
    found = mistakes_gradcam.cubic_zoom(order)
    rows = {row[0]: row for row in table(found).rows}
    assert float(rows[1][1]) >= 0
    assert float(rows[0][1]) >= 0
    assert float(rows[3][1]) < -1e-4
    assert (float(rows[order][1]) < -1e-9) == (order >= 2)
    maps, gradient, _, _ = by_hook("harbour.jpg")
    cells = (gradient.mean((1, 2))[:, None, None] * maps).sum(0).relu()[None, None]
    theirs = {mode: F.interpolate(cells, scale_factor=8, mode=mode) for mode in ("bilinear", "bicubic")}
    assert float(theirs["bilinear"].min()) >= 0 > float(theirs["bicubic"].min())
    assert found.plot is not None
    np.testing.assert_allclose(max(found.plot.curves[0].y), float(cells.max()), rtol=1e-3)


@pytest.mark.parametrize("rank", [2, 7, 10])
def test_normalised_maps_hide_their_strength(rank: int):
    found = mistakes_gradcam.normalised(rank)
    first, other = table(found).rows
    assert first[3] == other[3] == 1.0
    assert float(first[2]) > float(other[2]) > 0
    net, kept = network(), []
    net.get_submodule("layer3.1").register_forward_hook(lambda module, given, made: kept.append(made))
    scores = net(fed("harbour.jpg").requires_grad_())[0]
    index = int(scores.argsort(descending=True)[rank - 1])
    (gradient,) = torch.autograd.grad(scores[index], kept[0])
    strength = (gradient.mean((2, 3), keepdim=True) * kept[0].detach()).sum(1).max()
    assert other[2] == pytest.approx(float(strength), rel=1e-2)
    assert all(grid.values.max() == 1.0 for grid in found.grids)
