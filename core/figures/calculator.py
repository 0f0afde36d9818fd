"""One axis of a layer, cell by cell: where windows start, what is padding, what is never touched."""

import numpy as np

from core.figures.scene import Axis, Dots, Layer, Line, Scene, Symbol
from core.figures.theme import EVIDENCE, MUTED, SERIES, STATE
from core.labs.calculator import Picture, Strip

_WINDOW = SERIES[4]


def axis_scenes(picture: Picture) -> list[Scene]:
    """The axis as a row of cells at the bottom, and above it one line for each window."""
    parts = [""] if len(picture.strips) == 1 else ["The first cells", "The last cells"]
    whole = "Windows along the axis"
    return [_scene(picture, strip, part or whole) for strip, part in zip(picture.strips, parts, strict=True)]


def _scene(picture: Picture, strip: Strip, title: str) -> Scene:
    first, last = int(strip.windows.min(initial=10**9)), int(strip.windows.max(initial=0))
    first = min(first, last)
    sides = ("output", "input") if picture.transposed else ("input", "output")
    layers = [*_row(picture, strip, first - 1.5), *_windows(picture, strip)]
    return Scene(
        title,
        Axis(f"cell of the {sides[0]} (its own: 0 to {strip.n - 1})", strip.low - 1, strip.high),
        Axis(f"cell of the {sides[1]} (one window each)", first - 2.5, last + 1),
        layers,
        axis_in_words(picture),
    )


def _outside(picture: Picture) -> str:
    return "cut off" if picture.transposed else "padding"


def _row(picture: Picture, strip: Strip, height: float) -> list[Layer]:
    """The cells themselves."""
    cells = np.arange(strip.low, strip.high)
    inside = (cells >= 0) & (cells < strip.n)
    added = ~inside & (cells < strip.n + picture.axis.after)
    verb = "written" if picture.transposed else "read"
    own = "output" if picture.transposed else "input"
    never = f"never {verb}: bias only" if picture.transposed else f"never {verb}"
    kinds: tuple[tuple[np.ndarray, str, str, Symbol], ...] = (
        (inside & (strip.reads > 0), STATE, own, "square"),
        (inside & (strip.reads == 0), EVIDENCE, never, "cross"),
        (added, MUTED, _outside(picture), "ring"),
        (~inside & ~added, MUTED, "beyond the padding: left out", "triangle"),
    )
    found: list[Layer] = []
    for chosen, colour, name, symbol in kinds:
        if chosen.any():
            points = np.stack([cells[chosen], np.full(int(chosen.sum()), height)], axis=1)
            pairs = zip(cells[chosen], strip.reads[chosen], strict=True)
            labels = tuple(f"{name}, cell {cell}: {verb} by {reads} windows" for cell, reads in pairs)
            found.append(Dots(points, colour, name, symbol=symbol, size=5.0, labels=labels))
    return found


def _windows(picture: Picture, strip: Strip) -> list[Layer]:
    """A line from each window's first cell to its last, with a disc on every cell that meets a weight."""
    if not len(strip.windows):
        return []
    ends = strip.taps[:, [0, -1]].clip(strip.low - 1, strip.high)
    rows = np.full((len(strip.windows), 3, 2), np.nan)
    rows[:, :2, 0] = ends
    rows[:, :2, 1] = strip.windows[:, None]
    cells, windows = strip.taps.ravel(), np.repeat(strip.windows, strip.taps.shape[1])
    drawn = (cells >= strip.low) & (cells < strip.high)
    inside = drawn & (cells >= 0) & (cells < strip.n)
    layers: list[Layer] = [Line(rows.reshape(-1, 2), _WINDOW, "window", width=1.4)]
    outside = "weight on a cell that is cut off" if picture.transposed else "weight outside the input"
    kinds: tuple[tuple[np.ndarray, str, str, Symbol], ...] = (
        (inside, _WINDOW, "weight on a cell", "disc"),
        (drawn & ~inside, MUTED, outside, "ring"),
    )
    for chosen, colour, name, symbol in kinds:
        if chosen.any():
            layers.append(Dots(np.stack([cells, windows], axis=1)[chosen], colour, name, symbol=symbol, size=3.0))
    return layers


def axis_in_words(picture: Picture) -> str:
    """The picture's text alternative."""
    axis = picture.axis
    cells = axis.size if picture.transposed else axis.n
    if picture.transposed:
        what = (
            f"{axis.n} windows, one for each cell of the input, write into {axis.size} cells of output; {axis.before} "
            f"cells are cut off before and {axis.after} behind it."
        )
    else:
        what = (
            f"{axis.size} windows, one for each cell of the output, read {axis.n} cells of input with {axis.before} "
            f"cells of padding before and {axis.after} behind."
        )
    start = -axis.before
    starts = ", ".join(str(start + i * axis.s) for i in range(min(3, axis.n if picture.transposed else axis.size)))
    never = cells - picture.touched
    verb = "written" if picture.transposed else "read"
    return (
        f"{what} A window has {axis.k} weights and spans {axis.extent} cells. Windows start at cell {starts} and so "
        f"on, {axis.s} apart. {never} of {cells} cells are never {verb}."
    )
