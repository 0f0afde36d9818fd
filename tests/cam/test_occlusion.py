"""Occlusion against squares painted by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.cam.occlusion import Squares, occlusion
from core.nn.resnet import resnet_cifar

X = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(0)) + 0.5


class Sum(nn.Module):
    """Two scores: the sum of the red of all pixels, weighted by a picture of weights, and its negative."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, x: Tensor) -> Tensor:
        score = (x[:, 0] * self.weights).sum((1, 2))
        return torch.stack([score, -score], 1)


def occlusion_map(net: nn.Module, target: int, squares: Squares) -> np.ndarray:
    return np.stack(list(occlusion(net, X, target, squares)))


def test_squares_that_do_not_overlap_divide_a_linear_score():
    weights = torch.randn(12, 16, generator=torch.Generator().manual_seed(1))
    falls = occlusion_map(Sum(weights), 0, Squares(3, 4, size=1))
    expected = (X[0, 0] * weights).reshape(3, 4, 4, 4).sum((1, 3))
    np.testing.assert_allclose(falls, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(occlusion_map(Sum(weights), 1, Squares(3, 4, size=1)), -falls, rtol=1e-4, atol=1e-5)


def test_a_square_of_three_cells_is_cut_off_at_the_edge():
    covered = Squares(3, 4, size=3).cover(12, 16)
    assert covered.shape == (12, 12, 16)
    corner, middle = covered[0], covered[5]
    np.testing.assert_array_equal(np.argwhere(corner).max(0), [7, 7])
    assert corner.sum() == 8 * 8
    np.testing.assert_array_equal([np.argwhere(middle).min(0), np.argwhere(middle).max(0)], [[0, 0], [11, 11]])


@pytest.mark.parametrize(("stride", "shape"), [(1, (5, 7)), (2, (3, 4)), (9, (1, 1))])
def test_a_stride_leaves_places_out(stride: int, shape: tuple[int, int]):
    squares = Squares(5, 7, size=2.5, stride=stride)
    assert squares.shape == shape
    covered = squares.cover(20, 30)
    assert len(covered) == shape[0] * shape[1]
    assert covered.any((1, 2)).all()


def test_every_square_covers_something_even_with_more_cells_than_pixels():
    assert Squares(50, 60, size=0.01).cover(3, 4).any((1, 2)).all()


def test_a_row_at_a_time_agrees_with_painting_by_hand():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = resnet_cifar((8, 16), blocks=1).eval()
    rows = list(occlusion(net, X, 3, Squares(3, 4, size=2)))
    assert [row.shape for row in rows] == [(4,)] * 3
    painted = X.clone()
    painted[0, :, 2:10, 2:10] = 0  # two cells of 4 pixels, around the centre of cell (1, 1)
    with torch.no_grad():
        fall = net(X)[0, 3] - net(painted)[0, 3]
    assert rows[1][1] == pytest.approx(float(fall), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"stride": 0}, {"size": 0.0}, {"size": float("nan")}], ids=str)
def test_impossible_squares_are_refused(wrong: dict):
    with pytest.raises(ValueError, match="must be positive"):
        Squares(**{"rows": 2, "columns": 2} | wrong)
