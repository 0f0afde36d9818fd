r"""What a convolution costs, and how long the output of a pooling layer is: by counting, and as torch has it.

Letters as in `convolution`. Source: Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning" (arXiv
1603.07285), sections 2 and 3; the documentation of torch.nn.MaxPool1d for the rule on the last window.
"""

from dataclasses import replace

import torch
from sympy import Eq, Integer, Piecewise, Symbol, ceiling, floor, symbols
from torch import nn
from torch.nn.functional import max_pool1d
from torch.utils.flop_counter import FlopCounterMode

from core.derivations.checks import Definition, Identity, Matches, Sampled, integers
from core.derivations.convolution import (
    EXTENT,
    GEOMETRY,
    GUIDE,
    K1,
    K2,
    SIZE,
    C,
    F,
    Values,
    W,
    d,
    extent,
    g,
    k,
    n,
    o,
    p,
    s,
)
from core.derivations.step import Derivation, Step

H, V = symbols("o_1 o_2", integer=True, positive=True)
"""Rows and columns of the output."""
M = Symbol("M", integer=True, positive=True)
BYTES = 4
"""Of a 32-bit float."""

_COSTS = {K1: integers(1, 4), K2: integers(1, 4), C: integers(1, 6), F: integers(1, 6), g: integers(1, 3)}
_COSTS |= {H: integers(1, 6), V: integers(1, 6)}


def conv_cost() -> Derivation:
    """Multiply-adds and memory of a convolution."""
    sampled = Sampled(_COSTS, lambda values: values[C] % values[g] == 0 and values[F] % values[g] == 0, 30)
    weights = (W, K1 * K2 * C / g)
    weighted = replace(sampled, given=(weights,))
    example = ((M, W * F * H * V), weights, (K1, 5), (K2, 5), (C, 3), (F, 10), (g, 1), (H, 196), (V, 196))
    return Derivation(
        "What a convolution costs",
        "Whole numbers where g divides C and F; those drawn have kernels up to 4 x 4, C, F and the output up to 6.",
        f"{GUIDE}, section 2; torch.utils.flop_counter",
        (
            Step(W, K1 * K2 * C / g, "Each filter has so many weights, as the parameters' count says.", Definition()),
            Step(
                M,
                W * F * H * V,
                "Every weight of a filter is multiplied once for each cell of its map, and the product is added: that "
                "is one *multiply-add*. There are $F$ maps of $o_1 \\times o_2$ cells. Biases are left out, as is "
                "usual.",
                Matches(_multiply_adds, "`torch.utils.flop_counter` (half of its operations)", weighted),
            ),
            Step(
                M,
                K1 * K2 * C * F * H * V / g,
                "With the weights put in: the work grows with the picture, the parameters do not.",
                Identity(((M, W * F * H * V), weights)),
            ),
            Step(
                Symbol(r"\text{bytes}", positive=True),
                BYTES * F * H * V,
                "The output of one example takes 4 bytes for each cell of each map, as 32-bit floats.",
                Matches(lambda values: _run(values).nbytes, "the output of `torch.nn.Conv2d`", sampled),
            ),
            Step(
                M,
                Integer(28_812_000),
                "The example: 10 filters of 5 x 5 on 3 channels, 196 x 196 cells.",
                Identity(example),
            ),
        ),
    )


def _layer(values: Values) -> tuple[nn.Conv2d, torch.Tensor]:
    sizes = {symbol: int(values[symbol]) for symbol in _COSTS}
    layer = nn.Conv2d(sizes[C], sizes[F], (sizes[K1], sizes[K2]), groups=sizes[g], device="meta")
    shape = (1, sizes[C], sizes[H] + sizes[K1] - 1, sizes[V] + sizes[K2] - 1)
    return layer, torch.empty(shape, device="meta")


def _run(values: Values) -> torch.Tensor:
    layer, x = _layer(values)
    with torch.no_grad():
        return layer(x)


def _multiply_adds(values: Values) -> float:
    with FlopCounterMode(display=False) as counter:
        _run(values)
    return counter.get_total_flops() / 2


PADDED = n + 2 * p - extent
UP = ceiling(PADDED / s) + 1
"""Windows, if the last may hang over the end."""
CEIL = UP - Piecewise((1, (UP - 1) * s >= n + p), (0, True))
_FIELDS = {symbol: GEOMETRY[symbol] for symbol in (n, k, s, p, d)}


def conv_pooling() -> Derivation:
    """The length of a pooling layer's output, rounded down and rounded up."""
    dilated = (extent, EXTENT)
    sampled = Sampled(_FIELDS, _allowed, 200, given=(dilated,))
    halves = (dilated, (k, 2), (s, 2), (p, 0), (d, 1))
    return Derivation(
        "How large a pooling layer's output is",
        "Whole numbers where the window fits and the padding is at most half of the kernel, as torch wants it: n up "
        "to 40, k up to 7, s up to 4, p and d up to 3.",
        f"{GUIDE}, section 3; torch.nn.MaxPool1d",
        (
            Step(
                o,
                SIZE,
                "A window that takes a maximum or a mean walks as a kernel does. A last window that does not fit is "
                "left out (*floor mode*).",
                Matches(lambda values: _pooled(values, ceil=False), "`torch.nn.functional.max_pool1d`", sampled),
            ),
            Step(
                o,
                CEIL,
                "In *ceil mode* it may hang over the end, as long as it begins before the padding behind the input: "
                "one that sees padding alone is left out.",
                Matches(
                    lambda values: _pooled(values, ceil=True),
                    "`torch.nn.functional.max_pool1d` with `ceil_mode=True`",
                    sampled,
                ),
            ),
            Step(
                UP - SIZE,
                Piecewise((0, Eq(PADDED % s, 0)), (1, True)),
                "Rounded up instead of down, one window more, unless the stride divides what is left exactly.",
                Sampled(_FIELDS, _allowed, 200, given=(dilated,)),
            ),
            Step(
                SIZE,
                floor(n / 2),
                "The pooling of most networks, 2 x 2 with stride 2: half of the cells. An odd one at the end is lost.",
                Sampled({n: integers(2, 400)}, samples=200, given=halves),
            ),
        ),
    )


def _allowed(values: Values) -> bool:
    reach = EXTENT.xreplace(values)
    return 2 * values[p] <= values[k] and values[n] + 2 * values[p] >= reach


def _pooled(values: Values, ceil: bool) -> float:
    sizes = {symbol: int(values[symbol]) for symbol in _FIELDS}
    x = torch.zeros(1, 1, sizes[n])
    return max_pool1d(x, sizes[k], sizes[s], sizes[p], sizes[d], ceil_mode=ceil).shape[-1]
