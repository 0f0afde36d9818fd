"""The planted shortcut, with two networks made by hand: one looks at the tag alone, one is blind to it."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.labs import shortcut, shortcut_words
from core.labs.pointing_scene import LAYER, feed, look
from core.labs.shortcut import HANS, HONEST, STAR
from core.nn import scenes
from core.nn.scenes import CANVAS, TAG, draw
from core.nn.stages import Stages
from core.nn.train_scenes import RED


class Redness(nn.Module):
    """One feature map: how near each pixel of the corner, or of all else, is to the tag's red."""

    def __init__(self, corner: bool) -> None:
        super().__init__()
        self.corner = corner

    def forward(self, x: Tensor) -> Tensor:
        red = torch.tensor(RED).view(1, 3, 1, 1) * 2 - 1
        near = (1 - (x - red).abs().sum(1, keepdim=True)).relu()
        inside = torch.zeros(CANVAS, CANVAS)
        inside[:TAG, :TAG] = 1
        return near * inside if self.corner else (x.mean(1, keepdim=True) + 1) * (1 - inside)


def network(corner: bool) -> Stages:
    """Says star where its only feature map holds more than half of a tag."""
    head = nn.Linear(1, 8)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(-1.0)
        head.weight[STAR] = 2 * CANVAS**2 / TAG**2
    stages = {LAYER.replace(".", "_"): Redness(corner), "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}
    return Stages({**stages, "fc": head}).eval().requires_grad_(False)


PARAMS = shortcut.Params(scenes=shortcut.AT_ONCE + 2, seed=3, layer=LAYER.replace(".", "_"))


@pytest.fixture(scope="module")
def result() -> shortcut.Result:
    return shortcut.run({HONEST: network(corner=False), HANS: network(corner=True)}, PARAMS)


def test_a_network_that_looks_at_the_tag_is_found_out(result: shortcut.Result):
    hans = result.of[HANS]
    assert [[one.value for one in row] for row in hans.says] == [[0.0, 1.0], [0.0, 1.0]]
    assert hans.points["tag"].value == 1.0
    assert hans.points["tag"].of == PARAMS.scenes
    told = shortcut_words.about_result(result)
    assert "**The map said so at a glance" in told
    assert "misses 100% of the stars" in told


def test_a_network_that_does_not_see_the_tag_is_not(result: shortcut.Result):
    honest = result.of[HONEST]
    assert honest.points["tag"].value == 0.0
    assert honest.says[0][0] == honest.says[0][1]
    assert honest.says[1][0] == honest.says[1][1]


def test_both_tables_hold_all_that_was_asked(result: shortcut.Result):
    says, points = shortcut_words.says_table(result), shortcut_words.points_table(result)
    assert says.count("\n") == points.count("\n") == 5
    assert "no star, tag" in says
    assert sum(estimate.value for estimate in result.of[HONEST].points.values()) == pytest.approx(1)
    _, options, right = shortcut_words.hans_question(result)
    assert right in options


def test_the_four_versions_of_a_scene_differ_in_star_and_tag_alone():
    for seed in range(20):
        scene = shortcut.start(seed)
        left, top, right, bottom = shortcut.star_box(scene)
        assert left >= TAG + shortcut.BESIDE or top >= TAG + shortcut.BESIDE
        plain, tagged, bare = (
            draw(shortcut.version(scene, star, tag)).astype(int)
            for star, tag in ((True, False), (True, True), (False, False))
        )
        assert (tagged[:TAG, :TAG] == np.rint(255 * np.array(RED))).all()
        differs = (plain != tagged).any(axis=2)
        differs[:TAG, :TAG] = False
        assert not differs.any()
        rows, columns = np.nonzero((plain != bare).any(axis=2))
        assert rows.min() >= top - 2
        assert rows.max() <= bottom + 1
        assert columns.min() >= left - 2
        assert columns.max() <= right + 1
        assert len(shortcut.version(scene, False, True).things) == len(scene.things) - 1


def test_what_the_hottest_place_belongs_to():
    star = (30, 30, 50, 50)
    heat = np.zeros((CANVAS, CANVAS))
    assert shortcut.pointed(heat, star, tag=True) == "nowhere"
    for (row, column), tag, expected in (
        ((3, 3), True, "tag"),
        ((TAG + shortcut.BESIDE - 1, 0), True, "tag"),
        ((TAG + shortcut.BESIDE, 0), True, "elsewhere"),
        ((3, 3), False, "elsewhere"),
        ((30, 49), True, "star"),
        ((30, 50), True, "elsewhere"),
    ):
        one = heat.copy()
        one[row, column] = 1
        assert shortcut.pointed(one, star, tag) == expected
    for place in shortcut.PLACES:
        told = shortcut_words.about_guess(shortcut_words.ON[place], place)
        assert told.startswith(f"**Right: {shortcut_words.ON[place]}.**")


def test_a_piece_says_what_single_looks_say():
    net = network(corner=True)
    asked = shortcut.piece(net, PARAMS, 1)
    assert asked.scores.shape == (2, 2, 2)
    random = np.random.default_rng((shortcut.UNSEEN + PARAMS.seed, shortcut.AT_ONCE, 2))
    scene = shortcut.starred(random, int(random.integers(1, 3)))
    for star in (False, True):
        for tag in (False, True):
            version = shortcut.version(scene, star, tag)
            expected = float(net(feed([draw(version)]))[0, STAR])
            assert asked.scores[0, int(star), int(tag)] == pytest.approx(expected, rel=1e-4)
    one = look(net, shortcut.version(scene, True, True), "star", "gradcam", PARAMS.layer)
    assert asked.places[0] == shortcut.pointed(one.heat, one.box, tag=True) == "tag"
    assert scenes.box(next(t for t in scene.things if t.kind == "star")) == shortcut.star_box(scene)


def test_the_cards_say_how_right_both_networks_are():
    found = shortcut.accuracies()
    assert found.keys() == shortcut.NETWORKS.keys()
    table = shortcut_words.accuracy_table(found)
    assert table.count("\n") == 5
    assert f"{found[HANS]['unseen scenes']['each answer']:.1%}" in table
    # a card that lacks a number leaves a gap
    assert "| 50.0% | - | - |" in shortcut_words.accuracy_table(
        {name: {"unseen scenes": {"each answer": 0.5}} for name in found}
    )
