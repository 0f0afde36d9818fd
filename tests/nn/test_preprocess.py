"""What a network is fed: torchvision's numbers, and a box that says which part of the picture they are."""

from functools import cache
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from core.nn.preprocess import ASPECT_LIMIT, Preprocessing, feed

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDES = st.integers(1, 90)


KEPT: list[torch.library.Library] = []


@cache
def torchvision_transforms() -> ModuleType:
    """torchvision's transforms; its wheel imports beside a CPU torch once two operators are known."""
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    KEPT.append(library)  # the operators live as long as it does
    return pytest.importorskip("torchvision.transforms", exc_type=ImportError)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ramps(width: int, height: int) -> np.ndarray:
    """Red tells the column and green the row of a pixel: both sides at most 256."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, 0 * x], axis=2).astype(np.uint8)


@settings(max_examples=150, deadline=None)
@given(width=SIDES, height=SIDES, short_side=st.integers(1, 60), data=st.data())
def test_equals_torchvision(width, height, short_side, data):
    transforms = torchvision_transforms()
    crop = data.draw(st.integers(1, short_side))
    picture = noise(width, height)
    theirs = transforms.Compose(
        [
            transforms.ToPILImage(),
            transforms.Resize(short_side),
            transforms.CenterCrop(crop),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )(picture)
    ours = feed(picture, Preprocessing(short_side, crop, MEAN, STD)).x
    assert_allclose(ours[0], theirs, rtol=0, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(width=st.integers(24, 256), height=st.integers(24, 256), crop=st.none() | st.integers(8, 24))
def test_the_box_is_where_the_input_comes_from(width, height, crop):
    fed = feed(ramps(width, height), Preprocessing(24, crop, MEAN, STD))
    left, top, right, bottom = fed.box
    h, w = fed.pixels.shape[:2]
    column = left + (np.arange(w) + 0.5) * (right - left) / w - 0.5
    row = top + (np.arange(h) + 0.5) * (bottom - top) / h - 0.5
    inner = slice(1, -1)  # at the picture's border the filter is cut off and looks inward
    assert_allclose(fed.pixels[h // 2, inner, 0], column[inner], atol=0.75)
    assert_allclose(fed.pixels[inner, w // 2, 1], row[inner], atol=0.75)


@settings(max_examples=150, deadline=None)
@given(width=SIDES, height=SIDES, short_side=st.integers(1, 60))
def test_without_a_crop_the_whole_picture_is_kept_up_to_the_aspect_limit(width, height, short_side):
    fed = feed(noise(width, height), Preprocessing(short_side, None, MEAN, STD))
    left, top, right, bottom = fed.box
    assert (right - left, bottom - top) == (min(width, ASPECT_LIMIT * height), min(height, ASPECT_LIMIT * width))
    assert abs(left - (width - right)) <= 1
    assert abs(top - (height - bottom)) <= 1
    h, w = fed.pixels.shape[:2]
    assert min(h, w) == short_side
    assert max(h, w) <= ASPECT_LIMIT * short_side


@pytest.mark.parametrize(
    ("size", "sides", "shape", "box"),
    [
        ((500, 375), (256, 224), (224, 224), (58 * 500 / 341, 16 * 375 / 256, 282 * 500 / 341, 240 * 375 / 256)),
        ((256, 256), (256, 224), (224, 224), (16, 16, 240, 240)),
        ((640, 480), (32, 32), (32, 32), (5 * 640 / 42, 0, 37 * 640 / 42, 480)),
        ((640, 480), (240, None), (240, 320), (0, 0, 640, 480)),
        ((1000, 100), (50, None), (50, 150), (350, 0, 650, 100)),
        ((100, 1000), (50, None), (150, 50), (0, 350, 100, 650)),
    ],
)
def test_boxes_computed_by_hand(size, sides, shape, box):
    fed = feed(noise(*size), Preprocessing(sides[0], sides[1], MEAN, STD))
    assert fed.x.shape == (1, 3, *shape)
    assert_allclose(fed.box, box)


def test_the_input_is_the_pixels_normalised():
    picture = noise(48, 48)
    fed = feed(picture, Preprocessing(48, 48, MEAN, STD))
    assert_array_equal(fed.pixels, picture)
    assert_allclose(fed.x[0].permute(1, 2, 0), (picture / 255 - MEAN) / STD, atol=1e-6)
    assert fed.x.dtype == torch.float32


def test_a_read_only_picture_is_taken_and_nothing_shared_is_written():
    picture = noise(40, 30)
    picture.flags.writeable = False
    fed = feed(picture, Preprocessing(30, None, MEAN, STD))
    before = fed.pixels.copy()
    fed.x.zero_()
    assert_array_equal(fed.pixels, before)
    assert not fed.pixels.flags.writeable


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((4, 4, 3)), "got float64 of shape"),
        (np.zeros((4, 4), np.uint8), r"\(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
    ],
)
def test_what_is_no_picture_is_refused(picture, said):
    with pytest.raises(ValueError, match=said):
        feed(picture, Preprocessing(4, 4, MEAN, STD))


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0, None, MEAN, STD), "got 0"),
        ((224, 256, MEAN, STD), "short_side = 224; got 256"),
        ((224, 0, MEAN, STD), "got 0"),
        ((224, 224, MEAN, (1.0, 1.0, 0.0)), "deviations"),
    ],
)
def test_impossible_numbers_are_refused(numbers, said):
    with pytest.raises(ValueError, match=said):
        Preprocessing(*numbers)
