"""Trust in numbers: against hand-made maps, SciPy, and a network that is known."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Generator, Tensor, nn

from core.cam import metrics
from core.nn.resnet import resnet_cifar
from core.nn.stages import Stages


def heat(*places: tuple[int, int], value: float = 1.0) -> np.ndarray:
    found = np.zeros((12, 16))
    for row, column in places:
        found[row, column] = value
    return found


@pytest.mark.parametrize(
    ("map_", "expected"),
    [
        (heat((3, 4)), True),
        (heat((3, 7)), False),  # right is the first column outside
        (heat((2, 4)), False),
        (heat((5, 6)), True),
        (heat((3, 4), (5, 6)), True),
        (np.zeros((12, 16)), False),
        (np.ones((12, 16)), False),
    ],
)
def test_the_pointing_game(map_: np.ndarray, expected: bool):
    assert metrics.points_at(map_, (4, 3, 7, 6)) == expected


def test_a_plateau_points_at_its_middle():
    plateau = np.zeros((12, 16))
    plateau[2:7, 2:9] = 1
    assert metrics.points_at(plateau, (5, 4, 6, 5))


def test_the_box_of_the_largest_place():
    found = heat((1, 1), (1, 2), (2, 1), value=0.2) + heat((8, 10)) + heat((0, 15), (1, 14), value=0.1)
    assert metrics.heat_box(found) == (1, 1, 3, 3)
    assert metrics.heat_box(found, share=0.5) == (10, 8, 11, 9)
    assert metrics.heat_box(np.zeros((3, 3))) is None
    assert metrics.heat_box(-np.ones((3, 3))) is None


@pytest.mark.parametrize(
    ("other", "expected"),
    [((0, 0, 4, 4), 1.0), ((2, 2, 6, 6), 4 / 28), ((4, 0, 8, 4), 0.0), ((9, 9, 10, 10), 0.0), ((1, 1, 3, 3), 0.25)],
)
def test_overlap(other: metrics.Box, expected: float):
    assert metrics.overlap((0, 0, 4, 4), other) == pytest.approx(expected)
    assert metrics.overlap(other, (0, 0, 4, 4)) == pytest.approx(expected)


def test_maps_are_compared():
    random = np.random.default_rng(0)
    one = random.random((20, 24))
    other = one**3 + 0.3 * random.random((20, 24))
    expected, _ = stats.spearmanr(one.ravel(), other.ravel())
    assert metrics.rank_correlation(one, other) == pytest.approx(expected)
    assert metrics.rank_correlation(one, np.ones_like(one)) == 0
    assert metrics.structural_similarity(one, 5 * one) == pytest.approx(1)  # each map has a scale of its own
    assert 0 < metrics.structural_similarity(one, other) < 1
    assert metrics.structural_similarity(one, np.zeros_like(one)) < 0.1


def test_stages_lose_what_they_learnt_from_the_last_one_down():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = resnet_cifar((8, 16), blocks=1).eval()
    trained = {name: value.clone() for name, value in net.state_dict().items()}
    copies = list(metrics.randomised(net, Generator().manual_seed(0)))
    assert [name for name, _ in copies] == ["fc", "layer2.0", "layer1.0", "conv1"]
    for i, (_, made) in enumerate(copies):
        lost = tuple(name for name, _ in copies[: i + 1])
        for name, value in made.state_dict().items():
            drawn = name.startswith(lost) and value.ndim > 1
            assert torch.equal(value, trained[name]) != drawn
            if drawn:
                assert float(value.std()) == pytest.approx(float(trained[name].std()), rel=0.2)
    for name, value in net.state_dict().items():
        assert torch.equal(value, trained[name])


class Corner(nn.Module):
    """Two logits: twice the mean of the upper left quarter, and nothing."""

    def forward(self, x: Tensor) -> Tensor:
        score = 2 * x[:, :, :4, :4].mean((1, 2, 3))
        return torch.stack([score, torch.zeros_like(score)], dim=1)


def test_what_is_removed_shows_in_the_score():
    x = torch.ones(1, 3, 8, 8)
    marked = np.zeros((8, 8))
    marked[:4, :4] = 1
    first, last = metrics.hottest_first(marked), metrics.hottest_first(-marked)
    assert set(first[:16].tolist()) == {8 * row + column for row in range(4) for column in range(4)}
    net = Corner()
    soon = metrics.removal(net, x, first, 0, "delete", steps=4)
    late = metrics.removal(net, x, last, 0, "delete", steps=4)
    sure, even = 1 / (1 + np.exp(-2)), 0.5
    np.testing.assert_allclose(soon.shares, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(soon.probabilities, [sure, even, even, even, even], rtol=1e-6)
    np.testing.assert_allclose(late.probabilities, [sure, sure, sure, sure, even], rtol=1e-6)
    assert soon.area == pytest.approx(even + (sure - even) / 8)
    assert late.area > soon.area


def test_insertion_ends_with_the_picture():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 3, 16, 16, generator=generator)
    net: Stages = resnet_cifar((8,), blocks=1).eval()
    found = metrics.removal(net, x, np.arange(256), 3, "insert", steps=6, batch=3)
    with torch.no_grad():
        assert found.probabilities[-1] == pytest.approx(float(net(x).softmax(1)[0, 3]), rel=1e-5)
    assert len(found.probabilities) == 7
