"""Occlusion: a grey square slides over the picture, and the score is looked at again.

It asks for no gradient and no feature map: what it finds is what covering a place does. That makes it a map to hold
others against, though the square has edges of its own, and what lies beneath two squares is never covered together.

Source: Zeiler, Fergus, "Visualizing and understanding convolutional networks" (arXiv 1311.2901), section 4.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


@dataclass(frozen=True)
class Squares:
    """Where the square goes: the input is divided into `rows` x `columns` cells.

    Attributes:
        size: side of the square, in cells.
        stride: cells between the centres of two neighbouring squares, at most.
    """

    rows: int
    columns: int
    size: float = 3.0
    stride: int = 1

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.stride) < 1 or not self.size > 0:
            raise ValueError(f"cells, size and stride must be positive; got {self}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the map: one value for each place of the square."""
        return -(-self.rows // self.stride), -(-self.columns // self.stride)

    def cover(self, height: int, width: int) -> Bool[np.ndarray, "places H W"]:
        """The pixels beneath each square; it is cut off where it would stand over the edge.

        The centres are spread evenly, so that each lies in the middle of its own part of the input.
        """
        down = _beneath(self.shape[0], self.size / self.rows, height)
        across = _beneath(self.shape[1], self.size / self.columns, width)
        return (down[:, None, :, None] & across[None, :, None, :]).reshape(-1, height, width)


def _beneath(places: int, share: float, pixels: int) -> Bool[np.ndarray, "places pixels"]:
    """Along one axis: whether a pixel's centre is nearer to a square's centre than half its side; at least one is."""
    at = (np.arange(pixels) + 0.5) / pixels
    centres = (np.arange(places) + 0.5) / places
    away = np.abs(at - centres[:, None])
    return (away < share / 2) | (away == away.min(axis=1, keepdims=True))


def falls_beneath(
    net: nn.Module, x: Float[Tensor, "1 3 H W"], target: int, covered: Bool[np.ndarray, "places H W"]
) -> Float[Tensor, " places"]:
    """By how much the score of `target` falls when the `covered` pixels are grey: 0, the mean of the training data.

    The untouched picture goes along in the same batch. A square that raises the score has a negative fall.
    """
    with torch.no_grad():
        scores = net(torch.cat([x, torch.where(torch.from_numpy(covered)[:, None], 0.0, x)]))[:, target]
    return scores[0] - scores[1:]


def occlusion(
    net: nn.Module, x: Float[Tensor, "1 3 H W"], target: int, squares: Squares
) -> Iterator[Float[np.ndarray, " columns"]]:
    """A row of the map at a time, from the top down: see `falls_beneath`."""
    covered = squares.cover(*x.shape[2:])
    for row in np.split(covered, squares.shape[0]):
        yield falls_beneath(net, x, target, row).numpy()
