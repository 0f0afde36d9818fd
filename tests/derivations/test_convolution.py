"""Sizes, matrices and gradients of convolutions: the formulas are those of real layers."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
import sympy
import torch
from torch import nn
from torch.nn.functional import conv1d, conv_transpose1d

from core.derivations import Derivation, Step
from core.derivations import convolution as conv
from core.derivations import convolution_transpose as transpose
from core.nn.stages import count_parameters


def last(build: Callable[[], Derivation], kind: str) -> Step:
    return next(step for step in reversed(build().steps) if step.check.kind == kind)


@pytest.mark.parametrize(
    ("build", "wrong"),
    [
        (conv.conv_output, conv.SIZE.subs(conv.extent, conv.k)),  # dilation forgotten
        (conv.conv_output, conv.SIZE.subs(conv.extent, conv.EXTENT).subs(2 * conv.p, conv.p)),  # padding on one side
        (conv.conv_output, sympy.ceiling((conv.n + 2 * conv.p - conv.EXTENT) / conv.s) + 1),  # rounded up
        (conv.conv_parameters, conv.K1 * conv.K2 * conv.C * conv.F + conv.F),  # groups forgotten
        (conv.conv_parameters, conv.K1 * conv.K2 * conv.C * conv.F / conv.g + 1),  # one bias for all
        (transpose.conv_transpose, transpose.FULL.subs({conv.extent: conv.EXTENT, transpose.r: 0})),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_common_slips_fail(build: Callable[[], Derivation], wrong: sympy.Expr):
    assert replace(last(build, "core"), rhs=wrong).verify().status == "failed"


def test_the_example_is_that_of_a_real_layer():
    layer = nn.Conv2d(3, 10, 5)
    with torch.no_grad():
        assert layer(torch.zeros(1, 3, 200, 200)).shape == (1, 10, 196, 196)
    assert count_parameters(layer) == 760


def test_same_padding_is_what_torch_pads_at_stride_1():
    step = next(step for step in conv.conv_output().steps if step.check.kind == "samples")
    for cells, kernel, dilation in [(7, 3, 1), (8, 4, 2), (5, 5, 3)]:
        values = {conv.n: cells, conv.extent: dilation * (kernel - 1) + 1, conv.s: 1}
        padded = conv1d(torch.ones(1, 1, cells), torch.ones(1, 1, kernel), padding="same", dilation=dilation)
        assert step.rhs.subs(values) == padded.shape[2]


@pytest.mark.parametrize(
    ("kernels", "strides", "field"),
    [((3, 3, 3), (1, 1, 1), 7), ((5, 3, 3), (2, 1, 2), 13), ((7, 3, 1), (2, 2, 1), 11)],
)
def test_receptive_fields_known_by_hand(kernels: tuple[int, ...], strides: tuple[int, ...], field: int):
    closed = conv.conv_receptive_field().steps[-1].rhs
    values = {f"s_{{{i}}}": s for i, s in enumerate(strides, 1)}
    values |= {rf"k^{{\prime}}_{{{i}}}": k for i, k in enumerate(kernels, 1)}  # dilation 1
    at = {symbol: values[symbol.name] for symbol in closed.free_symbols}
    assert closed.subs(at) == field


@pytest.mark.parametrize(("cells", "stride"), [(4, 1), (5, 2), (9, 3)])
def test_matrix_and_scattering_are_torchs(cells: int, stride: int):
    random = Random(cells)
    kernel = [random.uniform(-1, 1) for _ in range(transpose.KERNEL)]
    at = dict(zip(transpose.w, kernel, strict=True))
    matrix = torch.tensor(transpose.matrix(cells, stride).subs(at).tolist(), dtype=torch.float64)
    x = torch.randn(cells, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = torch.randn(len(matrix), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weights = torch.tensor(kernel, dtype=torch.float64)[None, None]
    torch.testing.assert_close(matrix @ x, conv1d(x[None, None], weights, stride=stride)[0, 0])
    torch.testing.assert_close(matrix.T @ y, conv_transpose1d(y[None, None], weights, stride=stride)[0, 0])
