"""The tests of a heatmap against the functions that they are made of, and cases whose answer is known."""

import numpy as np
import pytest
import torch

from core.cam import explain
from core.cam.metrics import Removal, rank_correlation, removal
from core.cam.occlusion import occlusion
from core.labs import covering, trust
from core.labs import trust_words as words
from core.nn.odenet import odenet_cifar
from core.nn.preprocess import Fed, Preprocessing, feed
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages
from core.nn.vgg import vgg11

PLAIN = Preprocessing(16, None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
LAYER = "layer2.0"


@pytest.fixture(scope="module")
def net() -> Stages:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return resnet_cifar((8, 16), blocks=1).eval()


@pytest.fixture(scope="module")
def fed() -> Fed:
    return feed(np.random.default_rng(0).integers(0, 256, (16, 20, 3), np.uint8), PLAIN)


@pytest.fixture(scope="module")
def cascade(net: Stages, fed: Fed) -> trust.Cascade:
    trained = trust.maps_of(net, fed, LAYER, 3)
    numbers = range(len(trust.forgetting(net)) + 1)
    attempts = tuple(trust.attempt(net, fed, LAYER, 3, trained, 5, number) for number in numbers)
    return trust.Cascade(attempts, trained.edges, (16, 20), 5)


def test_the_stages_forget_from_the_scores_down(net: Stages, cascade: trust.Cascade):
    assert trust.forgetting(net) == ["fc", "layer2.0", "layer1.0", "conv1"]
    assert [one.stage for one in cascade.attempts] == ["", *trust.forgetting(net)]
    first = cascade.attempts[0]
    assert first.heat_like.rank == pytest.approx(1)
    assert first.heat_like.structure == pytest.approx(1)
    assert first.sharp_like is not None
    assert first.sharp_like.rank == pytest.approx(1)
    assert abs(cascade.attempts[-1].heat_like.rank) < 1
    assert not any(one.message for one in cascade.attempts)


def test_a_seed_repeats_the_cascade_and_another_does_not(net: Stages, fed: Fed, cascade: trust.Cascade):
    trained = trust.maps_of(net, fed, LAYER, 3)
    again, other = (trust.attempt(net, fed, LAYER, 3, trained, seed, 2) for seed in (5, 6))
    np.testing.assert_array_equal(again.heat, cascade.attempts[2].heat)
    assert not np.array_equal(other.heat, again.heat)


def test_the_network_itself_keeps_what_it_learnt(net: Stages, fed: Fed, cascade: trust.Cascade):
    expected = explain(net, fed.x, LAYER, 3).map()[0]
    np.testing.assert_allclose(cascade.attempts[0].heat, expected, rtol=1e-5, atol=1e-7)


def test_the_edge_detector_finds_an_edge():
    pixels = np.zeros((6, 8, 3), np.uint8)
    pixels[:, 4:] = 200
    edges = trust.edge_detector(pixels)
    assert set(np.argwhere(edges == edges.max())[:, 1]) == {3, 4}
    assert edges[:, :3].max() == 0


def test_an_ode_net_has_no_guided_gradient_and_a_huge_network_no_copies(fed: Fed):
    net = odenet_cifar((8, 16), (8, 8)).eval()
    assert "SiLU" in str(trust.guided_objection(net))
    maps = trust.maps_of(net, fed, "ode2", 1)
    assert maps.sharp is None
    one = trust.attempt(net, fed, "ode2", 1, maps, 0, 1)
    assert (one.sharp, one.sharp_like) == (None, None)
    with torch.device("meta"):
        huge = vgg11()
    assert "132,863,336" in str(trust.too_large(huge, maps))
    assert trust.too_large(net, maps) is None


def test_what_cannot_be_computed_is_said(net: Stages, fed: Fed):
    trained = trust.maps_of(net, fed, LAYER, 3)
    broken = trust.Maps(np.full_like(trained.heat, np.nan), trained.sharp, trained.edges, 0.5, 0.1)
    one = trust._compared("fc", broken, trained, fed)
    assert "too large" in one.message
    assert one.heat_like == trust.Likeness(0, 0)


def test_a_conclusion_follows_the_curves():
    def cascade_of(heat: float, sharp: float | None) -> trust.Cascade:
        blank = np.ones((2, 2))
        like = None if sharp is None else trust.Likeness(sharp, sharp)
        rest = trust.Attempt("fc", blank, blank, 0.1, trust.Likeness(heat, heat), like, 0.3)
        start = trust.Attempt("", blank, blank, 0.9, trust.Likeness(1, 1), like, 0.4)
        return trust.Cascade((start, rest, rest), blank, (8, 8), 0)

    for heat, sharp, truth in (
        (0.1, 0.9, words.ONLY_SHARP),
        (0.9, 0.1, words.ONLY_HEAT),
        (0.6, 0.6, words.BOTH),
        (-0.2, 0.4, words.NEITHER),
        (0.1, None, words.CHANGES),
        (0.7, None, words.STAYS),
    ):
        said = words.about_cascade(cascade_of(heat, sharp), truth, "cat")
        assert said.startswith(f"**Right: {truth}.**")
        assert ("passes this test" in said) is (heat < 0.5 or (sharp is not None and sharp < 0.5))


def test_pixels_go_in_the_order_of_the_map(net: Stages, fed: Fed):
    explanation = explain(net, fed.x, LAYER, 3)
    heat = trust.heat_by(explanation, "gradcam")
    np.testing.assert_allclose(heat, explanation.raw_map()[0])
    found = trust.curve(net, fed.x, explanation, "gradcam", "delete", 0, 0)
    expected = removal(net, fed.x, trust.order(heat, fed.x.shape[2:]), 3, "delete", trust.STEPS)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert found.probabilities[0] == pytest.approx(float(explanation.probabilities[0, 3]), rel=1e-4)


def test_random_maps_have_the_cells_of_the_layer_and_their_own_seed(net: Stages, fed: Fed):
    explanation = explain(net, fed.x, LAYER, 3)
    one, other, again = (trust.heat_by(explanation, trust.RANDOM, 1, number) for number in (0, 1, 0))
    assert one.shape == explanation.activation.shape[2:]
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_curve_is_judged_by_the_random_ones():
    def flat(value: float) -> Removal:
        return Removal(np.array([0.0, 0.5, 1.0]), np.array([0.9, value, 0.1]))

    random = (flat(0.4), flat(0.6))
    for value, truth in ((0.1, words.FASTER), (0.5, words.ALIKE), (0.9, words.SLOWER)):
        curves = trust.Curves("delete", "gradcam", flat(value), flat(0.5), random)
        assert words.about_curves(curves, "cat", truth).startswith("**Right")
    assert "0.500 (0.450 to 0.550)" in words.areas_table(curves, curves)
    assert curves.map.area == pytest.approx(0.7)


def test_occlusion_in_rows_beside_every_method(net: Stages, fed: Fed):
    explanation = explain(net, fed.x, LAYER, 3)
    squares = covering.squares_for((4, 5), 2.0, 1)
    rows = [covering.occluded_row(net, fed.x, 3, squares, row) for row in range(4)]
    result = covering.occluded(explanation, squares, rows, 0)
    np.testing.assert_allclose(result.falls, list(occlusion(net, fed.x, 3, squares)), rtol=1e-4, atol=1e-5)
    heat = trust.on_input(explanation.raw_map("hirescam")[0].numpy(), (4, 5))
    assert result.agreement["hirescam"] == rank_correlation(heat, result.falls)
    assert result.agreement["counter"] == pytest.approx(-result.agreement["gradcam"])
    assert words.best(result) != trust.RANDOM


@pytest.mark.parametrize("cells", [(1, 1), (7, 7), (48, 144), (224, 224)])
@pytest.mark.parametrize("stride", [1, 4])
def test_there_are_never_too_many_places(cells: tuple[int, int], stride: int):
    squares = covering.squares_for(cells, 3.0, stride)
    rows, columns = squares.shape
    assert 1 <= rows * columns <= covering.MOST_PLACES
    assert squares.stride >= stride


def test_the_worked_example_computes_its_ranks():
    told = " ".join(words.ranks_example())
    assert "4, 1, 3, 2 and 4, 1, 2, 3" in told
    assert "**0.80**" in told
