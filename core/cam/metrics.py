"""Numbers that say whether a map can be trusted.

* Where it points: `points_at` and `overlap`, on pictures whose objects have known boxes (Selvaraju et al., arXiv
  1610.02391, section 4.1; Zhang et al., arXiv 1608.00507, section 4.3: the pointing game).
* What it depends on: `randomised` networks, compared by `rank_correlation` and structural similarity (Adebayo et al.,
  arXiv 1810.03292, section 3).
* Whether the marked places matter: `removal` of the hottest places first, or of all others (Petsiuk et al., arXiv
  1806.07421, section 3.3: deletion and insertion).

Maps are (H, W) arrays on the pixels of what the network was fed.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from scipy import ndimage, stats
from skimage import metrics
from torch import Generator, Tensor, nn

from core.nn.scenes import Box
from core.nn.stages import Stages

Map = Float[np.ndarray, "H W"]

SHARE = 0.15
"""Of the maximum: what is at least as hot belongs to the object (Selvaraju et al., section 4.1)."""


def hottest(heat: Map) -> tuple[int, int] | None:
    """Row and column of the hottest place; of several equally hot ones, the one nearest to their mean.

    None for a map that is the same everywhere.
    """
    highest = heat.max()
    if not highest > heat.min():
        return None
    places = np.argwhere(heat == highest)
    row, column = places[np.abs(places - places.mean(axis=0)).sum(axis=1).argmin()]
    return int(row), int(column)


def points_at(heat: Map, box: Box) -> bool:
    """Whether the hottest place lies in the box. A blank map points nowhere."""
    place = hottest(heat)
    if place is None:
        return False
    left, top, right, bottom = box
    return top <= place[0] < bottom and left <= place[1] < right


def heat_box(heat: Map, share: float = SHARE) -> Box | None:
    """Around the largest connected place that is at least `share` of the maximum; None for a map without heat."""
    if not heat.max() > 0:
        return None
    segments = np.empty(heat.shape, int)
    ndimage.label(heat >= share * heat.max(), output=segments)
    largest = np.bincount(segments.ravel())[1:].argmax() + 1
    rows, columns = ndimage.find_objects(segments)[largest - 1]
    return columns.start, rows.start, columns.stop, rows.stop


def overlap(one: Box, other: Box) -> float:
    """Area of the intersection over that of the union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (one, other)]
    return both / (sum(areas) - both)


def rank_correlation(one: Map, other: Map) -> float:
    """Spearman's; 0 where one of the maps is constant and has no ranks."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(*(stats.rankdata(each) for each in (one, other)))[0, 1])


def structural_similarity(one: Map, other: Map) -> float:
    """SSIM of the maps, each divided by its maximum (Wang et al. 2004)."""
    a, b = (each / each.max() if each.max() > 0 else each for each in map(np.float64, (one, other)))
    return float(np.asarray(metrics.structural_similarity(a, b, data_range=1.0)))


def randomised(net: Stages, generator: Generator) -> Iterator[tuple[str, Stages]]:
    """Copies of a network whose stages have lost what they learnt, from the last one down, one more in each.

    Convolutions and linear layers are drawn anew, as large as the trained ones were (normal, with their standard
    deviation); batch normalisations keep their statistics.

    Yields:
        The name of the stage that was randomised last, and the copy. Stages without such weights are passed over.
    """
    net = copy.deepcopy(net)
    for name, stage in reversed(net.stages.items()):
        layers = [module for module in stage.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        for layer in layers:
            with torch.no_grad():
                deviation = float(layer.weight.std())
                layer.weight.normal_(0, deviation, generator=generator)
        if layers:
            yield name, copy.deepcopy(net)


@dataclass(frozen=True, eq=False)
class Removal:
    """Scores of a picture from which more and more is taken.

    Attributes:
        shares: of the pixels that were changed, from 0 to 1.
        probabilities: of the class.
    """

    shares: Float[np.ndarray, " steps"]
    probabilities: Float[np.ndarray, " steps"]

    @property
    def area(self) -> float:
        """Under the curve."""
        return float(np.trapezoid(self.probabilities, self.shares))


def removal(
    net: nn.Module,
    x: Float[Tensor, "1 3 H W"],
    order: Int64[np.ndarray, " pixels"],
    target: int,
    way: Literal["delete", "insert"],
    steps: int = 28,
    batch: int = 16,
) -> Removal:
    """The probability of `target` while pixels become grey in the given order, or come back to a blurred picture.

    Deletion sets pixels to 0 (the mean of what the network was trained on); insertion begins with a Gaussian blur of a
    tenth of the picture's side, as the paper does, so that the edges of what comes back are no evidence.
    """
    blurred = ndimage.gaussian_filter(x[0].numpy(), (0, x.shape[2] / 10, x.shape[3] / 10))
    start, end = (x[0], torch.zeros_like(x[0])) if way == "delete" else (torch.from_numpy(blurred), x[0])
    counts = np.linspace(0, order.size, steps + 1).round().astype(int)
    rank = np.empty(order.size, int)
    rank[order] = np.arange(order.size)
    changed: Bool[np.ndarray, "steps H W"] = rank.reshape(x.shape[2:]) < counts[:, None, None]
    found = []
    for some in torch.from_numpy(changed).split(batch):
        with torch.no_grad():
            found.append(net(torch.where(some[:, None], end, start)).softmax(1)[:, target])
    return Removal(counts / order.size, torch.cat(found).numpy())


def hottest_first(heat: Map) -> Int64[np.ndarray, " pixels"]:
    """All pixels, as positions in the flattened map, by falling heat; equal ones from the upper left corner on."""
    return np.argsort(-heat, axis=None, kind="stable")
