"""Where heat points: maps with a known maximum, boxes by hand, intervals against SciPy, trials against single looks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.cam import explain
from core.cam.guided import guided_backpropagation
from core.cam.metrics import heat_box, hottest, overlap, points_at
from core.cam.perturbing import ablation_cam
from core.labs import pointing, pointing_scene, pointing_words
from core.labs.pointing_scene import Look
from core.nn import scenes, train_scenes
from core.nn.resnet import resnet_scenes
from core.nn.scenes import CANVAS, CLASSES, Scene, Thing
from core.nn.stages import Stages

SQUARE = Thing("square", 0.25, 0.5, 0.2, 0.0, (1.0, 1.0, 1.0))
DISC = Thing("disc", 0.7, 0.5, 0.15, 0.0, (0.0, 0.0, 1.0))
SCENE = Scene((SQUARE, DISC), "plain", ((0.3, 0.3, 0.3), (0.3, 0.3, 0.3)), 0)


@pytest.fixture(scope="module")
def net() -> Stages:
    """Untrained: what is tested here does not depend on what a network has learnt."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return resnet_scenes().eval().requires_grad_(False)


def looked(heat: np.ndarray, kind: str = "square") -> Look:
    return Look(SCENE, kind, scenes.draw(SCENE), np.zeros(8), heat, heat)


def test_a_map_with_a_known_maximum():
    left, top, right, bottom = scenes.box(SQUARE)
    heat = np.zeros((CANVAS, CANVAS))
    heat[top : bottom + 10, left:right] = 1  # taller than the square by ten rows
    heat[top + 2, left + 3] = 2
    look = looked(heat)
    assert (look.hottest, look.hits) == ((top + 2, left + 3), True)
    assert look.hot_box == (left, top, right, bottom + 10)
    assert look.overlap == pytest.approx((bottom - top) / (bottom - top + 10))
    steps = pointing_words.overlap_steps(look)
    assert f"**{look.overlap:.2f}**" in steps[-1]
    assert f"= **{(right - left) * (bottom - top)}** pixels" in steps[3]
    assert not looked(heat, "disc").hits
    assert "outside the box of the disc" in pointing_words.told(looked(heat, "disc"))


def test_a_blank_map_and_a_class_that_is_not_there():
    blank = looked(np.zeros((CANVAS, CANVAS)))
    assert (blank.hottest, blank.hits, blank.hot_box, blank.overlap) == (None, False, None, 0.0)
    absent = looked(np.eye(CANVAS), "star")
    assert (absent.box, absent.hits, absent.overlap) == (None, False, 0.0)
    for look in (blank, absent):
        assert all(pointing_words.about_look(look, guess) for guess in pointing_words.GUESSES)
        assert len(pointing_words.overlap_steps(look)) == 1


def test_a_place_one_cell_beside_the_box_is_near():
    heat = np.zeros((CANVAS, CANVAS))
    heat[20, 30] = 1
    for box, hit, near in (
        ((30, 20, 40, 30), True, True),
        ((31, 20, 40, 30), False, True),
        ((34, 24, 40, 30), False, True),
        ((35, 24, 40, 30), False, False),
        ((10, 10, 26, 30), False, False),
        ((10, 10, 27, 17), False, True),
        ((10, 10, 27, 16), False, False),
    ):
        assert pointing.judge(heat, box, 4)[:2] == (hit, near)


def test_the_hottest_of_equals_is_the_one_in_their_middle():
    heat = np.zeros((9, 9))
    heat[2:7, 4] = 1
    assert hottest(heat) == (4, 4)
    assert points_at(heat, (4, 4, 5, 5))
    assert hottest(np.ones((3, 3))) is None


def test_a_look_is_the_explanation_of_the_picture(net: Stages):
    look = pointing_scene.look(net, SCENE, "disc", "hirescam", "layer2.0")
    x = train_scenes.normalise(torch.from_numpy(scenes.draw(SCENE)).permute(2, 0, 1)[None])
    expected = explain(net, x, "layer2.0", CLASSES.index("disc"))
    np.testing.assert_allclose(look.scores, expected.scores[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(look.cells, expected.map("hirescam")[0], rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(look.answers, torch.sigmoid(expected.scores[0]), rtol=1e-4)
    assert look.heat.shape == (CANVAS, CANVAS)


@pytest.mark.parametrize("method", pointing_scene.TITLES)
def test_every_method_has_a_map_without_negative_heat(net: Stages, method: str):
    for row in pointing_scene.layers(net):
        assert (pointing_scene.look(net, SCENE, "square", method, row.name).cells >= 0).all()


@given(st.lists(st.integers(0, 10**9), max_size=9), st.integers(0, 50), st.integers(1, 3))
def test_objects_stay_on_the_canvas_wherever_they_are_put(at: list[int], seed: int, count: int):
    scene = pointing_scene.placed(pointing_scene.start(seed, count), tuple(at))
    for thing in scene.things:
        assert thing.size <= thing.x <= 1 - thing.size
        assert thing.size <= thing.y <= 1 - thing.size
        scenes.box(thing)
    again = pointing_scene.placed(pointing_scene.start(seed, count), pointing_scene.places(scene))
    for one, other in zip(scene.things, again.things, strict=True):
        assert (one.x, one.y) == pytest.approx((other.x, other.y), abs=0.5 / pointing_scene.PARTS)


def test_the_scene_of_a_seed_is_always_the_same_and_no_training_scene():
    assert pointing_scene.start(4, 2) == pointing_scene.start(4, 2) != pointing_scene.start(5, 2)
    assert [len(pointing_scene.start(4, count).things) for count in (1, 2, 3)] == [1, 2, 3]
    assert pointing.UNSEEN > 10**6  # the seed of the scenes that the cards' accuracies are from


def test_the_interval_of_a_rate_is_wilsons():
    for hits, n in ((0, 10), (3, 10), (10, 10), (181, 200), (1, 1)):
        found = pointing.share(np.arange(n) < hits)
        expected = stats.binomtest(hits, n).proportion_ci(0.95, "wilson")
        assert (found.value, found.of) == (hits / n, n)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert pointing.share(np.zeros(0, bool)) == pointing.Estimate(0.0, 0.0, 1.0, 0)


def test_the_interval_of_a_mean_draws_whole_scenes():
    random = np.random.default_rng(0)
    alone = random.uniform(0, 1, (400, 1))
    (found,) = pointing.means(alone, np.arange(400), 0)
    half = 1.96 * alone.std() / np.sqrt(400)
    assert found.value == pytest.approx(alone.mean())
    assert (found.value - found.low, found.high - found.value) == pytest.approx((half, half), rel=0.15)
    # four equal objects in each of a hundred scenes are a hundred observations, not four hundred
    (grouped,) = pointing.means(np.repeat(alone[:100], 4, axis=0), np.repeat(np.arange(100), 4), 0)
    half = 1.96 * alone[:100].std() / np.sqrt(100)
    assert (grouped.high - grouped.low) / 2 == pytest.approx(half, rel=0.15)
    assert pointing.means(alone, np.arange(400), 0) == [found]


def test_trials_are_single_looks(net: Stages):
    params = pointing.Params(scenes=4, seed=7)
    trials = pointing.piece(net, params, 0)
    drawn = [train_scenes.scene(pointing.UNSEEN + 7, number, tagged=False) for number in range(4)]
    single = [(number, scene, thing) for number, scene in enumerate(drawn) for thing in scene.things]
    assert trials.scene.tolist() == [number for number, _, _ in single]
    for column, method in enumerate(trials.methods):
        if method not in pointing_scene.TITLES:
            continue
        looks = [pointing_scene.look(net, scene, thing.kind, method) for _, scene, thing in single]
        np.testing.assert_allclose(trials.overlaps[:, column], [look.overlap for look in looks], atol=0.03)
        assert (trials.hits[:, column] == [look.hits for look in looks]).mean() >= 0.8  # equals, up to rounding


def test_the_maps_that_are_no_class_activation_maps(net: Stages):
    x = pointing_scene.feed([scenes.draw(SCENE)])
    explanation = explain(net, x, pointing_scene.LAYER, 0)
    maps = pointing.all_maps(net, x, explanation)
    (weights,) = ablation_cam(net, explanation)
    expected = (weights[:, None, None] * explanation.activation[0]).sum(0).relu()
    np.testing.assert_allclose(
        maps["ablationcam"][0], pointing_scene.on_pixels(expected[None])[0], rtol=1e-3, atol=1e-7
    )
    gradient = guided_backpropagation(net, x, explanation.targets)[0]
    np.testing.assert_allclose(maps["guided"][0], gradient.abs().sum(0), rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(maps["guided_gradcam"], maps["guided"] * maps["gradcam"])
    early = pointing.all_maps(net, x, explain(net, x, "layer1.0", 0))
    assert maps.keys() - early.keys() == {"ablationcam"}  # no closed form there


def test_baselines_have_the_size_of_objects_and_hit_as_often_as_chance():
    assert hottest(pointing.bump(20.5, 30.5)) == (20, 30)
    left, top, right, bottom = heat_box(pointing.bump(CANVAS / 2, CANVAS / 2)) or (0, 0, 0, 0)
    assert abs(right - left - pointing.BUMP) <= 1
    assert abs(bottom - top - pointing.BUMP) <= 1
    random = np.random.default_rng(0)
    box = scenes.box(SQUARE)
    hits = [points_at(pointing.bump(*random.uniform(0, CANVAS, 2)), box) for _ in range(1000)]
    area = (box[2] - box[0]) * (box[3] - box[1]) / CANVAS**2
    assert np.mean(hits) == pytest.approx(area, abs=4 * np.sqrt(area * (1 - area) / 1000))
    question, share, _ = pointing_words.random_share(SCENE, "square", box)
    assert share == pytest.approx(100 * area)
    assert "64 x 64" in question


def test_pieces_make_the_same_result_as_one_run(net: Stages):
    params = pointing.Params(scenes=pointing.AT_ONCE + 3, seed=2)
    assert params.pieces == 2
    pieces = [pointing.piece(net, params, number) for number in range(2)]
    assert len(np.unique(pieces[0].scene)) == pointing.AT_ONCE
    result = pointing.join(params, pieces)
    assert result == pointing.run(net, params) != pointing.run(net, replace(params, seed=3))
    assert [row.method for row in result.rows] == list(pointing.TITLES)
    for row in result.rows:
        assert row.pointing.low <= row.pointing.value <= row.pointing.high
        assert row.iou.low <= row.iou.value <= row.iou.high
        assert row.pointing.value <= row.near.value
        assert row.on_found.of == round(result.found.value * result.found.of)
    told = pointing_words.about_rates(result, pointing_words.SELDOM)
    assert f"Of {result.found.of} objects" in told
    assert pointing_words.rates_table(result).count("\n") == 1 + len(result.rows)
    assert "HiResCAM" in (pointing_words.about_same(result) or "")  # a mean and a linear layer follow


def test_a_perfect_and_a_blind_method_in_words():
    trials = pointing.Trials(
        ("gradcam", "layercam", "centre", "random"),
        np.arange(40),
        np.ones(40),
        np.array([[True, False, False, False]] * 40),
        np.array([[True, True, False, False]] * 40),
        np.array([[0.8, 0.1, 0.1, 0.0]] * 40),
    )
    result = pointing.join(pointing.Params(40), [trials])
    assert pointing_words.about_rates(result, pointing_words.ALWAYS).startswith("**Right: nine tenths or more.")
    assert "told apart" not in pointing_words.about_rates(result, pointing_words.ALWAYS)
    assert pointing_words.about_same(result) is None
    assert pointing_words.about_methods(result) == ""
    behind = pointing.join(pointing.Params(40), [replace(trials, methods=("hirescam", "gradcam", "centre", "random"))])
    assert "forgets where it was" in pointing_words.about_methods(behind)
    assert "Of the 40 objects that Grad-CAM misses, it misses 40 by" in pointing_words.about_methods(behind)
    blind = pointing.join(pointing.Params(40), [replace(trials, methods=("gradcam", "eigencam", "centre", "random"))])
    assert "Eigen-CAM (0%) knows no class" in pointing_words.about_methods(blind)
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
