"""A kernel's walk over an input as a learner sets it up, and what follows from it.

Sources: Goodfellow, Bengio, Courville 2016, Deep Learning, chapter 9; Dumoulin, Visin 2016 (arXiv 1603.07285).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from core.conv import Axis, Cost, GeometryError
from core.conv import walk as walk_along
from core.conv.arithmetic import Padding
from core.conv.kernels import KERNELS, Weights
from core.conv.layers import Conv
from core.conv.sweep import Filter, Grids, Sweep, sweep
from core.conv.sweep import Params as SweepParams
from core.images import Picture

EXAMPLE = Conv(10, 5)
"""The layer of the example: 10 filters of 5 x 5."""
EXAMPLE_INPUT = (3, 200, 200)
STRIDES = (1, 2, 3, 4)
FLAT = 5.0
"""Brightness of the flat region of the prediction."""


@dataclass(frozen=True)
class Params:
    """What stands on screen.

    Attributes:
        channels, maps: names of the input's channels and of the filters' maps.
    """

    sweep: SweepParams
    channels: tuple[str, ...]
    maps: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Walk:
    """All frames, with the names of what they show."""

    sweep: Sweep
    channels: tuple[str, ...]
    maps: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why there is no walk."""

    reason: str


def walk(params: Params) -> Walk | Refusal:
    """All frames of the walk, or why the kernel cannot walk."""
    try:
        return Walk(sweep(params.sweep), params.channels, params.maps)
    except GeometryError as error:
        return Refusal(str(error).replace("axis 1: ", "along the rows, ").replace("axis 2: ", "along the columns, "))


def by_torch(params: SweepParams) -> np.ndarray:
    """The output maps (F, rows, columns) as torch's layer computes them, with the same padding put around first."""
    found = sweep(params)
    y = F.conv2d(
        torch.from_numpy(found.padded.copy())[None],
        torch.from_numpy(found.kernels),
        torch.from_numpy(found.biases),
        stride=params.stride,
        dilation=params.dilation,
    )
    return y[0].numpy()


def greatest_gap(params: SweepParams) -> float:
    """Largest difference of any frame's number from torch's."""
    return float(np.abs(sweep(params).output - by_torch(params)).max())


def example() -> Cost:
    """What the example's layer makes of its input, and what it costs."""
    return EXAMPLE.cost(EXAMPLE_INPUT)


@dataclass(frozen=True, eq=False)
class Flipped:
    """The layer's answer beside the convolution's.

    Attributes:
        kernel: (K1, K2).
        layer, convolution: what both make of one cell of 1 among zeros, (K1, K2).
        gap: the largest difference of both on the input on screen, for the first filter; 0 up to rounding.
        unchanged: whether half a turn leaves the filter as it is.
        channels: of the input; the kernel is that of the first.
    """

    kernel: np.ndarray
    layer: np.ndarray
    convolution: np.ndarray
    gap: float
    unchanged: bool
    channels: int


def flipped(params: SweepParams) -> Flipped:
    """torch's layer with the first filter as it is, and turned by half a turn: the latter is a convolution."""
    first = params.filters[0]
    kernel = torch.tensor(first.weights[0], dtype=torch.float64)
    rows, columns = kernel.shape
    dot = torch.zeros(2 * rows - 1, 2 * columns - 1, dtype=torch.float64)
    dot[rows - 1, columns - 1] = 1
    one, other = (F.conv2d(dot[None, None], w[None, None])[0, 0].numpy() for w in (kernel, kernel.flip(0, 1)))
    turned = tuple(tuple(row[::-1] for row in grid[::-1]) for grid in first.weights)
    here, there = (
        sweep(replace(params, filters=(Filter(weights, first.bias),))).output for weights in (first.weights, turned)
    )
    alike = np.allclose(here, there, rtol=0, atol=1e-12 * float(np.abs(here).max()))
    gap = 0.0 if alike else float(np.abs(here - there).max())
    return Flipped(kernel.numpy(), one, other, gap, turned == first.weights, len(params.cells))


@dataclass(frozen=True)
class Flat:
    """A kernel on a region of one brightness: (its name, the sum of its weights, the output there)."""

    rows: tuple[tuple[str, float, float], ...]


def flat() -> Flat:
    """All classical kernels on cells that are all `FLAT`."""
    cells = (((FLAT,) * 5,) * 5,)
    found = []
    for name, kernel in KERNELS.items():
        output = sweep(SweepParams(cells, (Filter((kernel.weights,)),))).output
        assert np.ptp(output) < 1e-9, "one brightness in, one brightness out"
        found.append((name, kernel.total, round(float(output[0, 0, 0]), 9) + 0.0))
    return Flat(tuple(found))


@dataclass(frozen=True, eq=False)
class Responses:
    """What each classical kernel makes of the input: its title, what it responds to, its map."""

    titles: tuple[str, ...]
    says: tuple[str, ...]
    maps: tuple[np.ndarray, ...]


def responses(cells: Grids) -> Responses:
    """The mean over the channels, kept in size by zeros around it only where the input is smaller than a kernel."""
    small = min(len(cells[0]), len(cells[0][0])) < 5
    maps = []
    for kernel in KERNELS.values():
        share: Weights = tuple(tuple(weight / len(cells) for weight in row) for row in kernel.weights)
        params = SweepParams(cells, (Filter((share,) * len(cells)),), padding="same" if small else "valid")
        maps.append(sweep(params).output[0].round(9) + 0.0)
    kernels = KERNELS.values()
    return Responses(tuple(kernel.title for kernel in kernels), tuple(kernel.says for kernel in kernels), tuple(maps))


@dataclass(frozen=True)
class Sizes:
    """Columns of the output at each stride.

    Attributes:
        along: the kernel along the columns, as on screen.
        asked: the stride of the prediction: one more than on screen, or one less at the end of the slider.
        columns: (stride, columns).
    """

    along: Axis
    asked: int
    columns: tuple[tuple[int, int], ...]

    @property
    def right(self) -> int:
        """Columns at the stride asked for."""
        return dict(self.columns)[self.asked]


def sizes(along: Axis, padding: Padding) -> Sizes:
    """The same walk at every stride; 'same' pads for each stride anew."""
    asked = along.s + 1 if along.s < STRIDES[-1] else along.s - 1
    walks = (walk_along((along.n,), along.k, s, padding, along.d, "keras")[0] for s in STRIDES)
    return Sizes(along, asked, tuple((axis.s, axis.size) for axis in walks))


def parameters(params: SweepParams) -> int:
    """Numbers that the layer on screen learns."""
    weights = params.filters[0].weights
    layer = Conv(len(params.filters), (len(weights[0]), len(weights[0][0])), padding="same", dialect="keras")
    return layer.cost((len(params.cells), len(params.cells[0]), len(params.cells[0][0]))).trainable


def reduced(picture: Picture, longest: int, colour: bool) -> Grids:
    """A picture in few cells: brightness from 0 to 255, or one grid for each of red, green and blue.

    Args:
        longest: cells of its longer side.
    """
    image = Image.fromarray(picture.rgb)
    scale = longest / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    pixels = np.asarray((image if colour else image.convert("L")).resize(size, Image.Resampling.BOX), float)
    grids = np.atleast_3d(pixels).transpose(2, 0, 1)
    return tuple(tuple(map(tuple, grid)) for grid in grids.tolist())


def of_one_size(kernels: tuple[Grids, ...]) -> tuple[Grids, ...]:
    """Kernels with zeros around the smaller ones, as the filters of one layer need it; an odd zero goes behind."""
    rows, columns = (max(values) for values in zip(*((len(k[0]), len(k[0][0])) for k in kernels), strict=True))
    return tuple(tuple(_framed(grid, rows, columns) for grid in kernel) for kernel in kernels)


def _framed(grid: Weights, rows: int, columns: int) -> Weights:
    down, along = rows - len(grid), columns - len(grid[0])
    around = ((down // 2, down - down // 2), (along // 2, along - along // 2))
    return tuple(map(tuple, np.pad(np.array(grid, float), around).tolist()))
