"""Maps beside maps, against explanations made one at a time and against arithmetic by hand."""

import numpy as np
import pytest
import torch

from core.cam import explain, trace
from core.cam.perturbing import ablation_cam, score_cam
from core.labs import compare_maps as lab
from core.labs import compare_maps_words as words
from core.labs import two_maps
from core.nn.odenet import odenet_cifar
from core.nn.resnet import resnet_cifar
from core.nn.squeezenet import squeezenet1_1
from core.nn.stages import Stages

X = torch.randn(1, 3, 16, 20, generator=torch.Generator().manual_seed(0))
LAST = "layer2.0"


@pytest.fixture(scope="module")
def net() -> Stages:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return resnet_cifar((8, 16), blocks=1).eval()


def test_a_map_at_every_stage(net: Stages):
    names = [row.name for row in net.table(tuple(X.shape)) if row.is_spatial]
    maps = [lab.stage_map(net, X, name, 2, "hirescam") for name in names]
    np.testing.assert_allclose(maps[-1].values, explain(net, X, LAST, 2).map("hirescam")[0], rtol=1e-5, atol=1e-7)
    result = lab.sweep(maps)
    assert result.ranks[-1] == pytest.approx(1)
    assert 1 <= result.run <= len(names)
    assert [one.shape for one in result.maps][-1] == (16, 8, 10)


@pytest.mark.parametrize(("ranks", "run", "truth"), [((0.9, 0.1, 1.0), 1, words.FEW), ((0.6, 0.7, 1.0), 3, words.MOST)])
def test_stages_alike_are_counted_from_the_last_one(ranks: tuple[float, ...], run: int, truth: str):
    one = lab.StageMap("relu", (8, 4, 4), np.ones((4, 4)))
    result = lab.Sweep((one,) * 3, ranks)
    assert result.run == run
    assert words.about_sweep(result, truth, "cat").startswith("**Right")


def test_score_cam_in_pieces(net: Stages):
    explanation = explain(net, X, LAST, 2)
    pieces = [lab.score_piece(net, X, explanation, 12, group) for group in range(lab.groups(12))]
    assert len(pieces) == 2
    *_, weights = score_cam(net, X, explanation, lab.asked(explanation, 12))
    expected = (weights[:, None, None] * explanation.activation[0]).sum(0).relu()
    np.testing.assert_allclose(lab.score_cam(explanation, 12, pieces).values, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(("layer", "count"), [(LAST, 1), ("conv1", 1), ("layer1.0", 1)])
def test_ablation_cam_in_pieces(net: Stages, layer: str, count: int):
    explanation = explain(net, X, layer, 2)
    pieces = [lab.ablation_piece(net, explanation, group) for group in range(count)]
    *_, weights = ablation_cam(net, explanation)
    expected = (weights[:, None, None] * explanation.activation[0]).sum(0).relu()
    np.testing.assert_allclose(lab.ablation_cam(explanation, pieces).values, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("count", [1, 8, 64, 512, 2048])
def test_there_are_never_too_many_pieces(count: int):
    assert lab.groups(count) <= lab.MOST_GROUPS
    assert lab.groups(count) * lab.group_size(count) >= count


def test_guided_maps_where_they_can_be_had(net: Stages):
    names = [one.name for one in lab.guided(net, X, explain(net, X, LAST, 2))]
    assert names == ["Guided back-propagation", "Guided Grad-CAM"]
    other = odenet_cifar((8, 16), (8, 8)).eval()
    assert lab.guided(other, X, explain(other, X, "ode2", 2)) == []
    assert words.others("SiLU") == ["Score-CAM", "Ablation-CAM", "Eigen-CAM"]


def test_the_gradient_of_a_probability_vanishes_and_that_of_the_score_stays(net: Stages):
    passed = trace(net, X, LAST)
    best = int(passed.scores.argmax())
    found = [lab.surer(net, passed, best, factor) for factor in (*lab.FACTORS, 1000.0)]
    result = lab.wrong_target(passed, best, found)
    assert result.sweep[-1].probability == pytest.approx(1)
    assert result.sweep[-1].of_probability < 1e-6
    assert [one.of_score for one in result.sweep] == pytest.approx([result.here.of_score] * len(found))
    one = lab.surer(net, passed, best, 1.0)
    assert one is not None
    assert one.of_probability == pytest.approx(result.here.of_probability)
    assert words.about_target(result, words.VANISHES, "cat").startswith("**Right")
    assert 0 <= result.cosine <= 1 + 1e-6


def test_the_head_on_each_cell_adds_up_to_the_scores(net: Stages):
    explanation = explain(net, X, LAST, 2)
    result = lab.all_classes(net, explanation)
    assert result is not None
    np.testing.assert_allclose(result.scores.mean((1, 2)), explanation.scores[0], rtol=1e-4, atol=1e-5)
    assert sum(cells for _, cells in result.most) == 80
    answer, _, _ = words.mean_exercise(result, 2, "cat")
    assert answer == pytest.approx(float(explanation.scores[0, 2]), rel=1e-4)
    assert lab.head_objection(net, LAST) is None


def test_a_head_that_is_not_linear_is_named(net: Stages):
    assert "`layer2.0` (BasicBlock)" in str(lab.head_objection(net, "layer1.0"))
    assert "Conv2d" in str(lab.head_objection(squeezenet1_1(), "features.12"))
    assert "more" in str(lab.head_objection(squeezenet1_1(), "features.0"))
    assert lab.all_classes(net, explain(net, X, "layer1.0", 2)) is None


def test_a_difference_on_the_finer_cells():
    fine = two_maps.Side(np.arange(16.0).reshape(4, 4), (0.0, 0.0, 8.0, 8.0), "u")
    coarse = two_maps.Side(np.array([[0.0, 4.0], [4.0, 8.0]]), (0.0, 0.0, 8.0, 8.0), "u")
    result = two_maps.difference(fine, coarse)
    assert result is not None
    assert (result.finer, result.relative, result.values.shape) == ("A", False, (4, 4))
    # between the centres of the coarse cells: (0, 1, 3, 4) along both axes
    expected = fine.values - np.add.outer([0.0, 1, 3, 4], [0.0, 1, 3, 4])
    np.testing.assert_allclose(result.values, expected, atol=1e-6)
    other = two_maps.difference(coarse, fine)
    assert other is not None
    assert other.finer == "B"
    np.testing.assert_allclose(other.values, -expected, atol=1e-6)


def test_other_units_are_divided_by_their_maxima_and_only_the_common_part_counts():
    a = two_maps.Side(np.full((4, 4), 5.0), (0.0, 0.0, 8.0, 8.0), "u")
    b = two_maps.Side(np.full((2, 2), 0.1), (2.0, 0.0, 6.0, 8.0), "v")
    result = two_maps.difference(a, b)
    assert result is not None
    assert (result.relative, result.box, result.values.shape) == (True, (2.0, 0.0, 6.0, 8.0), (4, 2))
    np.testing.assert_allclose(result.values, 0, atol=1e-6)
    assert "each was divided by its maximum" in words.about_difference(result)
    blank = two_maps.Side(np.zeros((2, 2)), (0.0, 0.0, 8.0, 8.0), "v")
    against = two_maps.difference(a, blank)
    assert against is not None
    np.testing.assert_allclose(against.values, 1)
    assert two_maps.difference(a, two_maps.Side(np.ones((2, 2)), (9.0, 0.0, 12.0, 8.0), "u")) is None
