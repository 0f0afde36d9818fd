"""Two tests of a heatmap: a network that forgets, and pixels that go away. (`covering` has a third.)

Each test comes in pieces, which are functions of a network and what it is fed. Source: `core.cam.metrics`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional as F

from core.cam import METHODS, Explanation, explain
from core.cam.eigen import eigencam
from core.cam.guided import guided_backpropagation
from core.cam.metrics import (
    Removal,
    hottest_first,
    randomised,
    rank_correlation,
    removal,
    structural_similarity,
)
from core.cam.overlay import on_picture
from core.nn.odenet import blocks
from core.nn.preprocess import Fed
from core.nn.stages import Stages, count_parameters
from core.ode import SolverError

Map = Float[np.ndarray, "h w"]

MOST_PARAMETERS = 60_000_000
"""Of a network that is copied to be randomised."""
THUMBNAIL = 64
"""Cells along the longer side of the fine maps that are kept to be looked at."""
STEPS = 28
"""Steps of a deletion or insertion curve."""

EIGEN, RANDOM = "eigen", "random"
"""Maps beside those of `METHODS`: Eigen-CAM, and a random number in each cell."""


@dataclass(frozen=True)
class Setting:
    """What is explained, beside the picture: the explorer's choices."""

    model: str
    layer: str
    target: int
    method: str = "gradcam"


def title(method: str) -> str:
    """Of a map's method, also of those beside `METHODS`."""
    return {EIGEN: "Eigen-CAM", RANDOM: "Random"}.get(method) or METHODS[method].title


def guided_objection(net: nn.Module) -> str | None:
    """Why guided back-propagation cannot be asked of this network; None if it can."""
    if not blocks(net):
        return None
    return (
        "Guided back-propagation is left out: it is a rule for ReLUs, and the blocks of this network have another "
        "activation, SiLU."
    )


def coarse(values: Map, longest: int = THUMBNAIL) -> Map:
    """Means over equal parts, so that no side has more than `longest` cells; a coarser map stays as it is."""
    height, width = values.shape
    scale = min(1.0, longest / max(height, width))
    if scale == 1.0:
        return values
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return F.adaptive_avg_pool2d(torch.from_numpy(np.float32(values))[None, None], size)[0, 0].numpy()


def on_input(values: Map, shape: Sequence[int]) -> Map:
    """A map at every pixel of an input of `shape` (height, width)."""
    height, width = shape
    return on_picture(values, (height, width), (0.0, 0.0, float(width), float(height)))


# ---- A network that forgets


@dataclass(frozen=True, eq=False)
class Maps:
    """What each method shows, on the pixels of the input."""

    heat: Map
    """Grad-CAM's, in its own cells."""
    sharp: Map | None
    """Guided back-propagation: the largest of the three colours' sizes; None where it cannot be asked."""
    edges: Map
    """A Sobel filter's: how steeply the grey of the picture rises."""
    probability: float
    """Of the class."""
    seconds: float
    """That it took."""


@dataclass(frozen=True)
class Likeness:
    """Of two maps."""

    rank: float
    """Spearman's rank correlation."""
    structure: float
    """Structural similarity."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """What is shown when a number of stages are random, and how like that is to what the trained network showed."""

    stage: str
    """The one randomised last; empty for the network as trained."""
    heat: Map
    sharp: Map | None
    """Coarse, to be looked at."""
    probability: float
    heat_like: Likeness
    sharp_like: Likeness | None
    sharp_edges: float
    """Rank correlation of guided back-propagation with the edge detector; 0 without it."""
    message: str = ""
    """Why there are no maps; empty if there are."""


@dataclass(frozen=True, eq=False)
class Cascade:
    """From the network as trained to one in which all stages are random."""

    attempts: tuple[Attempt, ...]
    edges: Map
    """The edge detector's, coarse; no network has a part in it."""
    size: tuple[int, int]
    """Height and width of the input in pixels."""
    seed: int


def forgetting(net: Stages) -> list[str]:
    """The stages that can be randomised, from the last one down."""
    layers = nn.Conv2d | nn.Linear
    return [name for name, stage in reversed(net.stages.items()) if any(isinstance(m, layers) for m in stage.modules())]


def too_large(net: Stages, trained: Maps) -> str | None:
    """Why a network's copies are too much for a server that many share; None if they are not."""
    parameters = count_parameters(net)
    if parameters <= MOST_PARAMETERS:
        return None
    minutes = max(1, round(cascade_seconds(net, trained) / 60))
    return (
        f"This network has {parameters:,} parameters. Its {len(forgetting(net))} randomised copies, "
        f"{parameters * 4 / 2**20:.0f} MB each, would take about {minutes} min of this server's time and much of its "
        f"memory, so it is not done here. Choose a network with at most {MOST_PARAMETERS:,} parameters."
    )


def edge_detector(pixels: UInt8[np.ndarray, "h w 3"]) -> Map:
    """The length of the gradient of the picture's grey, by Sobel's filters."""
    grey = pixels.mean(axis=2)
    return np.hypot(ndimage.sobel(grey, axis=0), ndimage.sobel(grey, axis=1))


def maps_of(net: Stages, fed: Fed, layer: str, target: int) -> Maps:
    """Grad-CAM, guided back-propagation and the edges, by a network that is trained or not."""
    began = perf_counter()
    explanation = explain(net, fed.x, layer, target)
    sharp = None
    if guided_objection(net) is None:
        sharp = guided_backpropagation(net, fed.x, explanation.targets)[0].abs().amax(0).numpy()
    probability = float(explanation.probabilities[0, target])
    return Maps(explanation.map()[0].numpy(), sharp, edge_detector(fed.pixels), probability, perf_counter() - began)


def attempt(net: Stages, fed: Fed, layer: str, target: int, trained: Maps, seed: int, number: int) -> Attempt:
    """Randomise the last `number` stages, explain again and compare."""
    if number == 0:
        return _compared("", trained, trained, fed)
    stage, forgot = next(islice(randomised(net, torch.Generator().manual_seed(seed)), number - 1, None))
    try:
        return _compared(stage, maps_of(forgot, fed, layer, target), trained, fed)
    except SolverError as error:
        blank = np.zeros_like(trained.heat)
        return Attempt(stage, blank, None, 0.0, Likeness(0, 0), None, 0.0, f"With {stage} random: {error}")


def cascade_seconds(net: Stages, trained: Maps) -> float:
    """How long all attempts will take, by what the trained network took; drawing and copying weights included."""
    count = len(forgetting(net))
    return count * (1.5 * trained.seconds + 1e-8 * count * count_parameters(net))


def _compared(stage: str, now: Maps, trained: Maps, fed: Fed) -> Attempt:
    if not all(np.isfinite(one).all() for one in (now.heat, now.sharp) if one is not None):
        blank = np.zeros_like(now.heat)
        message = f"With {stage} random, the values are too large for numbers of 32 bits."
        return Attempt(stage, blank, None, 0.0, Likeness(0, 0), None, 0.0, message)
    shape = fed.x.shape[2:]
    heat_like = likeness(on_input(now.heat, shape), on_input(trained.heat, shape))
    if now.sharp is None or trained.sharp is None:
        return Attempt(stage, now.heat, None, now.probability, heat_like, None, 0.0)
    like = likeness(now.sharp, trained.sharp)
    edges = rank_correlation(now.sharp, now.edges)
    return Attempt(stage, now.heat, coarse(now.sharp), now.probability, heat_like, like, edges)


def likeness(one: Map, other: Map) -> Likeness:
    """Both measures."""
    return Likeness(rank_correlation(one, other), structural_similarity(one, other))


# ---- Pixels that go away


Way = Literal["delete", "insert"]


def heat_by(explanation: Explanation, method: str, seed: int = 0, number: int = 0) -> Map:
    """A signed map in the cells of the layer, by one of `METHODS`, Eigen-CAM or random numbers (the `number`-th)."""
    if method == EIGEN:
        return explanation.weighted(eigencam(explanation.activation))[0].numpy()
    if method == RANDOM:
        return np.random.default_rng((seed, number)).random(explanation.activation.shape[2:]).astype(np.float32)
    return explanation.raw_map(method)[0].numpy()


def order(heat: Map, shape: Sequence[int]) -> Int64[np.ndarray, " pixels"]:
    """The pixels of an input of `shape`, hottest first."""
    return hottest_first(on_input(heat, shape))


def curve(
    net: Stages, x: Float[Tensor, "1 3 H W"], explanation: Explanation, method: str, way: Way, seed: int, number: int
) -> Removal:
    """Deletion or insertion in the order of one map."""
    target = int(explanation.targets[0])
    return removal(net, x, order(heat_by(explanation, method, seed, number), x.shape[2:]), target, way, STEPS)


@dataclass(frozen=True, eq=False)
class Curves:
    """One way of removing, by a map, by Eigen-CAM and by random maps."""

    way: Way
    method: str
    map: Removal
    eigen: Removal
    random: tuple[Removal, ...]

    @property
    def random_mean(self) -> Float[np.ndarray, " steps"]:
        """Of the probabilities over all random maps."""
        return np.mean([one.probabilities for one in self.random], axis=0)

    @property
    def random_areas(self) -> list[float]:
        """Under each random curve."""
        return [one.area for one in self.random]


def pass_seconds(net: Stages, x: Float[Tensor, "1 3 H W"]) -> float:
    """How long one picture takes, there only."""
    return quickest(lambda: net(x))


def quickest(work: Callable[[], object]) -> float:
    """Seconds that `work` takes without a gradient: the least of three, since others use the machine too."""
    taken = []
    with torch.no_grad():
        for _ in range(3):
            began = perf_counter()
            work()
            taken.append(perf_counter() - began)
    return min(taken)
