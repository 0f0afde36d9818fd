"""Grids of a walk, as a canvas needs them, and the words that replace them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.figures.theme import GREY, SIGNED
from core.labs.convolution import Flipped, Responses, Walk


@dataclass(frozen=True, eq=False)
class Grid:
    """One grid of numbers.

    Attributes:
        name: of a channel or a filter.
        limits: values at the two ends of the colour scale.
        scale: a name that `core.figures.theme.lut` knows.
        alt: what it shows, in words.
        note: a sentence to stand below it.
    """

    name: str
    title: str
    values: Float[np.ndarray, "rows columns"]
    limits: tuple[float, float]
    scale: str
    alt: str
    note: str = ""


def input_grids(walk: Walk) -> list[Grid]:
    """The input with its padding, one grid for each channel, all on one scale."""
    found = walk.sweep
    low, high = min(0.0, float(found.padded.min())), float(found.padded.max())
    around = _around(walk)
    return [
        Grid(
            name,
            f"Input: {name}" if len(walk.channels) > 1 else "Input",
            values,
            (low, high),
            GREY,
            f"Input, {name}: {_range(_inside(walk, values))}{around} Grey from {low:g} (black) to {high:g} (white).",
        )
        for name, values in zip(walk.channels, found.padded, strict=True)
    ]


def output_grids(walk: Walk) -> list[Grid]:
    """The feature maps, each on its own scale: grey from 0, or signed where there are values below 0."""
    return [_map(name, f"Output: {name}", values) for name, values in zip(walk.maps, walk.sweep.output, strict=True)]


def response_grids(found: Responses) -> list[Grid]:
    """What each classical kernel makes of the input, on scales of their own."""
    told = zip(found.titles, found.maps, found.says, strict=True)
    return [_map(title, title, values, says) for title, values, says in told]


def flip_grids(found: Flipped) -> list[Grid]:
    """The kernel, and what the layer and a convolution make of one cell of 1."""
    return [
        _map("the first filter", "Kernel of filter 1", found.kernel),
        _map("one cell of 1 by the layer", "What the layer makes of the cell", found.layer),
        _map("one cell of 1 by a convolution", "What a convolution makes of it", found.convolution),
    ]


def _map(name: str, title: str, values: np.ndarray, note: str = "") -> Grid:
    alt = f"Values of {name}: {_range(values)} {_scale_in_words(values)}"
    return Grid(name, title, values, _limits(values), _scale(values), alt, note)


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if low >= 0:
        return 0.0, high or 1.0
    reach = max(-low, high)
    return -reach, reach


def _scale(values: np.ndarray) -> str:
    return GREY if values.min() >= 0 else SIGNED


def _scale_in_words(values: np.ndarray) -> str:
    low, high = _limits(values)
    if low >= 0:
        return f"Grey from 0 (black) to {high:.4g} (white)."
    return f"Green below 0, pale at 0, pink above, up to {high:.4g} either way."


def _range(values: np.ndarray) -> str:
    rows, columns = values.shape
    return f"{rows} rows, {columns} columns, values from {values.min():.4g} to {values.max():.4g}."


def _inside(walk: Walk, values: np.ndarray) -> np.ndarray:
    down, along = walk.sweep.down, walk.sweep.along
    return values[down.before : down.before + down.n, along.before : along.before + along.n]


def _around(walk: Walk) -> str:
    down, along = walk.sweep.down, walk.sweep.along
    sides: Sequence[int] = (down.before, down.after, along.before, along.after)
    if not any(sides):
        return ""
    return " Around it zeros: {} rows above, {} below, {} columns left, {} right.".format(*sides)
