"""A map on its picture: torch's interpolation, nothing where the network saw nothing, and honest colours."""

import struct
from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from torch.nn import functional as F

from core.cam.overlay import blend, on_picture, png

SIDE = st.integers(1, 9)
LENGTH = st.integers(1, 40)
SEED = st.integers(0, 10_000)
RAMP = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 7)], axis=1).astype(np.uint8)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def interpolated(grid: np.ndarray, size: tuple[int, int], mode: str) -> np.ndarray:
    options = {"align_corners": False} if mode == "bilinear" else {}
    return F.interpolate(torch.from_numpy(grid)[None, None], size, mode=mode, **options)[0, 0].numpy()


@settings(max_examples=100, deadline=None)
@given(h=SIDE, w=SIDE, height=LENGTH, width=LENGTH, seed=SEED)
def test_smooth_over_the_whole_picture_is_bilinear_interpolation(h, w, height, width, seed):
    grid = noise(h, w, seed=seed)
    got = on_picture(grid, (height, width), (0, 0, width, height))
    assert got.dtype == np.float32
    assert_allclose(got, interpolated(grid, (height, width), "bilinear"), rtol=0, atol=1e-5)


@settings(max_examples=100, deadline=None)
@given(h=SIDE, w=SIDE, height=LENGTH, width=LENGTH, seed=SEED)
def test_plain_over_the_whole_picture_is_the_nearest_cell(h, w, height, width, seed):
    grid = noise(h, w, seed=seed)
    got = on_picture(grid, (height, width), (0, 0, width, height), smooth=False)

    def clear(cells, pixels):  # a pixel whose centre lies on the border of two cells may have either
        return [i for i in range(pixels) if (2 * i + 1) * cells % (2 * pixels)]

    inner = np.ix_(clear(h, height), clear(w, width))
    assert_array_equal(got[inner], interpolated(grid, (height, width), "nearest-exact")[inner])
    assert np.isin(got, grid).all()


@given(h=SIDE, w=SIDE, up=st.integers(1, 5), across=st.integers(1, 5))
def test_whole_multiples_repeat_the_cells(h, w, up, across):
    grid = noise(h, w)
    got = on_picture(grid, (h * up, w * across), (0, 0, w * across, h * up), smooth=False)
    assert_array_equal(got, interpolated(grid, (h * up, w * across), "nearest"))
    assert_array_equal(got, grid.repeat(up, 0).repeat(across, 1))


@pytest.mark.parametrize("mode", ["bilinear", "nearest-exact"])
@settings(max_examples=80, deadline=None)
@given(data=st.data(), height=LENGTH, width=LENGTH, seed=SEED)
def test_in_a_crop_the_map_is_interpolated_and_outside_there_is_nothing(mode, data, height, width, seed):
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    bottom, right = data.draw(st.integers(top + 1, height)), data.draw(st.integers(left + 1, width))
    h, w = (3, 4) if mode == "bilinear" else (bottom - top, right - left)  # a cell for each pixel has no ties
    grid = noise(h, w, seed=seed)
    got = on_picture(grid, (height, width), (left, top, right, bottom), smooth=mode == "bilinear")
    expected = np.full((height, width), np.nan, np.float32)
    expected[top:bottom, left:right] = interpolated(grid, (bottom - top, right - left), mode)
    assert_allclose(got, expected, rtol=0, atol=1e-5)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), h=SIDE, w=SIDE, seed=SEED, smooth=st.booleans())
def test_a_box_of_fractions_of_pixels_against_plain_loops(data, h, w, seed, smooth):
    height, width, grid = 12, 9, noise(h, w, seed=seed)
    # Fractions of 1/7 and sides away from k/14 keep pixel centres off the borders between cells.
    top, left = data.draw(st.integers(0, 30)) / 7, data.draw(st.integers(0, 20)) / 7
    bottom, right = top + data.draw(st.integers(20, 50)) / 7 + 0.011, left + data.draw(st.integers(20, 40)) / 7 + 0.011
    got = on_picture(grid, (height, width), (left, top, right, bottom), smooth)
    for i, j in np.ndindex(height, width):
        v, u = (i + 0.5 - top) / (bottom - top) * h, (j + 0.5 - left) / (right - left) * w  # in cells
        if not (0 <= v <= h and 0 <= u <= w):
            assert np.isnan(got[i, j])
        elif smooth:  # hats about the cells' centres; the outermost reach to the border
            v, u = np.clip(v - 0.5, 0, h - 1), np.clip(u - 0.5, 0, w - 1)
            hats = np.outer(np.maximum(0, 1 - abs(np.arange(h) - v)), np.maximum(0, 1 - abs(np.arange(w) - u)))
            assert got[i, j] == pytest.approx((hats * grid).sum(), abs=1e-5)
        elif min(v % 1, 1 - v % 1, u % 1, 1 - u % 1) > 1e-9:
            assert got[i, j] == grid[int(v), int(u)]


@settings(max_examples=60, deadline=None)
@given(h=SIDE, w=SIDE, height=LENGTH, width=LENGTH, seed=SEED, smooth=st.booleans())
def test_no_value_beyond_the_maps_own(h, w, height, width, seed, smooth):
    grid = noise(h, w, seed=seed)
    got = on_picture(grid, (height, width), (0, 0, width, height), smooth)
    assert got.min() >= grid.min() - 1e-6
    assert got.max() <= grid.max() + 1e-6
    mirrored = on_picture(grid[:, ::-1], (height, width), (0, 0, width, height))
    assert_allclose(mirrored[:, ::-1], on_picture(grid, (height, width), (0, 0, width, height)), atol=1e-5)


def test_no_opacity_is_the_picture_and_full_opacity_the_colours():
    below, values = picture(5, 6), np.linspace(0, 1, 30, dtype=np.float32).reshape(5, 6)
    assert_array_equal(blend(below, values, RAMP, (0, 1), 0), below)
    expected = RAMP[np.rint(values.astype(float) * 255).astype(int)]
    assert_array_equal(blend(below, values, RAMP, (0, 1), 1), expected)


@pytest.mark.parametrize("level", [0.0, -3.5, 2e30])
def test_a_blank_map_has_the_first_colour(level):
    got = blend(picture(3, 4), np.full((3, 4), level, np.float32), RAMP, (level, level), 1)
    assert (got == RAMP[0]).all()


def test_where_the_limits_coincide_every_value_has_the_first_colour():
    assert (blend(picture(3, 4), noise(3, 4), RAMP, (0, 0), 1) == RAMP[0]).all()


@settings(max_examples=80, deadline=None)
@given(seed=SEED, opacity=st.floats(0, 1), low=st.floats(-2, 2), span=st.floats(0, 3), entries=st.integers(1, 256))
def test_colours_mix_without_wrapping_and_what_was_not_seen_stays(seed, opacity, low, span, entries):
    span = max(span, 0.1)
    below, values, lut = picture(6, 7, seed=seed), 3 * noise(6, 7, seed=seed), RAMP[:entries]
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.inf, -np.inf
    kept = below.copy()
    got = blend(below, values, lut, (low, low + span), opacity)
    assert got.dtype == np.uint8
    assert got.shape == below.shape
    assert_array_equal(below, kept)
    for i, j in np.ndindex(6, 7):
        if not np.isfinite(values[i, j]):
            assert_array_equal(got[i, j], below[i, j])
            continue
        nearest = min(max((float(values[i, j]) - low) / ((low + span) - low), 0), 1) * (entries - 1)
        # Either colour at a tie between two entries.
        ends = lut[[int(np.ceil(nearest - 0.5 - 0.01)), int(np.floor(nearest + 0.5 + 0.01))]]
        mixed = (1 - opacity) * below[i, j].astype(float) + opacity * ends.astype(float)
        assert (abs(got[i, j] - mixed) <= 0.5 + 1e-3).all(axis=1).any()
        assert (got[i, j] >= np.minimum(below[i, j], ends.min(0))).all()
        assert (got[i, j] <= np.maximum(below[i, j], ends.max(0))).all()


def test_the_brightest_colours_on_the_brightest_picture_stay_bright():
    white = np.full((2, 2, 3), 255, np.uint8)
    for opacity in np.linspace(0, 1, 101):
        assert (blend(white, np.ones((2, 2), np.float32), white[0], (0, 1), float(opacity)) == 255).all()


@settings(max_examples=40, deadline=None)
@given(height=LENGTH, width=LENGTH, seed=SEED)
def test_png_holds_the_pixels_and_nothing_else(height, width, seed):
    pixels = picture(height, width, seed=seed)
    data = png(pixels)
    image = Image.open(BytesIO(data))
    assert_array_equal(np.asarray(image), pixels)
    assert (image.format, image.mode, image.info, dict(image.getexif())) == ("PNG", "RGB", {}, {})
    names, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        names.append(data[at + 4 : at + 8])
        at += 12 + length
    assert names[0] == b"IHDR"
    assert names[-1] == b"IEND"
    assert set(names[1:-1]) == {b"IDAT"}
