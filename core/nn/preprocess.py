r"""From a picture to what a network is fed, and from the network's input back to the picture.

The usual evaluation transform of ImageNet networks: resize so that the shorter side is
`short_side` pixels (bilinear, antialiased), cut the central square of `crop` pixels, divide by 255
and normalise each channel, :math:`x = (p / 255 - \mu) / \sigma`. Resizing is Pillow's, because the
published weights were evaluated on Pillow's pixels; the result equals torchvision's
``Resize``, ``CenterCrop``, ``ToTensor``, ``Normalize`` on a PIL image.

A crop is silent: heat drawn over the input says nothing about what was cut off. So `Fed.box` keeps
the region of the picture that the input covers, and a map can be laid over the whole picture.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch import Tensor

ASPECT_LIMIT = 3
"""Without a square crop, a picture longer than this many times its width loses its ends."""

Box = tuple[float, float, float, float]
"""(left, top, right, bottom) in pixels; pixel (i, j) covers (j, i, j + 1, i + 1)."""


@dataclass(frozen=True)
class Preprocessing:
    """How a network wants its pictures: the numbers that were used when it was trained."""

    short_side: int
    """Length of the shorter side after resizing, in pixels."""
    crop: int | None
    """Side of the central square that is kept; None keeps the whole picture."""
    mean: tuple[float, float, float]
    """Subtracted from red, green and blue on the scale 0 to 1."""
    std: tuple[float, float, float]
    """Divides red, green and blue after that."""

    def __post_init__(self) -> None:
        if self.short_side < 1:
            raise ValueError(f"`short_side` must be at least 1; got {self.short_side}")
        if self.crop is not None and not 1 <= self.crop <= self.short_side:
            raise ValueError(f"`crop` must lie between 1 and short_side = {self.short_side}; got {self.crop}")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ValueError(f"three means and three positive deviations are needed; got {self.mean} and {self.std}")


@dataclass(frozen=True, eq=False)
class Fed:
    """A picture as a network sees it."""

    x: Float32[Tensor, "1 3 h w"]
    """The network's input, normalised."""
    box: Box
    """The region of the picture that `x` covers, in the picture's pixels."""
    pixels: UInt8[np.ndarray, "h w 3"]
    """The same region before normalisation, pixel for pixel under `x`; read-only."""


def feed(picture: UInt8[np.ndarray, "h w 3"], preprocessing: Preprocessing) -> Fed:
    """Resize, crop and normalise one RGB picture.

    With ``crop=None`` the aspect is kept, except that a picture longer than `ASPECT_LIMIT` to 1 is
    first cut to its centre, so that the input has at most ``ASPECT_LIMIT * short_side ** 2`` pixels.

    >>> plain = Preprocessing(short_side=4, crop=4, mean=(0.0,) * 3, std=(1.0,) * 3)
    >>> feed(np.zeros((10, 20, 3), np.uint8), plain).box
    (5.0, 0.0, 15.0, 10.0)

    Raises:
        ValueError: an array that is not uint8 of shape (h, w, 3), or is empty.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture must be uint8 of shape (h, w, 3); got {picture.dtype} of shape {picture.shape}")
    height, width = picture.shape[:2]
    left, top = 0, 0
    if preprocessing.crop is None:
        kept_width = min(width, ASPECT_LIMIT * height)
        kept_height = min(height, ASPECT_LIMIT * width)
        left, top = _margin(width, kept_width), _margin(height, kept_height)
        picture = picture[top : top + kept_height, left : left + kept_width]
        height, width = kept_height, kept_width

    new_width, new_height = resized(width, height, preprocessing.short_side)
    image = Image.fromarray(np.ascontiguousarray(picture))
    image = image.resize((new_width, new_height), Image.Resampling.BILINEAR)

    crop_left, crop_top, crop_width, crop_height = 0, 0, new_width, new_height
    if preprocessing.crop is not None:
        crop_width = crop_height = preprocessing.crop
        crop_left, crop_top = _margin(new_width, crop_width), _margin(new_height, crop_height)
        image = image.crop((crop_left, crop_top, crop_left + crop_width, crop_top + crop_height))

    # The two axes have scales of their own: the longer side was rounded down to whole pixels.
    box = (
        left + crop_left * width / new_width,
        top + crop_top * height / new_height,
        left + (crop_left + crop_width) * width / new_width,
        top + (crop_top + crop_height) * height / new_height,
    )
    pixels = np.array(image)
    x = normalise(pixels, preprocessing)
    pixels.flags.writeable = False
    return Fed(x, box, pixels)


def resized(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Width and height once the shorter side is `short_side`; the longer is rounded down, as torchvision does.

    >>> resized(500, 375, 256)
    (341, 256)
    """
    if width <= height:
        return short_side, int(short_side * height / width)
    return int(short_side * width / height), short_side


def normalise(pixels: UInt8[np.ndarray, "h w 3"], preprocessing: Preprocessing) -> Float32[Tensor, "1 3 h w"]:
    """(p / 255 - mean) / std, channels first."""
    # A copy: torch warns of arrays that it may not write to.
    p = torch.from_numpy(pixels.transpose(2, 0, 1).copy()).to(torch.float32)  # (3, h, w)
    mean = torch.tensor(preprocessing.mean, dtype=torch.float32).view(3, 1, 1)
    std = torch.tensor(preprocessing.std, dtype=torch.float32).view(3, 1, 1)
    return ((p / 255 - mean) / std).unsqueeze(0)


def _margin(size: int, kept: int) -> int:
    """Pixels before the kept centre; half a pixel goes to the even side, as in torchvision's CenterCrop."""
    return round((size - kept) / 2)
