"""Sizes along axes, against the layers of torch and of Keras."""

from itertools import product
from types import ModuleType
from typing import Any, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from core.conv.arithmetic import Axis, Field, GeometryError, same, transposed, transposed_keras, walk

GRID = list(product((1, 2, 5, 8, 13), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3)))
"""n, k, s, p, d."""
CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def length(layer: nn.Module, n: int) -> int | None:
    """What torch says, or None where it refuses."""
    try:
        return int(layer(torch.empty(1, 1, n, device="meta")).shape[-1])
    except RuntimeError:
        return None


def ours(n: int, k: int, s: int, p: int, d: int, ceil: bool = False) -> int | None:
    try:
        return Axis(n, k, s, d, p, p, ceil).size
    except GeometryError:
        return None


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_every_size_of_a_large_grid_is_torchs(k: int):
    for n, kernel, s, p, d in GRID:
        if kernel == k:
            assert ours(n, k, s, p, d) == length(nn.Conv1d(1, 1, k, s, p, d, device="meta"), n), (n, k, s, p, d)


@pytest.mark.parametrize("ceil", [False, True])
def test_pooling_on_the_grid_is_torchs(ceil: bool):
    for n, k, s, p, d in GRID:
        if p <= k // 2:  # torch refuses others
            pool = nn.MaxPool1d(k, s, p, d, ceil_mode=ceil)
            assert ours(n, k, s, p, d, ceil) == length(pool, n), (n, k, s, p, d)


def test_transposed_sizes_on_the_grid_are_torchs():
    for n, k, s, p, d in GRID:
        for r in range(max(s, d)):
            layer = nn.ConvTranspose1d(1, 1, k, s, p, r, dilation=d, device="meta")
            try:
                size = transposed(n, k, s, p, d, r)
            except GeometryError:
                size = None
            assert size == length(layer, n), (n, k, s, p, d, r)


sizes = st.integers(1, 6)


@st.composite
def windows(draw: st.DrawFn) -> tuple:
    """Shape, kernel, stride, padding, dilation."""
    axes = draw(st.integers(1, 3))
    of = st.tuples(*[st.integers(1, 3)] * axes)
    pairs = st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 4))] * axes)
    return draw(st.tuples(*[st.integers(1, 20)] * axes)), draw(of), draw(of), draw(pairs), draw(of)


@given(windows())
@settings(max_examples=300, deadline=None)
def test_random_windows_in_one_two_and_three_dimensions(window: tuple):
    shape, kernel, stride, padding, dilation = window
    flat = [cells for pair in reversed(padding) for cells in pair]
    padded = functional.pad(torch.empty(1, 1, *shape, device="meta"), flat)
    layer = CONV[len(shape)](1, 1, kernel, stride, dilation=dilation, device="meta")
    try:
        expected = tuple(layer(padded).shape[2:])
    except RuntimeError:
        with pytest.raises(GeometryError):
            walk(shape, kernel, stride, padding, dilation)
        return
    assert tuple(axis.size for axis in walk(shape, kernel, stride, padding, dilation)) == expected


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_same_is_torchs_at_stride_1():
    weights = torch.arange(1.0, 8.0)
    for n, k, d in product((1, 4, 9), range(1, 8), (1, 2, 3)):
        x = torch.randn(1, 1, n, generator=torch.Generator().manual_seed(n))
        expected = functional.conv1d(x, weights[None, None, :k], padding="same", dilation=d)
        padded = functional.pad(x, same(n, k, 1, d, "torch"))
        torch.testing.assert_close(functional.conv1d(padded, weights[None, None, :k], dilation=d), expected)
        assert walk((n,), k, 1, "same", d)[0].size == n
    with pytest.raises(GeometryError, match="stride 1 only, got stride 2"):
        walk((8,), 3, 2, "same")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (((10,), 7, 1, 0, 2), "kernel 7 dilated to 13 exceeds input 10"),
        (((8, 10), (3, 7), 1, (0, 1), (1, 2)), "axis 2: kernel 7 dilated to 13 exceeds padded input 12"),
        (((4,), 5), "kernel 5 exceeds input 4"),
        (((4, 4), (3, 3, 3)), r"one kernel size for each of 2 axes, got 3"),
        (((4, 4), 3, 1, (1,)), r"one padding for each of 2 axes, got 1"),
        (((4,), 3, 0, "same"), "stride must be at least 1, got 0"),
        (((0,), 3), "input must be at least 1, got 0"),
        (((4,), 3, 1, (-1,)), "padding must not be negative, got -1 before"),
        (((4,), 3, 1, "full"), "'valid', 'same' or numbers, got 'full'"),
    ],
    ids=str,
)
def test_impossible_arguments_get_their_reason(arguments: tuple, says: str):
    with pytest.raises(GeometryError, match=says):
        walk(*arguments)


def test_impossible_transposed_arguments_get_their_reason():
    with pytest.raises(GeometryError, match="smaller than stride or dilation, 2; got 2"):
        transposed(4, 3, 2, 0, 1, 2)
    with pytest.raises(GeometryError, match="takes away more"):
        transposed(1, 3, 1, 2)


def test_windows_start_where_torch_looks():
    """Cell i of the output sees the input from starts[i] on: the gradient says which cells it saw."""
    for n, k, s, p, d in GRID:
        if ours(n, k, s, p, d) is None:
            continue
        axis = Axis(n, k, s, d, p, p)
        x = torch.ones(1, 1, n, requires_grad=True)
        out = functional.conv1d(x, torch.ones(1, 1, k), stride=s, padding=p, dilation=d)
        for cell, start in enumerate(axis.starts):
            (gradient,) = torch.autograd.grad(out[0, 0, cell], x, retain_graph=True)
            seen = {at for at in range(start, start + axis.extent, d) if 0 <= at < n}
            assert set(gradient[0, 0].nonzero().flatten().tolist()) == seen
        reached = max(axis.starts) + axis.extent
        assert axis.unused == n + p - reached


@given(st.lists(st.tuples(sizes, st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_stack_sees_what_its_gradient_says(layers: list[tuple[int, int, int, int]]):
    n = 1000
    x = torch.ones(1, 1, n, requires_grad=True)
    out: Tensor = x
    field = Field()
    for k, s, p, d in layers:
        axis = Axis(out.shape[-1], k, s, d, p, p)
        out, field = functional.conv1d(out, torch.ones(1, 1, k), stride=s, padding=p, dilation=d), field.after(axis)
    cell = out.shape[-1] // 2
    (gradient,) = torch.autograd.grad(out[0, 0, cell], x)
    seen = gradient[0, 0].nonzero().flatten()
    assert range(int(seen.min()), int(seen.max()) + 1) == field.of(cell)


@pytest.fixture
def layers(keras: ModuleType) -> Any:
    return keras.layers


def test_the_example_of_the_lesson(layers):
    layer = layers.Conv2D(10, 5)
    assert layer.compute_output_shape((None, 200, 200, 3)) == (None, 196, 196, 10)
    assert [axis.size for axis in walk((200, 200), 5, dialect="keras")] == [196, 196]


WORDS: list[Literal["valid", "same"]] = ["valid", "same"]


@pytest.mark.parametrize("padding", WORDS)
def test_both_words_mean_what_keras_means(layers, padding: Literal["valid", "same"]):
    for n, k, s, _, d in GRID:
        if s > 1 and d > 1:  # Keras refuses both at once
            continue
        layer = layers.Conv1D(1, k, strides=s, padding=padding, dilation_rate=d)
        try:
            (axis,) = walk((n,), k, s, padding, d, "keras")
        except GeometryError:
            with pytest.raises(ValueError, match=r"[Nn]egative|Invalid|exceeds|output"):
                layer.compute_output_shape((None, n, 1))
            continue
        assert layer.compute_output_shape((None, n, 1)) == (None, axis.size, 1)


@pytest.mark.parametrize("padding", WORDS)
def test_transposed_sizes_are_keras(layers, padding: Literal["valid", "same"]):
    for n, k, s in product((1, 3, 8), (1, 2, 3, 5), (1, 2, 3)):
        layer = layers.Conv1DTranspose(1, k, strides=s, padding=padding)
        size = transposed_keras(n, k, s, padding)
        assert list(layer.compute_output_shape((None, n, 1))) == [None, size, 1]
