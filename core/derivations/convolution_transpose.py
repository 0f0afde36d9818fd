r"""The transposed convolution is the transpose of the convolution's matrix, and so is a convolution's gradient.

One axis and one channel: a kernel w of 3 weights, input x, output y. Letters of sizes as in
`core.derivations.convolution`.

Source: Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning" (arXiv 1603.07285), section 4;
Goodfellow, Bengio, Courville 2016, Deep Learning, section 9.5.
"""

from collections.abc import Sequence

import torch
from sympy import Derivative, Expr, Function, MatrixSymbol, Mod, S, Symbol, Transpose, symbols
from sympy.matrices import ImmutableDenseMatrix
from sympy.matrices.expressions import MatMul
from torch import Tensor
from torch.nn.functional import conv1d, conv_transpose1d

from core.derivations.checks import Definition, Identity, Matches, Sampled, integers, numbers
from core.derivations.convolution import EXTENT, GEOMETRY, GUIDE, SIZE, Values, d, extent, fits, k, n, o, p, s
from core.derivations.step import Derivation, Side, Step

KERNEL = 3

r = Symbol("r", integer=True, nonnegative=True)
"""What the stride leaves over at the end of the input; torch calls it output_padding."""
FULL = (o - 1) * s - 2 * p + extent + r


def letters(name: str, count: int) -> tuple[Symbol, ...]:
    """x_1 to x_count, real."""
    return symbols(f"{name}_1:{count + 1}", real=True)


w = letters("w", KERNEL)


def convolved(x: Sequence[Expr], stride: int) -> list[Side]:
    """At each place of the kernel the sum of its products."""
    return [sum((w[j] * x[at + j] for j in range(KERNEL)), S.Zero) for at in range(0, len(x) - KERNEL + 1, stride)]


def scattered(y: Sequence[Expr], stride: int) -> list[Side]:
    """Each value of y adds the kernel, times it, to the cells that it came from."""
    cells: list[Side] = [S.Zero] * ((len(y) - 1) * stride + KERNEL)
    for i, value in enumerate(y):
        for j in range(KERNEL):
            cells[i * stride + j] += w[j] * value
    return cells


def matrix(cells: int, stride: int) -> ImmutableDenseMatrix:
    """The convolution of so many cells as a matrix: one row for each place of the kernel."""
    starts = range(0, cells - KERNEL + 1, stride)
    return ImmutableDenseMatrix(
        [[w[j - at] if 0 <= j - at < KERNEL else 0 for j in range(cells)] for at in starts],
    )


def column(values: Sequence[Side]) -> ImmutableDenseMatrix:
    """The values as a column vector."""
    return ImmutableDenseMatrix(list(values))


def conv_transpose() -> Derivation:
    """What a transposed convolution computes, and the size of its output."""
    x, y = letters("x", 5), letters("y", 2)
    wide = matrix(5, 2)
    there, back = convolved(x, 2), scattered(y, 2)
    named = [MatrixSymbol(name, length, 1) for name, length in (("x", 5), ("y", 2), ("c", 2), ("z", 5))]
    left_over = n + 2 * p - extent - (o - 1) * s
    sizes = {symbol: GEOMETRY[symbol] for symbol in (k, s, p, d)} | {o: integers(1, 12), r: integers(0, 3)}
    dilated = (extent, EXTENT)
    return Derivation(
        "A transposed convolution is the convolution's matrix, transposed",
        "All weights and inputs, for 3 weights on 5 cells with stride 2 and on 4 cells with stride 1; sizes drawn have "
        "k up to 7, s up to 4, p and d up to 3.",
        f"{GUIDE}, section 4",
        (
            Step(
                column(there),
                MatMul(wide, column(x)),
                "A convolution is linear in its input $x$, so it is a matrix. Here a kernel of three "
                "weights $w$ lies on five cells, with stride 2. Each row holds the kernel at one of its places.",
                Identity(),
            ),
            Step(
                MatMul(wide.T, column(y)),
                column(back),
                "Its transpose takes two numbers $y$ to five cells. Each $y_i$ adds the kernel, times $y_i$, to the "
                "cells that it would have come from. This is the transposed convolution.",
                Identity(),
            ),
            Step(
                MatMul(Transpose(named[1]), named[2]),
                MatMul(Transpose(named[3]), named[0]),
                "What makes it the transpose. $\\mathbf{c}$ is the convolution of $\\mathbf{x}$, and $\\mathbf{z}$ the "
                "transposed convolution of $\\mathbf{y}$: both products are the same number. But $\\mathbf{z}$ is no "
                "inverse: a transposed convolution of $\\mathbf{c}$ does not give $\\mathbf{x}$ back.",
                Identity(tuple(zip(named, map(column, (x, y, there, back)), strict=True))),
            ),
            Step(
                MatMul(Transpose(named[3]), named[0]),
                sum((one * other for one, other in zip(x, back, strict=True)), S.Zero),
                "This product, with what torch computes for $\\mathbf{z}$, at stride 2.",
                Matches(
                    lambda values: _transposed(values, x, y),
                    "`torch.nn.functional.conv_transpose1d`",
                    _anywhere(*w, *x, *y),
                ),
            ),
            Step(
                MatMul(matrix(4, 1).T, column(y)),
                column(scattered(y, 1)),
                "With stride 1 the kernels overlap in more cells.",
                Identity(),
            ),
            Step(
                left_over,
                Mod(n + 2 * p - extent, s),
                "Now its size. Of $n$ cells with padding $p$ a convolution makes $o$; $k'$ is what its kernel covers. "
                "After the last place of the kernel there remain fewer than $s$ cells: call them $r$.",
                Sampled(GEOMETRY, fits, given=((o, SIZE), dilated)),
            ),
            Step(
                n,
                FULL,
                "Solved for $n$: the size of the transposed convolution's output. $o$ alone does not tell $r$, so one "
                "has to choose it (`output_padding`).",
                Identity(((r, left_over),)),
            ),
            Step(
                SIZE,
                o,
                "Back again: a convolution of that many cells gives $o$, for each $r < s$.",
                Sampled(sizes, lambda values: values[r] < values[s], given=((n, FULL), dilated)),
            ),
            Step(
                n,
                FULL.subs(extent, EXTENT),
                "With $k' = d (k - 1) + 1$ put in: the formula of `torch.nn.ConvTranspose1d`.",
                Matches(_length, "`torch.nn.functional.conv_transpose1d`", Sampled(sizes, _has_length)),
            ),
        ),
    )


def _anywhere(*names: Symbol) -> Sampled:
    return Sampled({name: numbers(-2, 2) for name in names}, samples=20)


def _vector(values: Values, names: Sequence[Symbol]) -> Tensor:
    return torch.tensor([[[float(values[name]) for name in names]]], dtype=torch.float64)


def _transposed(values: Values, x: Sequence[Symbol], y: Sequence[Symbol]) -> float:
    z = conv_transpose1d(_vector(values, y), _vector(values, w), stride=2)
    return float((_vector(values, x) * z).sum())


def _has_length(values: Values) -> bool:
    return bool(values[r] < values[s] and FULL.xreplace({extent: EXTENT}).xreplace(dict(values)) > 0)


def _length(values: Values) -> float:
    stride, padding, dilation, over = (int(values[symbol]) for symbol in (s, p, d, r))
    kernel, y = torch.ones(1, 1, int(values[k])), torch.ones(1, 1, int(values[o]))
    return float(conv_transpose1d(y, kernel, None, stride, padding, over, 1, dilation).shape[2])


def conv_gradient() -> Derivation:
    """The gradient of a loss by a convolution's weights and by its input."""
    x, g, v, u = letters("x", 4), letters("g", 2), letters("v", KERNEL), letters("u", 4)
    sums = convolved(x, 1)
    made = [Function(f"y_{i}", real=True)(*w, *x) for i in (1, 2)]
    loss = Function("L", real=True)(*made)
    by_output = MatrixSymbol("g", 1, 2)
    by_weights, outputs_by_weights = _by("L", "w", 1, 3), _by(r"\mathbf{y}", "w", 2, 3)
    by_input, outputs_by_input = _by("L", "x", 1, 4), _by(r"\mathbf{y}", "x", 2, 4)
    known = tuple(
        (Derivative(value, variable), products.diff(variable))
        for value, products in zip(made, sums, strict=True)
        for variable in (*w, *x)
    )
    named = tuple((loss.diff(value), name) for value, name in zip(made, g, strict=True))
    entries = (
        (by_output, ImmutableDenseMatrix([[loss.diff(value) for value in made]])),
        (by_weights, ImmutableDenseMatrix([[loss.diff(variable) for variable in w]])),
        (by_input, ImmutableDenseMatrix([[loss.diff(variable) for variable in x]])),
        (outputs_by_weights, ImmutableDenseMatrix([[value.diff(variable) for variable in w] for value in made])),
        (outputs_by_input, ImmutableDenseMatrix([[value.diff(variable) for variable in x] for value in made])),
    )
    weights_side = [sum((g[i] * x[i + j] for i in range(2)), S.Zero) for j in range(KERNEL)]
    input_side = scattered(g, 1)
    return Derivation(
        "The gradient of a convolution is a convolution",
        "Every smooth loss L of two outputs, for 3 weights on 4 cells with stride 1.",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, section 9.5",
        (
            Step(
                MatrixSymbol("y", 2, 1),
                column(sums),
                "A kernel of three weights $w$ on four cells $x$ gives two outputs $y$.",
                Definition(),
            ),
            Step(
                by_weights,
                MatMul(by_output, outputs_by_weights),
                "The loss $L$ is any smooth function of $y$. Its gradient by the outputs is the row $\\mathbf{g}$: "
                "$g_i = \\partial L / \\partial y_i$. The chain rule: a row times a Jacobian.",
                Identity(entries),
            ),
            Step(
                by_weights,
                ImmutableDenseMatrix([weights_side]),
                "The derivative of $y_i$ by $w_j$ is the cell that $w_j$ stood on. So the gradient by the kernel is "
                "a convolution too: $\\mathbf{g}$ slides over the input.",
                Identity((*entries, *known, *named)),
            ),
            Step(
                by_input,
                MatMul(ImmutableDenseMatrix([g]), matrix(4, 1)),
                "The same rule for the input: its Jacobian is the convolution's matrix itself.",
                Identity((*entries, *known, *named)),
            ),
            Step(
                by_input,
                ImmutableDenseMatrix([input_side]),
                "So the gradient by the input is the transposed convolution of $\\mathbf{g}$.",
                Identity((*entries, *known, *named)),
            ),
            Step(
                MatMul(by_weights, MatrixSymbol("v", 3, 1)),
                sum((one * other for one, other in zip(weights_side, v, strict=True)), S.Zero),
                "Held against torch, along a random direction $\\mathbf{v}$ of the weights.",
                Matches(
                    lambda values: _autograd(values, w, v, x, g), "`torch.autograd.grad`", _anywhere(*w, *x, *g, *v)
                ),
            ),
            Step(
                MatMul(by_input, MatrixSymbol("u", 4, 1)),
                sum((one * other for one, other in zip(input_side, u, strict=True)), S.Zero),
                "And along a random direction $\\mathbf{u}$ of the input.",
                Matches(
                    lambda values: _autograd(values, x, u, x, g), "`torch.autograd.grad`", _anywhere(*w, *x, *g, *u)
                ),
            ),
        ),
    )


def _by(value: str, variable: str, rows: int, columns: int) -> MatrixSymbol:
    return MatrixSymbol(rf"\frac{{\partial {value}}}{{\partial \mathbf{{{variable}}}}}", rows, columns)


def _autograd(
    values: Values, by: Sequence[Symbol], along: Sequence[Symbol], x: Sequence[Symbol], g: Sequence[Symbol]
) -> float:
    """The gradient of g y by the weights or the input, times a direction."""
    kernel, cells = _vector(values, w).requires_grad_(), _vector(values, x).requires_grad_()
    (gradient,) = torch.autograd.grad(conv1d(cells, kernel), kernel if by is w else cells, _vector(values, g))
    return float((gradient * _vector(values, along)).sum())
