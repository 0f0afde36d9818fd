"""The journey of a picture through an ODE-Net, against explanations at single stages and networks cut in two."""

import numpy as np
import pytest
import torch
from torch import Tensor

from core.cam import explain
from core.labs import depth_cam as lab
from core.labs import depth_cam_words as words
from core.labs.depth_cam import Journey, Moment, Pair, Way
from core.nn import odenet
from core.nn.odenet import solved_by
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages
from tests.odenets import small_odenet

NAMES = [f"class {i}" for i in range(4)]


@pytest.fixture(scope="module")
def net() -> Stages:
    """Small, with blocks that really move."""
    return small_odenet()


@pytest.fixture(scope="module")
def resnet() -> Stages:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return resnet_cifar((8, 16), classes=4).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.randn(1, 3, 12, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("method", ["gradcam", "layercam"])
def test_a_journey_ends_where_stages_end(net: Stages, x: Tensor, method: str):
    way = Way("dopri5", -5)
    journey = lab.follow(net, x, 2, method, way)
    assert len(journey.moments) == 2 * lab.DEPTHS
    assert [moment.place for moment in journey.moments] == sorted(moment.place for moment in journey.moments)
    twin = solved_by(net, way.solver)
    for moment in (journey.moments[lab.DEPTHS - 1], journey.moments[-1]):
        expected = explain(twin, x, moment.layer, 2).raw_map(method)[0].numpy()
        np.testing.assert_allclose(moment.signed, expected, atol=5e-4 * np.abs(expected).max())
        assert moment.t == 1
    np.testing.assert_allclose(journey.scores, twin(x)[0].numpy(), rtol=1e-5)


def test_without_a_class_the_best_one_is_explained(net: Stages, x: Tensor):
    journey = lab.follow(net, x, None, "gradcam", Way("euler", 2))
    assert journey.target == int(journey.scores.argmax())
    assert [moment.t for moment in journey.moments] == [0, 0.5, 1] * 2
    assert journey.nfe == (2, 2)
    assert journey.nfe_back == (0, 0)


@pytest.mark.parametrize("way", [Way("euler", 1), Way("midpoint", 4), Way("rk4", 2)])
@pytest.mark.parametrize("place", [0.0, 0.25, 0.7, 1.0, 2.0])
def test_with_fixed_steps_the_cut_network_agrees_exactly(net: Stages, x: Tensor, way: Way, place: float):
    found = lab.split(net, x, 1, way, place)
    assert found.gradient == found.state == 0
    assert (found.t * way.setting) % 1 == 0
    assert found.layer == ("ode1" if place < 1 else "ode2")
    per_step = {"euler": 1, "midpoint": 2, "rk4": 4}[way.method]
    assert found.nfe == 2 * per_step * way.setting


def test_with_error_control_it_agrees_to_the_tolerance(net: Stages, x: Tensor):
    loose, tight = (max(lab.split(net, x, 1, Way("dopri5", p), s).gradient for s in (0.3, 1.5)) for p in (-2, -5))
    assert tight < 1e-3
    assert 0 < tight < loose


def test_the_resnets_maps_are_those_of_its_stages(resnet: Stages, x: Tensor):
    found = lab.discrete(resnet, x, 3, "gradcam")
    assert [(moment.layer, moment.place) for moment in found] == [
        ("layer1.0", 0.5),
        ("layer1.1", 1.0),
        ("layer2.0", 1.5),
        ("layer2.1", 2.0),
    ]
    for moment in found:
        np.testing.assert_array_equal(moment.signed, explain(resnet, x, moment.layer, 3).raw_map()[0])
        assert moment.speaks_for + moment.against == pytest.approx(moment.signed.sum(), abs=1e-5)
        assert moment.speaks_for >= 0 >= moment.against


def test_a_solver_that_gives_up_is_a_sentence(net: Stages, resnet: Stages, x: Tensor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(odenet, "MOST_STEPS", 1)
    pair = lab.pair(net, resnet, x, None, "gradcam", Way("dopri5", -5))
    assert "step" in pair.journey.failure
    assert not pair.journey.moments
    assert "step" in lab.split(net, x, 0, Way("dopri5", -5), 0.5).failure


def moment(place: float, heat: np.ndarray, layer: str = "ode1") -> Moment:
    return Moment(layer, place, place % 1, heat.astype(np.float32))


def journey(*maps: np.ndarray) -> Journey:
    moments = tuple(moment(i / len(maps), each, f"ode{1 + 3 * i // len(maps)}") for i, each in enumerate(maps))
    return Journey(0, np.zeros(4, np.float32), moments, (1, 1, 1), (1, 1, 1))


LEFT, RIGHT = np.array([[2.0, -1.0], [2.0, -3.0]]), np.array([[-1.0, 2.0], [-1.0, 2.0]])


def test_maps_are_compared_on_the_cells_of_the_last_one():
    end = moment(1, LEFT)
    fine = np.kron(LEFT, np.ones((3, 3)))
    cosines = lab.cosines([moment(0, fine), moment(0, RIGHT), moment(0, 0 * LEFT)], end)
    np.testing.assert_allclose(cosines, [1, 0, 0], atol=1e-6)


def test_evidence_appears_where_the_map_begins_to_stay():
    found = journey(LEFT, RIGHT, RIGHT, LEFT, LEFT, LEFT).appears
    assert found is not None
    assert found.layer == "ode2"
    assert journey(RIGHT, -np.abs(LEFT)).appears is None


@pytest.mark.parametrize(
    ("maps", "truth"),
    [
        ((LEFT, LEFT, LEFT), words.WHERE[3]),
        ((RIGHT, RIGHT, RIGHT, LEFT, LEFT, LEFT), words.WHERE[1]),
        ((RIGHT, RIGHT, LEFT), words.WHERE[2]),
    ],
)
def test_the_prediction_is_marked_by_the_result(maps: tuple[np.ndarray, ...], truth: str):
    pair = Pair(journey(*maps), (moment(0.5, LEFT), moment(1, RIGHT)), (0.5, 0.5), (0, 1))
    for guess in words.WHERE:
        said = words.about_appearing(guess, pair)
        assert truth in said
        assert ("**Right" in said) == (guess == truth)
    assert "ResNet" in words.about_answers(pair, NAMES)


def test_the_sums_are_told_with_their_places(net: Stages, resnet: Stages, x: Tensor):
    pair = lab.pair(net, resnet, x, 0, "gradcam", Way("rk4", 4))
    most = max(pair.journey.moments, key=lambda moment: moment.speaks_for)
    assert f"depth {most.place:.4g} ({most.speaks_for:+.2f})" in words.about_evidence(pair)
    assert pair.probabilities[1] == pytest.approx(float(resnet(x).softmax(1)[0, 0]))


def test_a_blank_map_is_nothing_to_find():
    pair = Pair(journey(RIGHT, 0 * RIGHT), (), (0.5, 0.5), (0, 0))
    assert "blank" in words.about_appearing(words.WHERE[0], pair)


def test_the_twins_are_counted():
    parts = lab.twins(48, 48)
    assert [part.name for part in parts] == ["stem", "stage 1", "stage 2", "stage 3", "head"]
    assert sum(part.resnet_parameters for part in parts) == 696_618
    assert sum(part.odenet_parameters for part in parts) == 220_970
    assert [part.shape for part in parts[1:4]] == [(32, 48, 48), (64, 24, 24), (128, 12, 12)]
    assert "**696,618**" in words.twin_table(parts)
