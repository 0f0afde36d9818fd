"""What one cell of a layer sees of a picture: the receptive field as a frame in it."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, ImageOps

from core.conv import Axis, Field, Layer, Shape, run
from core.conv.items import Network
from core.conv.layers import Branches
from core.labs.builder import lay_out

SHOWN_SIDE = 448
"""Longer side in pixels of a picture as the browser gets it."""

Span = tuple[int, int]
"""First cell, and the cell behind the last."""


@dataclass(frozen=True)
class Along:
    """What a cell sees along one axis.

    Attributes:
        cell, cells: which of how many cells of the layer.
        field: receptive field of the layer.
        n: cells of the input.
        inside: from the first cell of the input that it depends on to the last; (0, 0) where it sees only padding.
        read: how many cells it depends on; fewer than from the first to the last where windows leave some out.
    """

    cell: int
    cells: int
    field: Field
    n: int
    inside: Span
    read: int

    @property
    def whole(self) -> Span:
        """The field; partly outside of the input, where it reaches into padding."""
        seen = self.field.of(self.cell)
        return seen.start, seen.stop

    @property
    def middle(self) -> float:
        """Of the whole field, where pixel i reaches from i to i + 1."""
        first, stop = self.whole
        return (first + stop) / 2


@dataclass(frozen=True)
class Seen:
    """A cell of a layer and its part of the input.

    Attributes:
        number, words: which layer.
        rows, columns: where the cell is, and what it sees along both axes.
        url: the picture that is fed, as a data URL.
    """

    number: int
    words: str
    rows: Along
    columns: Along
    url: str = ""

    @property
    def share(self) -> float:
        """Part of the input's cells that the frame holds, from 0 to 1."""
        (top, bottom), (left, right) = self.rows.inside, self.columns.inside
        return (bottom - top) * (right - left) / (self.rows.n * self.columns.n)

    @property
    def holes(self) -> bool:
        """Whether cells between the first and the last are left out, by a dilation or a stride beyond the kernel."""
        return any(along.read < along.inside[1] - along.inside[0] for along in (self.rows, self.columns))


def see(network: Network, number: int, down: float, across: float, url: str = "") -> Seen | None:
    """What a cell of layer `number` sees; None for a layer whose cells see all, or that has no cells.

    Args:
        down, across: where the cell is, from 0 (the first one) to 1 (the last one).
        url: see `Seen`.
    """
    table = lay_out(network)
    cost = table.seeing.get(number)
    if cost is None:
        return None
    _, *cells = cost.shape
    chosen = [
        round(min(max(place, 0.0), 1.0) * (count - 1)) for place, count in zip((down, across), cells, strict=True)
    ]
    masks = [np.arange(count) == cell for cell, count in zip(chosen, cells, strict=True)]
    reached = depended(network.layers[:number], network.shape, masks)
    rows, columns = (
        Along(cell, count, field, len(mask), _span(mask), int(mask.sum()))
        for cell, count, field, mask in zip(chosen, cells, cost.fields, reached, strict=True)
    )
    return Seen(number, table.rows[number - 1].words, rows, columns, url)


Mask = Bool[np.ndarray, " n"]


def depended(layers: Sequence[Layer], shape: Shape, masks: Sequence[Mask]) -> list[Mask]:
    """Which cells of the input some cells of the last layer depend on, along each axis.

    It goes back from layer to layer, through every window, and drops what lies in padding.
    """
    shapes = [shape, *(cost.shape for cost in run(layers, shape))]
    masks = list(masks)
    for layer, before in zip(reversed(layers), reversed(shapes[:-1]), strict=True):
        if isinstance(layer, Branches):
            paths = [depended(path, before, masks) for path in layer.paths]
            masks = [np.any(along, axis=0) for along in zip(*paths, strict=True)]
        else:
            axes = layer.cost(before).axes
            masks = [_through(axis, mask) for axis, mask in zip(axes, masks, strict=True)] if axes else masks
    return masks


def _through(axis: Axis, mask: Mask) -> Mask:
    """Cells of the axis in the windows of the cells of its output."""
    starts = np.flatnonzero(mask) * axis.s - axis.before
    cells = (starts[:, None] + np.arange(axis.k) * axis.d).ravel()
    seen = np.zeros(axis.n, bool)
    seen[cells[(cells >= 0) & (cells < axis.n)]] = True
    return seen


def _span(mask: Mask) -> Span:
    where = np.flatnonzero(mask)
    return (int(where[0]), int(where[-1]) + 1) if len(where) else (0, 0)


def as_input(rgb: UInt8[np.ndarray, "h w 3"], shape: tuple[int, int, int]) -> str:
    """A picture as a network of this input shape is fed it, cut to its proportions, as a data URL.

    Cells of a small input stay visible as squares; a picture of one channel is grey.
    """
    channels, height, width = shape
    shrink = min(1.0, SHOWN_SIDE / max(height, width))
    fed = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    picture = ImageOps.fit(Image.fromarray(rgb), fed, Image.Resampling.BILINEAR)
    picture = picture.convert("L") if channels == 1 else picture
    grow = SHOWN_SIDE // max(fed)
    stream = BytesIO()
    if grow < 4:
        picture.save(stream, "JPEG", quality=88)
        return "data:image/jpeg;base64," + b64encode(stream.getvalue()).decode()
    picture.resize((fed[0] * grow, fed[1] * grow), Image.Resampling.NEAREST).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(stream.getvalue()).decode()
