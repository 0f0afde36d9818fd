"""A third test of a heatmap, beside those of `trust`: a grey square slides over the picture (`core.cam.occlusion`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from core.cam import METHODS, Explanation
from core.cam.metrics import rank_correlation
from core.cam.occlusion import Squares, falls_beneath
from core.labs.trust import EIGEN, RANDOM, Map, heat_by, on_input
from core.nn.stages import Stages

MOST_PLACES = 400
"""Of the grey square, on one map."""


@dataclass(frozen=True, eq=False)
class Occluded:
    """The occlusion map, and how each method's map agrees with it."""

    squares: Squares
    falls: Map
    """By how much the score falls, for each place of the square."""
    agreement: dict[str, float]
    """Method -> rank correlation of its signed map, read at the centres of the squares, with the falls."""


def squares_for(cells: Sequence[int], size: float, stride: int) -> Squares:
    """The squares on a map of so many cells; a stride at which there would be more than `MOST_PLACES` is raised."""
    rows, columns = cells
    return next(
        squares
        for squares in (Squares(rows, columns, size, one) for one in range(stride, max(rows, columns) + stride + 1))
        if squares.shape[0] * squares.shape[1] <= MOST_PLACES
    )


def occluded_row(net: Stages, x: Float[Tensor, "1 3 H W"], target: int, squares: Squares, row: int) -> np.ndarray:
    """The falls of one row of places."""
    covered = squares.cover(*x.shape[2:])
    return falls_beneath(net, x, target, np.split(covered, squares.shape[0])[row]).numpy()


def occluded(explanation: Explanation, squares: Squares, rows: Sequence[np.ndarray], seed: int) -> Occluded:
    """All rows together, beside every method."""
    falls = np.stack(rows)
    agreement = {
        method: rank_correlation(on_input(heat_by(explanation, method, seed), falls.shape), falls)
        for method in (*METHODS, EIGEN, RANDOM)
    }
    return Occluded(squares, falls, agreement)
