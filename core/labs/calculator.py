"""One layer counted: its sizes along each axis, its numbers and products, in Keras and in PyTorch."""

from dataclasses import dataclass, replace
from math import prod
from typing import Literal

import numpy as np
from jaxtyping import Int

from core.conv.arithmetic import Axis, GeometryError, extent
from core.conv.layers import Conv, ConvTranspose, Layer, Pool, Shape
from core.conv.programs import AXES, Calls, Windowed, keras_program, last, torch_module, torch_program
from core.conv.programs_keras import keras_calls
from core.conv.programs_torch import cropped, torch_calls
from core.conv.summary import Row, summary

Kind = Literal["conv", "transposed", "max", "average"]
KINDS: dict[str, str] = {
    "conv": "convolution",
    "transposed": "transposed convolution",
    "max": "max pooling",
    "average": "average pooling",
}
WORDS = ("valid", "same")
WHOLE = 40
"""An axis of at most so many cells is drawn whole."""
PART = 18
"""Cells of each end of a longer one."""


@dataclass(frozen=True)
class Params:
    """A layer and its input.

    Attributes:
        shape: of the input, channels first, such as (3, 200, 200).
        kernel, stride, dilation, output_padding: one number for each axis.
        padding: 'valid' or 'same' as Keras means them, or the cells at both ends of each axis.
        activation: of `core.conv.programs.ACTIVATIONS`, or none.
        ceil: of pooling: the last window may hang over.
    """

    kind: Kind = "conv"
    shape: Shape = (3, 200, 200)
    filters: int = 10
    kernel: tuple[int, ...] = (5, 5)
    stride: tuple[int, ...] = (1, 1)
    padding: Literal["valid", "same"] | tuple[int, ...] = "valid"
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1
    bias: bool = True
    activation: str = ""
    ceil: bool = False
    output_padding: tuple[int, ...] = (0, 0)

    @property
    def pooling(self) -> bool:
        """Whether nothing is learned."""
        return self.kind in {"max", "average"}


@dataclass(frozen=True)
class Along:
    """The layer along one axis; the letters of `core.conv.arithmetic`.

    Attributes:
        before, after: cells added, or cut off by a transposed convolution.
        more: a transposed convolution's output padding r.
        sees: cells of the input that a cell of the output depends on, from first to last; at most.
        unused: cells at the end that no window reaches.
    """

    n: int
    k: int
    s: int
    d: int
    extent: int
    before: int
    after: int
    more: int
    size: int
    sees: int
    unused: int


@dataclass(frozen=True)
class Count:
    """What a layer costs; `error` says why there is none, and then the rest is empty.

    Attributes:
        shape: of the output, channels first.
        weights, biases: numbers that are learned.
        multiply_adds: for one example.
        values: numbers in the output of one example; 4 bytes each.
    """

    params: Params
    error: str = ""
    shape: Shape = ()
    axes: tuple[Along, ...] = ()
    weights: int = 0
    biases: int = 0
    multiply_adds: int = 0

    @property
    def parameters(self) -> int:
        """All that is learned."""
        return self.weights + self.biases

    @property
    def values(self) -> int:
        """Numbers in the output of one example."""
        return prod(self.shape)


def layer_of(params: Params) -> Windowed:
    """The layer as the engine knows it, with Keras' words."""
    if params.kind == "conv":
        geometry = (params.kernel, params.stride, params.padding, params.dilation)
        return Conv(params.filters, *geometry, params.groups, params.bias, "keras")
    if params.kind == "transposed":
        more = 0 if isinstance(params.padding, str) else params.output_padding
        geometry = (params.kernel, params.stride, params.padding, more, params.dilation)
        return ConvTranspose(params.filters, *geometry, params.groups, params.bias)
    dialect = "keras" if params.padding == "same" else "torch"  # the word is Keras', the limit on numbers torch's
    # Rounding up does not belong to a word of Keras
    ceil = params.ceil and params.padding != "same"
    return Pool(params.kind, params.kernel, params.stride, params.padding, ceil, dialect)


def count(params: Params) -> Count:
    """Sizes and costs of the layer, or the reason why there is no such layer."""
    layer = layer_of(params)
    try:
        cost = layer.cost(params.shape)
    except GeometryError as error:
        reason = str(error)
        for number, name in enumerate(AXES[len(params.shape) - 1].split(", "), 1):
            reason = reason.replace(f"axis {number}:", f"axis {number}, {name}:")
        return Count(params, error=reason)
    biases = 0 if isinstance(layer, Pool) else layer.filters * layer.bias
    along = [_windowed(axis) for axis in cost.axes] if cost.axes else _written(params, cost.shape)
    return Count(params, "", cost.shape, tuple(along), cost.trainable - biases, biases, cost.multiply_adds)


def _windowed(axis: Axis) -> Along:
    given = (axis.n, axis.k, axis.s, axis.d, axis.extent, axis.before, axis.after)
    return Along(*given, more=0, size=axis.size, sees=axis.extent, unused=axis.unused)


def _written(params: Params, shape: Shape) -> list[Along]:
    """A transposed convolution's axes: what it cuts off and adds, by torch's formula."""
    found = []
    for index, (n, size) in enumerate(zip(params.shape[1:], shape[1:], strict=True)):
        k, s, d = params.kernel[index], params.stride[index], params.dilation[index]
        e = extent(k, d)
        if isinstance(params.padding, str):
            before, after = cropped(e, s) if params.padding == "same" else (0, 0)
        else:
            before = after = params.padding[index]
        more = size - ((n - 1) * s + e - before - after)
        written = (n - 1) * s + e - before
        found.append(Along(n, k, s, d, e, before, after, more, size, _span(k, s, d), max(size - written, 0)))
    return found


def _span(k: int, s: int, d: int) -> int:
    """Cells of the input from the first to the last that meet in one cell of a transposed convolution's output."""
    spans = []
    for phase in range(s):
        taps = [j * d for j in range(k) if (phase - j * d) % s == 0]
        spans.append((taps[-1] - taps[0]) // s + 1 if taps else 0)
    return max(spans)


@dataclass(frozen=True)
class Program:
    """The layer in one dialect.

    Attributes:
        source: empty where there is no such layer.
        shown: what the dialect itself prints of it: Keras' summary, or torch's repr.
        notes: what it cannot do, or does otherwise.
    """

    source: str
    shown: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Programs:
    """The layer in both."""

    keras: Program
    torch: Program


def programs(params: Params) -> Programs:
    """The layer, one that `count` has no error for, as programs."""
    layer, found = layer_of(params), count(params)
    sizes = (params.shape, found.shape, found.parameters)
    here = torch_calls(layer, params.shape, params.activation)
    there = keras_calls(layer, params.shape, params.activation)
    return Programs(
        Program(
            keras_program(there.calls, *sizes) if there.calls else "",
            summary(_rows(there, params, found)) if there.calls else "",
            there.notes,
        ),
        Program(
            torch_program(here.calls, *sizes) if here.calls else "",
            repr(torch_module(here.calls)) if here.calls else "",
            here.notes,
        ),
    )


def _rows(calls: Calls, params: Params, found: Count) -> list[Row]:
    """The shapes behind each of Keras' layers."""
    rows, shape = [], params.shape
    for call in calls.calls:
        learned = 0
        if call.name.startswith(("ZeroPadding", "Cropping")):
            sign = 1 if call.name.startswith("Zero") else -1
            pairs = call.given[0] if len(shape) > 2 else (call.given[0],)
            cells = (n + sign * sum(pair) for n, pair in zip(shape[1:], pairs, strict=True))
            shape = (params.shape[0] if sign > 0 else params.filters, *cells)
        elif call is calls.calls[-1]:
            shape = found.shape
        else:
            shape = _before_the_last(params, shape)
        if call.name.startswith("Conv"):
            learned = found.parameters
        rows.append(Row(call.name, last(shape), learned))
    return rows


def _before_the_last(params: Params, shape: Shape) -> Shape:
    """What comes out of a layer that is cropped or thinned out afterwards."""
    layer: Layer = layer_of(params)
    if isinstance(layer, ConvTranspose):
        return replace(layer, padding=0).cost(shape).shape
    assert isinstance(layer, Conv)  # pooling stands last
    return replace(layer, padding="valid", stride=1).cost(shape).shape


@dataclass(frozen=True, eq=False)
class Strip:
    """One end of an axis, or all of it, cell by cell: the input's, or the output's of a transposed convolution.

    Attributes:
        low, high: the first cell that is drawn, and the one behind the last.
        n: cells of the axis without its padding; those below 0 and from n on are padding (or cut off).
        reads: for each cell drawn, how many windows touch it.
        windows: numbers of the windows drawn, by the cell of the other side that each belongs to.
        taps: for each of these windows its cells.
    """

    low: int
    high: int
    n: int
    reads: Int[np.ndarray, " cells"]
    windows: Int[np.ndarray, " w"]
    taps: Int[np.ndarray, "w k"]


@dataclass(frozen=True)
class Picture:
    """One axis, drawn: whole, or its two ends."""

    axis: Along
    transposed: bool
    strips: tuple[Strip, ...]
    touched: int
    """Cells of the axis, padding apart, that at least one window touches."""


def picture(params: Params, number: int) -> Picture:
    """Where the windows start along an axis; `number` counts from 0."""
    axis = count(params).axes[number]
    transposed = params.kind == "transposed"
    cells, places = (axis.size, axis.n) if transposed else (axis.n, axis.size)
    starts = np.arange(places) * axis.s - axis.before
    taps = starts[:, None] + np.arange(axis.k) * axis.d
    low, high = -axis.before, max(cells + axis.after, int(taps.max()) + 1)
    reads = np.bincount(taps.ravel() - low, minlength=high - low)
    inside = reads[axis.before : axis.before + cells]
    bounds = [(low, high)] if high - low <= WHOLE else [(low, low + PART), (high - PART, high)]
    strips = []
    for index, (first, behind) in enumerate(bounds):
        fits = (taps[:, 0] < behind) if index == 0 else (taps[:, -1] >= first)
        chosen = np.flatnonzero(fits)
        chosen = chosen if len(bounds) == 1 else chosen[:PART] if index == 0 else chosen[-PART:]
        strips.append(Strip(first, behind, cells, reads[first - low : behind - low], chosen, taps[chosen]))
    return Picture(axis, transposed, tuple(strips), int((inside > 0).sum()))
