"""Gradients through many layers, by hand, against autograd; singular values against many digits."""

import mpmath
import numpy as np
import pytest
import torch
from torch import nn

from core.labs import layers_words as words
from core.labs.clouds import CloudParams, cloud
from core.labs.depth_gradients import DEPTHS, SCALES, SEEDS, Gradients, Params, drawn, measure
from core.nn.mlp import FIRST_WEIGHTS, network, states


@pytest.fixture(scope="module")
def result() -> Gradients:
    return measure(Params())


@pytest.mark.parametrize("kind", FIRST_WEIGHTS)
@pytest.mark.parametrize("residual", [False, True])
def test_they_are_those_of_the_network(kind: str, residual: bool):
    params = Params(CloudParams("circles"), 3, kind, 1.5)
    measured = measure(params).kinds[residual].depths[2]
    given = cloud(params.cloud)
    for seed in (0, SEEDS - 1):
        net = network(3, 8, residual, kind, 1.5, torch.Generator().manual_seed(seed)).double()
        way = states(net, given.points.double().requires_grad_())
        loss = nn.functional.binary_cross_entropy_with_logits(net.run(way[-1], after="layers.7")[:, 0],
                                                              given.second.double())  # fmt: skip
        by_weight, by_bias, *by_states = torch.autograd.grad(loss, [*list(net.parameters())[:2], *way])
        norms = [float(gradient.norm()) for gradient in by_states]
        np.testing.assert_allclose(measured.states[seed], norms, rtol=1e-9)
        first = torch.cat([by_weight.flatten(), by_bias]).norm()
        assert measured.first[seed] == pytest.approx(float(first), rel=1e-9)
        layers = nn.Sequential(*net.get_submodule("layers").children())
        point = way[0][0].detach()
        product = torch.autograd.functional.jacobian(lambda h, layers=layers: layers(h[None])[0], point)
        values = torch.linalg.svdvals(product)
        assert measured.largest[seed] == pytest.approx(float(values[0]), rel=1e-9)
        if residual:
            assert measured.smallest[seed] == pytest.approx(float(values[-1]), rel=1e-6)


def test_small_singular_values_are_right_beyond_double_precision(result: Gradients):
    """The product of 64 plain layers' Jacobians with 60 digits."""
    params, seed = result.params, 1
    weights, _ = drawn(params, DEPTHS[-1], seed)
    with mpmath.workdps(60):
        h = mpmath.matrix([mpmath.mpf(value) for value in cloud(params.cloud).points[0].tolist()])
        product = mpmath.eye(2)
        for matrix in weights.tolist():
            matrix = mpmath.matrix(matrix)
            h = (matrix * h).apply(mpmath.tanh)
            product = mpmath.diag([1 - value**2 for value in h]) * matrix * product
        values = mpmath.svd_r(product, compute_uv=False)
        depth = result.plain.depths[-1]
        assert depth.largest[seed] == pytest.approx(float(values[0]), rel=1e-6)
        assert depth.smallest[seed] == pytest.approx(float(values[1]), rel=1e-6)
        assert depth.smallest[seed] < 1e-16 * depth.largest[seed]  # where a product in double precision has no digits


@pytest.mark.parametrize("scale", SCALES)
def test_the_branch_is_scaled(scale: str):
    params = Params(width=2, scale=scale)
    measured = measure(params).residual.depths[1]
    weights, head = drawn(params, 4, 0)
    factor = 0.5 if scale == "1/sqrt(N)" else 1.0
    given = cloud(params.cloud)
    h = h0 = given.points.double().requires_grad_()
    for matrix in weights:
        h = h + factor * torch.tanh(h @ matrix.T)
    loss = nn.functional.binary_cross_entropy_with_logits(h @ head, given.second.double())
    (gradient,) = torch.autograd.grad(loss, h0)
    assert measured.states[0, 0] == pytest.approx(float(gradient.norm()), rel=1e-9)


def test_plain_gradients_vanish_and_residual_ones_do_not(result: Gradients):
    plain, residual = (kind.median("first") for kind in result.kinds)
    assert plain[-1] < 1e-6 * plain[0]
    assert residual[-1] > residual[0]
    assert words.faded(result) == words.FADES[2]
    said = words.about_depth(result, words.FADES[2])
    assert "**Right" in said
    assert "hardly moves the first layers" in said
    assert "The residual gradient does not vanish; it grows" in said
    assert "**Answer: falls by more than a million times.**" in words.about_depth(result, words.FADES[0])
    question, answer, _, reason = words.per_layer(result)
    assert "2 to 64" in question
    assert plain[0] * answer**62 == pytest.approx(plain[-1])
    assert f"{answer:.3g}" in reason
    assert f"{answer:.3g}" not in said  # the exercise's answer stays to be found


def test_a_good_start_saves_the_plain_network_too():
    result = measure(Params(weights="orthogonal"))
    assert words.faded(result) == words.FADES[0]
    assert "their first weights suit them" in words.about_depth(result, words.FADES[0])


def test_growth_is_called_growth():
    said = words.about_depth(measure(Params(width=16, gain=3.0)), words.FADES[3])
    assert "**Right" in said
    assert "The plain gradient explodes" in said


def test_what_the_branch_s_factor_does_is_said():
    assert "alone makes the branch's gradient 0.18 times" in words.about_depth(measure(Params(scale=SCALES[1])), "")


@pytest.mark.parametrize("gain", [0.25, 3.0])
@pytest.mark.parametrize("kind", FIRST_WEIGHTS)
@pytest.mark.parametrize("width", [2, 16])
def test_all_is_finite_at_the_ends_of_the_controls(gain: float, kind: str, width: int):
    result = measure(Params(width=width, weights=kind, gain=gain))
    for found in result.kinds:
        for depth in found.depths:
            for values in (depth.states, depth.first, depth.largest, depth.smallest):
                assert np.isfinite(values).all()
                assert (values > 0).all()
            assert (depth.largest >= depth.smallest).all()
    assert "Medians over 5 seeds" in words.about_depth(result, words.FADES[0])
