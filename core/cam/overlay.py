"""A coarse map on the picture that it explains.

A map of h x w cells covers the network's input, and the input covers a box of the picture. The centre
of cell (i, j) lies at ((j + 1/2) / w, (i + 1/2) / h) of that box; between centres the value is bilinear,
as in `torch.nn.functional.interpolate(..., align_corners=False)`, or constant per cell (nearest).
"""

from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from core.nn.preprocess import Box


def on_picture(
    grid: Float[np.ndarray, "h w"], shape: tuple[int, int], box: Box, smooth: bool = True
) -> Float[np.ndarray, "H W"]:
    """The map's value at the centre of every pixel of a picture of `shape` (height, width).

    Pixels outside `box` are NaN: the network never saw them.
    """
    left, top, right, bottom = box
    height, width = shape
    rows = (np.arange(height) + 0.5 - top) / (bottom - top)
    columns = (np.arange(width) + 0.5 - left) / (right - left)
    values = _along(_along(grid, rows, smooth).T, columns, smooth).T
    outside = ((rows < 0) | (rows > 1))[:, None] | ((columns < 0) | (columns > 1))[None, :]
    return np.where(outside, np.nan, values).astype(np.float32)


def blend(
    picture: UInt8[np.ndarray, "H W 3"],
    values: Float[np.ndarray, "H W"],
    lut: UInt8[np.ndarray, "n 3"],
    limits: tuple[float, float],
    opacity: float,
) -> UInt8[np.ndarray, "H W 3"]:
    """Colours of `lut` for `values` between `limits`, laid over the picture with `opacity` (0 to 1).

    Where `values` is NaN the picture stays as it is. If the limits coincide (a blank map), every value
    has the first colour.
    """
    low, high = limits
    seen = np.isfinite(values)
    share = np.where(seen, values - low, 0.0) / (high - low) if high > low else np.zeros(values.shape)
    colours = lut[np.rint(np.clip(share, 0, 1) * (len(lut) - 1)).astype(np.intp)]
    mixed = (1 - opacity) * picture + opacity * colours
    return np.where(seen[..., None], np.rint(mixed), picture).astype(np.uint8)


def png(pixels: UInt8[np.ndarray, "H W 3"]) -> bytes:
    """The pixels as a PNG file, without any metadata."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def _along(grid: np.ndarray, at: np.ndarray, smooth: bool) -> np.ndarray:
    """Rows of `grid` at the fractions `at` of its height."""
    cells = len(grid)
    position = np.clip(at * cells - 0.5, 0, cells - 1)
    if not smooth:
        return grid[np.clip(np.floor(at * cells), 0, cells - 1).astype(np.intp)]
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, cells - 1)
    weight = (position - below)[:, None]
    return grid[below] * (1 - weight) + grid[above] * weight
