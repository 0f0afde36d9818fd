r"""A kernel's walk over an input: every window, every product, every cell of the output.

What a layer computes is the cross-correlation (nothing is flipped), for filter f at row i, column j:
:math:`y_{fij} = b_f + \sum_c \sum_u \sum_v w_{fcuv}\, x_{c,\; is + ud - p,\; js + vd - p}`
with x = 0 in the padding. Letters as in `core.conv.arithmetic`.

Source: Goodfellow, Bengio, Courville 2016, Deep Learning, section 9.1 (equation 9.6) and 9.5; torch.nn.Conv2d.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from core.conv.arithmetic import Axis, GeometryError, Padding, walk
from core.conv.kernels import Weights

Grids = tuple[Weights, ...]
"""One grid of numbers for each channel."""


@dataclass(frozen=True)
class Filter:
    """One filter: a kernel for each channel of the input, and a bias."""

    weights: Grids
    bias: float = 0.0


@dataclass(frozen=True, repr=False)
class Params:
    """An input and the layer that walks over it.

    Attributes:
        cells: the input, one grid for each channel.
        filters: each makes one feature map.
        padding: 'same' as Keras has it, also for strides above 1.
    """

    cells: Grids
    filters: tuple[Filter, ...]
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1

    def __repr__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:  # of thousands of numbers, and a page's caches ask for it again and again
        parts = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self))
        return f"Params({parts})"


@dataclass(frozen=True, eq=False)
class Frame:
    """The kernel at one of its places.

    Attributes:
        index: of all frames, filter after filter, row after row.
        filter, row, column: the cell of the output.
        window, products: (C, K1, K2).
        value: of that cell: the sum of the products, plus the bias.
    """

    index: int
    filter: int
    row: int
    column: int
    window: np.ndarray
    products: np.ndarray
    value: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """All frames of a walk.

    Attributes:
        padded: (C, H, W), the input with zeros around it.
        kernels: (F, C, K1, K2).
        biases: (F,).
        down, along: the kernel along the rows and along the columns.
        windows: (rows, columns, C, K1, K2), what the kernel covers at each place; a view of `padded`.
        output: (F, rows, columns).
    """

    params: Params
    padded: np.ndarray = field(repr=False)
    kernels: np.ndarray = field(repr=False)
    biases: np.ndarray = field(repr=False)
    down: Axis
    along: Axis
    windows: np.ndarray = field(repr=False)
    output: np.ndarray = field(repr=False)

    @property
    def frames(self) -> int:
        """How many there are: one for each cell of the output."""
        return self.output.size

    def frame(self, index: int) -> Frame:
        """One of them.

        Raises:
            IndexError: there is none of this number.
        """
        if not 0 <= index < self.frames:
            raise IndexError(f"expected a frame from 0 to {self.frames - 1}, got {index}")
        f, i, j = (int(each) for each in np.unravel_index(index, self.output.shape))
        window = self.windows[i, j]
        return Frame(index, f, i, j, window, window * self.kernels[f], float(self.output[f, i, j]))


def sweep(params: Params) -> Sweep:
    """Every window, product and sum of a layer's walk over its input, in one go.

    Raises:
        GeometryError: the kernel has no place on the input, or its channels are not the input's.
    """
    x = np.array(params.cells, float)  # (C, h, w)
    w = np.array([one.weights for one in params.filters], float)  # (F, C, K1, K2)
    b = np.array([one.bias for one in params.filters], float)
    if w.shape[1] != x.shape[0]:
        raise GeometryError(f"the input has {x.shape[0]} channels, the filters have {w.shape[1]}")
    down, along = walk(x.shape[1:], w.shape[2:], params.stride, params.padding, params.dilation, "keras")
    padded = np.pad(x, ((0, 0), (down.before, down.after), (along.before, along.after)))
    covered = np.lib.stride_tricks.sliding_window_view(padded, (down.extent, along.extent), (1, 2))
    s, d = params.stride, params.dilation
    windows = np.moveaxis(covered[:, ::s, ::s, ::d, ::d], 0, 2)  # (rows, columns, C, K1, K2)
    products = windows * w[:, None, None]  # (F, rows, columns, C, K1, K2)
    return Sweep(params, padded, w, b, down, along, windows, products.sum((3, 4, 5)) + b[:, None, None])
