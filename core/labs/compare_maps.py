"""One class, seen in many ways: through the layers, by other methods, by the wrong target, and for all classes.

Each part comes in pieces: functions of a network and what it is fed, with small results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from time import perf_counter

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from core.cam import Explanation, Trace, explain
from core.cam.eigen import eigencam
from core.cam.guided import guided_backpropagation, guided_gradcam
from core.cam.metrics import rank_correlation
from core.cam.perturbing import falls_without, linear_falls, linear_head, masked_scores, most_varying, score_weights
from core.labs.trust import Map, coarse, guided_objection, on_input, quickest
from core.nn.stages import Stages
from core.ode import SolverError

LEAST, MOST_GROUPS = 8, 32
"""Feature maps in one piece of Score-CAM or Ablation-CAM, unless there would be too many pieces."""


# ---- Through the layers


@dataclass(frozen=True, eq=False)
class StageMap:
    """Grad-CAM of one class at one stage."""

    layer: str
    shape: tuple[int, int, int]
    """Feature maps, rows and columns there."""
    values: Map
    """Coarse where there are very many cells."""


def stage_map(net: Stages, x: Float[Tensor, "1 3 H W"], layer: str, target: int, method: str) -> StageMap:
    """The map at one stage; the pass that it takes is not kept."""
    explanation = explain(net, x, layer, target)
    count, rows, columns = explanation.activation.shape[1:]
    return StageMap(layer, (count, rows, columns), coarse(explanation.map(method)[0].numpy()))


@dataclass(frozen=True, eq=False)
class Sweep:
    """All stages from input to output, and how like each map is to the last."""

    maps: tuple[StageMap, ...]
    ranks: tuple[float, ...]
    """Rank correlation with the last stage's map, on a common grid."""

    @property
    def run(self) -> int:
        """How many stages from the last one back, without a gap, have at least half of full rank correlation."""
        count = 0
        for rank in reversed(self.ranks):
            if rank < 0.5:
                break
            count += 1
        return count


def sweep(maps: Sequence[StageMap]) -> Sweep:
    """Compare the maps of all stages with the last."""
    rows, columns = (max(each.values.shape[axis] for each in maps) for axis in (0, 1))
    common = [on_input(each.values, (rows, columns)) for each in maps]
    return Sweep(tuple(maps), tuple(rank_correlation(each, common[-1]) for each in common))


# ---- Other methods


@dataclass(frozen=True, eq=False)
class Beyond:
    """One map by a method that is no rule for weights from one gradient."""

    name: str
    values: Map
    rank: float
    """Rank correlation with Grad-CAM's map."""


def tail_seconds(net: Stages, explanation: Explanation) -> float:
    """How long the stages after the explained one take, there only."""
    return quickest(lambda: net.run(explanation.activation, after=explanation.layer))


def group_size(count: int) -> int:
    """Feature maps in one piece, of so many in all."""
    return max(LEAST, ceil(count / MOST_GROUPS))


def groups(count: int) -> int:
    """Pieces for so many feature maps."""
    return ceil(count / group_size(count))


def asked(explanation: Explanation, count: int) -> Int64[Tensor, " n"]:
    """The feature maps that Score-CAM asks."""
    return most_varying(explanation.activation, count)


def score_piece(net: Stages, x: Float[Tensor, "1 3 H W"], explanation: Explanation, count: int, group: int) -> Tensor:
    """The masked scores of one group of the most varying feature maps."""
    channels = asked(explanation, count)
    return masked_scores(net, x, explanation, channels.split(group_size(len(channels)))[group])


def ablation_piece(net: Stages, explanation: Explanation, group: int) -> Tensor:
    """The falls of one group of feature maps; all of them at once where they have a closed form."""
    known = linear_falls(net, explanation)
    if known is not None:
        return known[0]
    channels = torch.arange(explanation.activation.shape[1])
    return falls_without(net, explanation, channels.split(group_size(len(channels)))[group])


def score_cam(explanation: Explanation, count: int, pieces: Sequence[Tensor]) -> Beyond:
    """Score-CAM by all masked scores."""
    channels = asked(explanation, count)
    weights = score_weights(explanation, channels, torch.cat(list(pieces)))
    return _weighted(f"Score-CAM, {len(channels)} of {explanation.activation.shape[1]} maps", explanation, weights)


def ablation_cam(explanation: Explanation, pieces: Sequence[Tensor]) -> Beyond:
    """Ablation-CAM by all falls."""
    return _weighted("Ablation-CAM", explanation, torch.cat(list(pieces)))


def eigen_cam(explanation: Explanation) -> Beyond:
    """Eigen-CAM."""
    return _weighted("Eigen-CAM", explanation, eigencam(explanation.activation)[0])


def guided(net: Stages, x: Float[Tensor, "1 3 H W"], explanation: Explanation) -> list[Beyond]:
    """Guided back-propagation and guided Grad-CAM: the largest of the three colours' sizes; none where they fail."""
    if guided_objection(net) is not None:
        return []
    heat = on_input(explanation.map()[0].numpy(), x.shape[2:])
    found = {
        "Guided back-propagation": guided_backpropagation(net, x, explanation.targets),
        "Guided Grad-CAM": guided_gradcam(net, x, explanation),
    }
    sizes = {name: gradient[0].abs().amax(0).numpy() for name, gradient in found.items()}
    return [Beyond(name, coarse(size, 112), rank_correlation(size, heat)) for name, size in sizes.items()]


def _weighted(name: str, explanation: Explanation, weights: Float[Tensor, " k"]) -> Beyond:
    values = explanation.weighted(weights[None])[0].relu().numpy()
    return Beyond(name, values, rank_correlation(values, explanation.map()[0].numpy()))


# ---- The wrong target

FACTORS = tuple(float(2.0**k) for k in np.linspace(-4, 3, 15))
"""By which the feature maps are multiplied, to make the network more or less sure."""


@dataclass(frozen=True, eq=False)
class Surer:
    """What the gradients are when the feature maps are multiplied by a factor."""

    factor: float
    probability: float
    of_score: float
    """Length of the gradient of the class's score at the feature maps."""
    of_probability: float
    """Length of the gradient of its probability."""


@dataclass(frozen=True, eq=False)
class Target:
    """Grad-CAM of the score and of the probability."""

    score_map: Map
    probability_map: Map
    cosine: float
    """Of the angle between the two; 0 if one is blank."""
    here: Surer
    sweep: tuple[Surer, ...]
    """With rising factors; those at which the network could not be run are left out."""


def surer(net: Stages, passed: Trace, target: int, factor: float) -> Surer | None:
    """Both gradients with multiplied feature maps; None if the rest of the network cannot be run on them."""
    leaf = (passed.activation.detach() * factor).requires_grad_()
    try:
        with torch.enable_grad():
            multiplied = Trace(passed.layer, leaf, net.run(leaf, after=passed.layer))
        score, probability = (multiplied.explain(target, of=of) for of in ("score", "probability"))
    except SolverError:
        return None
    lengths = float(score.gradient.norm()), float(probability.gradient.norm())
    return Surer(factor, float(score.probabilities[0, target]), *lengths)


def wrong_target(passed: Trace, target: int, found: Sequence[Surer | None]) -> Target:
    """Both maps of a pass, with what was found for other factors."""
    score, probability = (passed.explain(target, of=of) for of in ("score", "probability"))
    one, other = score.map()[0], probability.map()[0]
    # by their maxima first: the cosine of numbers as small as 1e-20 would be 0
    one, other = (each / each.max().clamp_min(torch.finfo(each.dtype).tiny) for each in (one, other))
    cosine = float(torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0))
    here = Surer(
        1.0,
        float(score.probabilities[0, target]),
        float(score.gradient.norm()),
        float(probability.gradient.norm()),
    )
    maps = score.map()[0].numpy(), probability.map()[0].numpy()
    return Target(*maps, cosine, here, tuple(each for each in found if each is not None))


# ---- All classes at once


@dataclass(frozen=True, eq=False)
class AllClasses:
    """The head's answer for each cell by itself: the mean over the cells is the score."""

    scores: Float[np.ndarray, "classes h w"]
    seconds: float
    """For all of them."""

    @property
    def winners(self) -> Int64[np.ndarray, "h w"]:
        """The class with the highest score in each cell."""
        return self.scores.argmax(0)

    @property
    def most(self) -> list[tuple[int, int]]:
        """Classes that win cells and how many, most first."""
        classes, cells = np.unique(self.winners, return_counts=True)
        return sorted(zip(classes.tolist(), cells.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))


def head_objection(net: Stages, layer: str) -> str | None:
    """Why the maps of all classes are no single product here; None if they are."""
    if linear_head(net, layer) is not None:
        return None
    names = list(net.stages)
    after = [f"`{name}` ({type(net.stages[name]).__name__})" for name in names[names.index(layer) + 1 :]]
    if len(after) > 5:
        after = [*after[:2], f"{len(after) - 4} more", *after[-2:]]
    return (
        f"After `{layer}` come {', '.join(after)}. Only where nothing follows but a mean over the cells and a linear "
        "layer are the weights of all classes known beforehand: the rows of that layer. Here each class needs its own "
        "way back. Try the last layer, or a ResNet."
    )


def all_classes(net: Stages, explanation: Explanation) -> AllClasses | None:
    """The scores of every class in every cell, by one product of matrices; None without a linear head."""
    head = linear_head(net, explanation.layer)
    if head is None:
        return None
    began = perf_counter()
    cells = explanation.activation[0].flatten(1)  # (k, h w)
    with torch.no_grad():
        scores = torch.addmm(head.bias[:, None], head.weight, cells)
    seconds = perf_counter() - began
    return AllClasses(scores.unflatten(1, explanation.activation.shape[2:]).numpy(), seconds)
