r"""Sizes of a convolution: its output, its parameters, and how much of the input one cell sees.

Letters as in torch: n cells of input along one axis, kernel size k, stride s, padding p on both sides, dilation d, g
groups; C channels, F filters. Every formula is held against a real layer at random arguments.

Source: Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning" (arXiv 1603.07285), sections 2 and
5; Araujo, Norris, Sim 2019, "Computing receptive fields of convolutional neural networks" (Distill).
"""

from collections.abc import Mapping

import sympy
import torch
from sympy import Function, Max, Symbol, ceiling, floor, symbols
from sympy.matrices import ImmutableDenseMatrix
from torch import Tensor, nn
from torch.nn.functional import conv1d

from core.derivations.checks import Definition, Identity, Matches, Sampled, integers
from core.derivations.step import Derivation, Side, Step
from core.nn.stages import count_parameters

GUIDE = "Dumoulin, Visin 2016, arXiv 1603.07285"

n, k, s, d, o = symbols("n k s d o", integer=True, positive=True)
p, P = symbols("p P", integer=True, nonnegative=True)
extent = Symbol(r"k^{\prime}", integer=True, positive=True)
"""Input cells from a kernel's first weight to its last."""
EXTENT = d * (k - 1) + 1
SIZE = floor((n + 2 * p - extent) / s) + 1

K1, K2, C, F, g = symbols("K_1 K_2 C F g", integer=True, positive=True)
W, N = symbols("W N", integer=True, positive=True)

Values = Mapping[Symbol, Side]

GEOMETRY = {n: integers(1, 40), k: integers(1, 7), s: integers(1, 4), p: integers(0, 3), d: integers(1, 3)}


def fits(values: Values) -> bool:
    """Whether the kernel has a place on the padded input."""
    return values[n] + 2 * values[p] >= EXTENT.xreplace(values)


def conv_output() -> Derivation:
    """The length of a convolution's output along one axis."""
    known = (o, SIZE)
    dilated = (extent, EXTENT)
    example = (known, dilated, (n, 200), (k, 5), (s, 1), (p, 0), (d, 1), (F, 10))
    same = ((P, Max((o - 1) * s + extent - n, 0)), (o, ceiling(n / s)), dilated)
    return Derivation(
        "How large a convolution's output is",
        "Whole numbers where the kernel fits: any in the steps that are proved; n up to 40, k up to 7, s up to 4, p "
        "and d up to 3 in those that are sampled.",
        f"{GUIDE}, sections 2 and 5.1",
        (
            Step(
                extent,
                EXTENT,
                "A kernel of $k$ weights with dilation $d$ has its weights $d$ cells apart. From the first to the last "
                "it covers $k'$ cells of the input.",
                Matches(_extent, "`torch.nn.functional.conv1d`", Sampled(GEOMETRY, fits, 100)),
            ),
            Step(
                o,
                SIZE,
                "The input has $n$ cells, with $p$ more on both sides. The kernel starts at $0, s, 2s, \\dots$ ($s$ is "
                "the stride) as long as its $k'$ cells fit. Count the starts: $o$ of them, one for each output cell.",
                Matches(_starts, "counting the starts one by one", Sampled(GEOMETRY, fits, 200, given=(dilated,))),
            ),
            Step(
                o,
                SIZE.subs(extent, EXTENT),
                "With $k'$ put in: the formula of `torch.nn.Conv2d`, which holds for height and width alike.",
                Matches(_length, "`torch.nn.functional.conv1d`", Sampled(GEOMETRY, fits, 200)),
            ),
            Step(
                o,
                n - extent + 1,
                "No padding ('valid', $p = 0$), at stride 1.",
                Identity((known, (p, 0), (s, 1))),
            ),
            Step(
                o,
                n,
                "Padding that keeps the size at stride 1: $2p = k' - 1$. If $k'$ is even, one side gets a cell more.",
                Identity((known, (s, 1), (p, (extent - 1) / 2))),
            ),
            Step(
                floor((n + P - extent) / s) + 1,
                ceiling(n / s),
                "'same' at stride $s$ (Keras) pads by $P = \\max(0, (\\lceil n/s \\rceil - 1) s + k' - n)$ in all, so "
                "that the output has $\\lceil n/s \\rceil$ cells. It keeps the size at stride 1 only.",
                Sampled({symbol: GEOMETRY[symbol] for symbol in (n, k, s, d)}, samples=200, given=same),
            ),
            Step(
                ImmutableDenseMatrix([[o, o, F]]),
                ImmutableDenseMatrix([[196, 196, 10]]),
                "An example: an input of 200 x 200 cells and 3 channels, and $F = 10$ filters of 5 x 5, with $s = 1$, "
                "$p = 0$, $d = 1$. Height, width and channels of the output:",
                Identity(example),
            ),
        ),
    )


def _length(values: Values) -> float:
    return float(_convolved(torch.ones(1, 1, int(values[n])), values, int(values[p])).shape[2])


def _extent(values: Values) -> float:
    """Measured without padding, of which no gradient tells."""
    x = torch.ones(1, 1, 40, requires_grad=True)
    return _span(_convolved(x, values, 0), x)


def _convolved(x: Tensor, values: Values, padding: int) -> Tensor:
    """One layer with weights 1."""
    kernel = torch.ones(1, 1, int(values[k]))
    return conv1d(x, kernel, stride=int(values[s]), padding=padding, dilation=int(values[d]))


def _span(out: Tensor, x: Tensor) -> float:
    """From the first cell of `x` that the first cell of `out` depends on to the last."""
    (gradient,) = torch.autograd.grad(out[0, 0, 0], x)
    cells = gradient.flatten().nonzero()
    return float(cells.max() - cells.min() + 1)


def _starts(values: Values) -> float:
    cells = int(values[n] + 2 * values[p])
    step, last = int(values[s]), cells - int(EXTENT.xreplace(values))
    return float(sum(start % step == 0 for start in range(last + 1)))


FILTERS = {K1: integers(1, 7), K2: integers(1, 7), C: integers(1, 12), F: integers(1, 12), g: integers(1, 4)}


def conv_parameters() -> Derivation:
    """How many numbers a convolution learns."""
    sampled = Sampled(FILTERS, lambda values: values[C] % values[g] == 0 and values[F] % values[g] == 0, 100)
    filters = (W, K1 * K2 * C / g)
    example = ((N, W * F + F), filters, (K1, 5), (K2, 5), (C, 3), (F, 10), (g, 1))
    return Derivation(
        "How many parameters a convolution has",
        "Whole numbers where g divides C and F; those drawn have kernels up to 7 x 7, C and F up to 12, g up to 4.",
        f"{GUIDE}, section 2; torch.nn.Conv2d",
        (
            Step(
                W,
                K1 * K2 * C / g,
                "A filter has a weight for each of its $K_1 \\times K_2$ places and each channel it sees. The $C$ "
                "channels of the input are split into $g$ groups, and a filter sees one group; commonly $g = 1$.",
                Matches(lambda values: _conv(values).weight[0].numel(), "`torch.nn.Conv2d`", sampled),
            ),
            Step(
                W * F,
                K1 * K2 * C * F / g,
                "$F$ filters, without biases (`bias=False`).",
                Matches(
                    lambda values: count_parameters(_conv(values, bias=False)),
                    "`torch.nn.Conv2d` with `bias=False`",
                    sampled,
                ),
            ),
            Step(
                N,
                K1 * K2 * C * F / g + F,
                "With one bias for each filter. The size of the input does not matter: the weights are shared by all "
                "places.",
                Matches(lambda values: count_parameters(_conv(values)), "`torch.nn.Conv2d`", sampled),
            ),
            Step(
                N,
                F * (W + 1),
                "In other words: each filter brings its weights and one bias.",
                Identity(((N, K1 * K2 * C * F / g + F), filters)),
            ),
            Step(
                N,
                sympy.Integer(760),
                "An example: 3 channels and 10 filters of 5 x 5, so $5 \\cdot 5 \\cdot 3 \\cdot 10 + 10$.",
                Identity(example),
            ),
        ),
    )


def _conv(values: Values, bias: bool = True) -> nn.Conv2d:
    """The layer, without memory for its weights: nothing is drawn at random."""
    sizes = {symbol: int(values[symbol]) for symbol in FILTERS}
    return nn.Conv2d(sizes[C], sizes[F], (sizes[K1], sizes[K2]), groups=sizes[g], bias=bias, device="meta")


DEPTH = 3

_i = Symbol("i", integer=True, nonnegative=True)
_first, _last = Function("u")(_i), Function("v")(_i)
_before, _here = symbols("r_{l-1} j_{l-1}", integer=True, positive=True)
_sl, _kl = symbols(r"s_{l} k^{\prime}_{l}", integer=True, positive=True)


def _numbered(letter: str, first: int = 1) -> dict[int, Symbol]:
    return {i: Symbol(f"{letter}_{{{i}}}", integer=True, positive=True) for i in range(first, DEPTH + 1)}


_k, _s, _d, _extents = _numbered("k"), _numbered("s"), _numbered("d"), _numbered(r"k^{\prime}")
_r, _j = _numbered("r", 0), _numbered("j", 0)


def conv_receptive_field() -> Derivation:
    """How many input cells one cell of a stack of convolutions depends on."""
    start, end = _here * _sl * _i, _here * (_sl * _i + _kl - 1) + _before - 1
    cells = ((_first, start), (_last, end))
    layers = tuple((_r[i], _r[i - 1] + (_extents[i] - 1) * _j[i - 1]) for i in range(DEPTH, 0, -1))
    jumps = tuple((_j[i], _j[i - 1] * _s[i]) for i in range(DEPTH, 0, -1))
    dilated = tuple((_extents[i], _d[i] * (_k[i] - 1) + 1) for i in _extents)
    closed = 1 + (_extents[1] - 1) + (_extents[2] - 1) * _s[1] + (_extents[3] - 1) * _s[1] * _s[2]
    draws = (
        {_k[i]: integers(1, 4) for i in _k} | {_s[i]: integers(1, 3) for i in _s} | {_d[i]: integers(1, 3) for i in _d}
    )
    return Derivation(
        "How much of the input one cell sees",
        "Any sizes, and a stack of three layers; the sizes drawn have k up to 4, s and d up to 3.",
        "Araujo, Norris, Sim 2019, Computing receptive fields of convolutional neural networks, Distill",
        (
            Step(
                _first,
                start,
                "Layer $l$ lies on layer $l - 1$, of which a cell sees $r_{l-1}$ cells of the input, and a step to the "
                "next cell is a step of $j_{l-1}$ in the input. Cell $i$ of layer $l$ begins at cell $s_l i$ of the "
                "layer below ($s_l$ is its stride), so at this cell of the input:",
                Definition(),
            ),
            Step(
                _last,
                end,
                "Its kernel covers $k'_l$ cells of the layer below. The last of these sees up to this cell of the "
                "input:",
                Definition(),
            ),
            Step(
                _last - _first + 1,
                _before + (_kl - 1) * _here,
                "From first to last: this is $r_l$, the receptive field of layer $l$. It grows by the kernel, in steps "
                "of the layer below.",
                Identity(cells),
            ),
            Step(
                _first.subs(_i, _i + 1) - _first,
                _here * _sl,
                "The next cell begins so much further: this is $j_l$. Strides multiply.",
                Identity((*cells, (_first.subs(_i, _i + 1), start.subs(_i, _i + 1)))),
            ),
            Step(
                _r[DEPTH],
                closed,
                "Three layers, from $r_0 = 1$ and $j_0 = 1$ (a cell of the input sees itself). Each layer adds its "
                "$k'_l - 1$, times the strides of the layers below it; the last layer's stride does not matter.",
                Identity((*layers, *jumps, (_r[0], 1), (_j[0], 1))),
            ),
            Step(
                _r[DEPTH],
                closed,
                "The same, measured: from the first to the last cell of the input by which the gradient of one output "
                "cell is not 0. All weights are 1 there, and $k'_l = d_l (k_l - 1) + 1$ with kernel size $k_l$ and "
                "dilation $d_l$.",
                Matches(
                    _field,
                    "the gradient through three `torch.nn.functional.conv1d`",
                    Sampled(draws, samples=40, given=dilated),
                ),
            ),
        ),
    )


def _field(values: Values) -> float:
    x = torch.ones(1, 1, 128, requires_grad=True)  # at most 118 of them are seen by one cell
    out = x
    for i in _k:
        out = _convolved(out, {k: values[_k[i]], s: values[_s[i]], d: values[_d[i]]}, 0)
    return _span(out, x)
