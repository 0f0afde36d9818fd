"""Every rule for the weights against its paper's formula in plain loops, and the laws that it obeys."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch import Tensor

from core.cam import METHODS, Explanation

Pair = tuple[Tensor, Tensor]
Maps = list[list[list[float]]]
"""One picture's k maps of h x w numbers, as nested lists."""

ordinary = st.floats(-1000, 1000, width=32)


@st.composite
def pairs(draw, elements=ordinary, non_negative: bool = False) -> Pair:
    """(activation, gradient) of one shape (n, k, h, w), with zeros, equal values and both signs."""
    shape = draw(array_shapes(min_dims=4, max_dims=4, max_side=3))
    activation, gradient = (draw(arrays(np.float32, shape, elements=elements)).astype(np.float64) for _ in range(2))
    return torch.from_numpy(np.abs(activation) if non_negative else activation), torch.from_numpy(gradient)


@st.composite
def tame(draw, non_negative: bool = False) -> Pair:
    """Random numbers without the near-cancellations at which a quotient is ill-conditioned."""
    n, k, h, w = (draw(st.integers(1, 4)) for _ in range(4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    activation = torch.rand((n, k, h, w), generator=generator, dtype=torch.float64) + 0.1
    gradient = torch.randn((n, k, h, w), generator=generator, dtype=torch.float64)
    if not non_negative:  # whole maps change sign, so that their sums stay away from 0
        activation = activation * (torch.rand((n, k, 1, 1), generator=generator) - 0.3).sign()
    return activation, gradient


def explained(pair: Pair) -> Explanation:
    activation, gradient = pair
    n = len(activation)
    return Explanation("layer", torch.zeros(n, dtype=torch.int64), torch.zeros(n, 2), activation, gradient)


def by_gradcam(a: Maps, g: Maps, k: int, i: int, j: int) -> float:
    return sum(map(sum, g[k])) / (len(g[k]) * len(g[k][0]))


def by_gradcam_plus_plus(a: Maps, g: Maps, k: int, i: int, j: int) -> float:
    """Equations 12 and 19, with the derivatives g, g^2, g^3 of exp(y) (its positive factor left out)."""
    total, weight = sum(map(sum, a[k])), 0.0
    for row in g[k]:
        for d in row:
            denominator = 2 * d**2 + total * d**3
            weight += (d**2 / denominator if denominator != 0 else 0.0) * max(d, 0.0)
    return weight


def by_xgradcam(a: Maps, g: Maps, k: int, i: int, j: int) -> float:
    total = sum(map(sum, a[k]))
    cells = product(range(len(a[k])), range(len(a[k][0])))
    return sum(a[k][p][q] * g[k][p][q] / total for p, q in cells)


def by_hirescam(a: Maps, g: Maps, k: int, i: int, j: int) -> float:
    return g[k][i][j]


def by_layercam(a: Maps, g: Maps, k: int, i: int, j: int) -> float:
    return max(g[k][i][j], 0.0)


def by_counter(a: Maps, g: Maps, k: int, i: int, j: int) -> float:
    negative = [[[-d for d in row] for row in one] for one in g]  # the gradient of -y
    return by_gradcam(a, negative, k, i, j)


ORACLES: dict[str, Callable[[Maps, Maps, int, int, int], float]] = {
    "gradcam": by_gradcam,
    "gradcam++": by_gradcam_plus_plus,
    "xgradcam": by_xgradcam,
    "hirescam": by_hirescam,
    "layercam": by_layercam,
    "counter": by_counter,
}
every_method = pytest.mark.parametrize("method", METHODS)


def test_every_method_has_an_oracle_and_its_words():
    assert ORACLES.keys() == METHODS.keys()
    for method in METHODS.values():
        assert method.says.endswith(".")
        assert method.title
        assert method.latex.startswith("w") or method.latex.startswith(r"\alpha")
        assert method.source


@every_method
@settings(max_examples=40, deadline=None)
@given(pair=tame())
def test_maps_equal_the_papers_formula_in_plain_loops(method, pair):
    a_all, g_all = (t.tolist() for t in pair)
    expected = torch.zeros_like(pair[0][:, 0])
    for (n, a), (i, j) in product(enumerate(a_all), np.ndindex(*expected.shape[1:])):
        expected[n, i, j] = sum(ORACLES[method](a, g_all[n], k, i, j) * a[k][i][j] for k in range(len(a)))
    result = explained(pair)
    torch.testing.assert_close(result.raw_map(method), expected, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(result.map(method), expected.clamp(min=0), rtol=1e-6, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(pair=tame(non_negative=True), bias=st.floats(-3, 3))
def test_gradcam_plus_plus_equals_actual_derivatives_of_exp_y(pair, bias):
    """For a tail y = sum(g A) + b, autograd's own first, second and third derivatives of exp(y)."""
    activation, slope = pair
    activation, slope = activation[:1], slope[:1]
    leaf = activation.clone().requires_grad_()
    score = ((slope * leaf).sum() / 8 + bias).exp()
    gradient = slope / 8

    def diagonal(first: Tensor) -> Tensor:
        rows = [torch.autograd.grad(d, leaf, create_graph=True)[0].flatten()[i] for i, d in enumerate(first.flatten())]
        return torch.stack(rows).view_as(leaf)

    (first,) = torch.autograd.grad(score, leaf, create_graph=True)
    second = diagonal(first)
    third = diagonal(second)
    alpha = second / (2 * second + activation.sum((2, 3), keepdim=True) * third)
    expected = (alpha * first.relu()).sum((2, 3), keepdim=True) / score  # up to one positive factor
    weights = METHODS["gradcam++"].weights(activation, gradient)
    torch.testing.assert_close(weights, expected.detach(), rtol=1e-7, atol=1e-12)


def test_numbers_by_hand():
    activation = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    gradient = torch.tensor([[[[2.0, -1.0]], [[-0.5, 1.5]]]])
    expected = {
        "gradcam": [0.5 * 1 + 0.5 * 2, 0.5 * 3],
        "gradcam++": [0.2 * 1 + 0.3 * 2, 0.2 * 3],  # 2 / (2 + 2 * 4) = .2; 1.5 / (2 + 1.5 * 2) = .3
        "xgradcam": [-0.25 - 0.5 * 2, -0.25 * 3],  # (2 - 3) / 4; -1 / 2
        "hirescam": [2 - 1, -3],
        "layercam": [2, 0],
        "counter": [-1.5, -1.5],
    }
    for method, raw in expected.items():
        torch.testing.assert_close(
            explained((activation, gradient)).raw_map(method), torch.tensor([[raw]], dtype=torch.float32)
        )


@every_method
@settings(max_examples=80, deadline=None)
@given(pair=pairs())
def test_no_input_gives_nan_and_the_map_is_never_negative(method, pair):
    for kind in (torch.float64, torch.float32):
        result = explained((pair[0].to(kind), pair[1].to(kind)))
        raw, shown = result.raw_map(method), result.map(method)
        assert raw.shape == shown.shape == (pair[0].shape[0], *pair[0].shape[2:])
        assert raw.dtype == kind
        assert torch.isfinite(raw).all()
        assert (shown >= 0).all()


@every_method
def test_no_gradient_or_no_activation_is_a_blank_map(method):
    zero, some = torch.zeros(2, 3, 2, 2), torch.randn(2, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    for pair in [(zero, some), (some, zero), (zero, zero)]:
        assert (explained(pair).raw_map(method) == 0).all()


@pytest.mark.parametrize(("a", "weight"), [(-2.0, 0.0), (-3.0, -1.0), (-1.0, 1.0), (-1e30, 0.0)])
def test_gradcam_plus_plus_where_the_denominator_is_nought_or_negative(a, weight):
    """g = 1 and one cell: 1 / (2 + A), and 0 where that has no value."""
    weights = METHODS["gradcam++"].weights(torch.full((1, 1, 1, 1), a), torch.ones(1, 1, 1, 1))
    assert weights.item() == pytest.approx(weight)


def test_xgradcam_of_maps_that_sum_to_nought_has_no_weight():
    activation = torch.tensor([[[[1.0, -1.0]], [[1.0, 2.0]]]])
    weights = METHODS["xgradcam"].weights(activation, torch.tensor([[[[3.0, 1.0]], [[3.0, 6.0]]]]))
    assert weights.flatten().tolist() == [0.0, 5.0]


@every_method
@settings(max_examples=30, deadline=None)
@given(pair=tame(), factor=st.floats(1e-3, 1e3))
def test_the_units_of_the_feature_maps_do_not_matter(method, pair, factor):
    """The same network with A measured in other units: A / s has the gradient s g, and the same map."""
    activation, gradient = pair
    other = explained((activation / factor, gradient * factor)).raw_map(method)
    torch.testing.assert_close(other, explained(pair).raw_map(method), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "gradcam++"])
@settings(max_examples=30, deadline=None)
@given(pair=tame(), factor=st.floats(1e-3, 1e3))
def test_a_score_times_s_has_s_times_the_map(method, pair, factor):
    other = explained((pair[0], pair[1] * factor)).raw_map(method)
    torch.testing.assert_close(other, factor * explained(pair).raw_map(method), rtol=1e-6, atol=1e-9 * factor)


@settings(max_examples=30, deadline=None)
@given(pair=tame(non_negative=True))
def test_gradcam_plus_plus_is_not_linear_in_the_score(pair):
    """It explains exp(y): for small slopes the sum of positive gradients over 2, for large ones g / (g sum A)."""
    activation, gradient = pair
    rule, sums = METHODS["gradcam++"].weights, activation.sum((2, 3), keepdim=True)
    small = rule(activation, gradient * 1e-8) * 1e8
    torch.testing.assert_close(small, gradient.relu().sum((2, 3), keepdim=True) / 2, rtol=1e-5, atol=1e-9)
    large = rule(activation, gradient * 1e12)
    torch.testing.assert_close(large, (gradient > 0).sum((2, 3), keepdim=True) / sums, rtol=1e-5, atol=1e-9)


@every_method
@settings(max_examples=30, deadline=None)
@given(pair=tame(), data=st.data())
def test_channels_have_no_order_and_a_mirrored_picture_a_mirrored_map(method, pair, data):
    order = data.draw(st.permutations(range(pair[0].shape[1])))
    plain = explained(pair).raw_map(method)
    shuffled = explained((pair[0][:, order], pair[1][:, order])).raw_map(method)
    mirrored = explained((pair[0].flip(3), pair[1].flip(3))).raw_map(method)
    torch.testing.assert_close(shuffled, plain)
    torch.testing.assert_close(mirrored.flip(2), plain)


@settings(max_examples=60, deadline=None)
@given(pair=pairs(non_negative=True))
def test_behind_a_relu_the_weights_of_positive_gradients_are_positive(pair):
    activation, gradient = pair
    positive = gradient.relu().sum((2, 3), keepdim=True)
    weights = METHODS["gradcam++"].weights(activation, gradient)
    assert (weights >= 0).all()
    assert (weights <= positive / 2 * (1 + 1e-12)).all()
    assert (explained(pair).raw_map("gradcam++") >= 0).all()
    assert (explained(pair).raw_map("layercam") >= 0).all()


def test_before_a_relu_signs_mix():
    """Where A < 0, a rising score no longer means evidence: LayerCAM's raw map turns negative, and ++ flips sign."""
    result = explained((torch.tensor([[[[-4.0, 1.0]]]]), torch.tensor([[[[1.0, 1.0]]]])))
    assert result.raw_map("layercam").tolist() == [[[-4.0, 1.0]]]
    assert result.map("layercam").tolist() == [[[0.0, 1.0]]]
    assert result.raw_map("gradcam++").tolist() == [[[8.0, -2.0]]]  # w = 2 / (2 - 3): heat where A is negative
    assert math.isclose(float(result.raw_map("gradcam").min()), -4.0)


def test_an_unknown_method_is_refused():
    with pytest.raises(KeyError, match="smoothgrad"):
        explained((torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1))).map("smoothgrad")
