"""Every frame of a walk against torch: the windows against unfold, the numbers against conv2d."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from core.conv.arithmetic import GeometryError, Padding
from core.conv.sweep import Filter, Params, sweep

SEEDS = range(40)


def nested(values: np.ndarray) -> Any:
    return tuple(map(nested, values)) if values.ndim else float(values)


def drawn(seed: int) -> tuple[Params, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Settings at random, of which every kind comes up; an input that the kernel fits into."""
    draw = np.random.default_rng(seed)
    k1, k2 = draw.integers(1, 6, 2)
    stride, dilation, channels, filters = (int(draw.integers(1, most)) for most in (5, 4, 4, 4))
    rows, columns = (int(dilation * (k - 1) + 1 + draw.integers(0, 9)) for k in (k1, k2))
    padding: Padding = ("valid", "same", int(draw.integers(0, 4)))[seed % 3]
    x = draw.normal(size=(channels, rows, columns)).round(2)
    w = draw.normal(size=(filters, channels, k1, k2)).round(2)
    b = draw.normal(size=filters).round(2)
    kernels = tuple(Filter(nested(one), float(bias)) for one, bias in zip(w, b, strict=True))
    params = Params(nested(x), kernels, stride, padding, dilation)
    return params, torch.from_numpy(x), torch.from_numpy(w), torch.from_numpy(b)


def padded_by_hand(params: Params, x: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Zeros as the words of torch and Keras say, without the module under test."""
    if params.padding == "valid":
        return x
    around = []
    for n, k in ((x.shape[2], size[1]), (x.shape[1], size[0])):  # F.pad begins with the last axis
        if params.padding == "same":
            wanted = (-(-n // params.stride) - 1) * params.stride + params.dilation * (k - 1) + 1
            more = max(wanted - n, 0)
            around += [more // 2, more - more // 2]
        else:
            assert isinstance(params.padding, int)
            around += [params.padding] * 2
    return F.pad(x, around)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_frame_equals_torchs(seed: int):
    params, x, w, b = drawn(seed)
    found = sweep(params)
    padded = padded_by_hand(params, x, tuple(w.shape[2:]))
    y = F.conv2d(padded[None], w, b, params.stride, dilation=params.dilation)[0].numpy()
    windows = F.unfold(padded[None], tuple(w.shape[2:]), params.dilation, stride=params.stride)[0].T.numpy()
    assert found.output.shape == y.shape
    np.testing.assert_allclose(found.output, y, rtol=0, atol=1e-12)
    places = y.shape[1] * y.shape[2]
    assert found.frames == len(y) * places
    for index in range(found.frames):
        frame = found.frame(index)
        window = windows[index % places].reshape(frame.window.shape)
        np.testing.assert_array_equal(frame.window, window)
        np.testing.assert_array_equal(frame.products, window * w[frame.filter].numpy())
        assert frame.value == pytest.approx(frame.products.sum() + float(b[frame.filter]), abs=1e-12)
        assert frame.value == pytest.approx(y[frame.filter, frame.row, frame.column], abs=1e-12)


def test_the_draws_hold_every_kind():
    settings = [drawn(seed)[0] for seed in SEEDS]
    assert {params.stride for params in settings} == {1, 2, 3, 4}
    assert {params.dilation for params in settings} == {1, 2, 3}
    assert {len(params.cells) for params in settings} == {len(params.filters) for params in settings} == {1, 2, 3}
    assert {"valid", "same", 0, 1, 2, 3} <= {params.padding for params in settings}


def test_frames_run_filter_after_filter_and_row_after_row():
    found = next(found for found in (sweep(drawn(seed)[0]) for seed in SEEDS) if len(found.output) == 3)
    cells = [(frame.filter, frame.row, frame.column) for frame in map(found.frame, range(found.frames))]
    assert cells == sorted(cells)
    for index in (-1, found.frames):
        with pytest.raises(IndexError, match=f"from 0 to {found.frames - 1}, got {index}"):
            found.frame(index)


def test_the_text_of_the_parameters_says_all():
    params, *_ = drawn(2)
    assert all(repr(value) in repr(params) for value in vars(replace(params)).values())  # the pages' caches go by it
    assert repr(replace(params, stride=7)) == repr(params).replace(f"stride={params.stride}", "stride=7")


def test_impossible_walks_say_why():
    grid = ((1.0, 2.0), (3.0, 4.0))
    with pytest.raises(GeometryError, match="kernel 2 dilated to 4 exceeds input 2"):
        sweep(Params((grid,), (Filter((grid,)),), dilation=3))
    with pytest.raises(GeometryError, match="the input has 1 channels, the filters have 2"):
        sweep(Params((grid,), (Filter((grid, grid)),)))
