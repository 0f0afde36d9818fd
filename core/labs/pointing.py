r"""How often does a map's hottest place lie in the object's box, over many scenes and for many methods?

Each object of each scene is one trial: the map of its class, whatever the network says, is held against its box.

* Pointing game: the share of trials whose hottest place lies in the box (Zhang et al., arXiv 1608.00507, section 4.3).
  Its interval is Wilson's for 95 %: :math:`\frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}`.
* IoU: intersection over union of the object's box and the one around what is at least 15 % of the maximum (Selvaraju
  et al., arXiv 1610.02391, section 4.1). The interval of its mean holds 95 % of the means of bootstrap samples, which
  draw whole scenes: objects of one scene are not independent.

    pieces = [piece(net, params, number) for number in range(params.pieces)]
    result = join(params, pieces)
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from core.cam import METHODS, Explanation, trace
from core.cam.guided import guided_backpropagation
from core.cam.metrics import heat_box, overlap, points_at
from core.cam.perturbing import linear_falls
from core.labs.pointing_scene import LAYER, NETWORK, UNSEEN, feed, map_of, on_pixels
from core.nn import scenes, train_scenes
from core.nn.scenes import CANVAS, CLASSES, Box, draw
from core.nn.stages import Stages

AT_ONCE = 25
"""Scenes of one piece: one batch."""
BUMP = 21
"""Side in pixels of the boxes of both baselines: that of the objects' boxes, on average."""
Z = 1.959964
"""Of the normal distribution, 95 % lies within so many standard deviations."""
RESAMPLED = 1000

TITLES = {
    **{name: rule.title for name, rule in METHODS.items() if name != "counter"},
    "ablationcam": "Ablation-CAM",
    "eigencam": "Eigen-CAM",
    "guided": "Guided back-propagation",
    "guided_gradcam": "Guided Grad-CAM",
    "centre": "Always the centre",
    "random": "A random place",
}
"""All that is compared."""
BASELINES = ("centre", "random")
"""They know nothing of picture or network."""


@dataclass(frozen=True)
class Params:
    """Which scenes, and where the network is opened.

    Attributes:
        network: its name, for whoever loads it.
        scenes: how many.
        seed: of their numbers; none of these scenes was in a training.
    """

    scenes: int = 100
    seed: int = 0
    layer: str = LAYER
    network: str = NETWORK

    @property
    def pieces(self) -> int:
        """How many calls of `piece` make the result."""
        return -(-self.scenes // AT_ONCE)


@dataclass(frozen=True, eq=False)
class Trials:
    """One object after the other.

    Attributes:
        methods: names of the columns.
        scene: the number of the scene that the object is in.
        score: the network's for the object's kind; above 0 it found it.
        hits: whether the hottest place lies in the object's box.
        near: or no more than one cell of the map beside it.
        overlaps: IoU of the boxes; 0 for a blank map.
    """

    methods: tuple[str, ...]
    scene: Int64[np.ndarray, " trials"]
    score: Float[np.ndarray, " trials"]
    hits: Bool[np.ndarray, "trials methods"]
    near: Bool[np.ndarray, "trials methods"]
    overlaps: Float[np.ndarray, "trials methods"]


@dataclass(frozen=True)
class Estimate:
    """A share or mean, and the interval that is to hold the true one in 95 of 100 cases."""

    value: float
    low: float
    high: float
    of: int
    """How many trials it is from."""


@dataclass(frozen=True)
class Row:
    """One method."""

    method: str
    pointing: Estimate
    on_found: Estimate
    """The pointing game again, on objects that the network found."""
    near: Estimate
    """The same on all objects, with boxes one cell of the map wider on each side."""
    iou: Estimate


@dataclass(frozen=True)
class Result:
    """All methods on the same scenes."""

    params: Params
    found: Estimate
    """Share of the objects that the network found."""
    rows: tuple[Row, ...]

    def row(self, method: str) -> Row:
        """Of one method."""
        return next(row for row in self.rows if row.method == method)


def piece(net: Stages, params: Params, number: int) -> Trials:
    """The trials of one batch of scenes, from 0 up to `params.pieces`."""
    chosen = range(number * AT_ONCE, min((number + 1) * AT_ONCE, params.scenes))
    drawn = [train_scenes.scene(UNSEEN + params.seed, each, tagged=False) for each in chosen]
    which = [(row, thing) for row, scene in enumerate(drawn) for thing in scene.things]
    rows = torch.tensor([row for row, _ in which])
    x = feed([draw(scene) for scene in drawn])[rows]
    targets = [CLASSES.index(thing.kind) for _, thing in which]
    explanation = trace(net, x, params.layer).explain(targets)
    random = np.random.default_rng((params.seed, number))
    maps = all_maps(net, x, explanation) | {
        "centre": np.stack([bump(CANVAS / 2, CANVAS / 2)] * len(which)),
        "random": np.stack([bump(*place) for place in random.uniform(0, CANVAS, (len(which), 2))]),
    }
    boxes = [scenes.box(thing) for _, thing in which]
    cell = CANVAS // explanation.activation.shape[2]
    judged = [[judge(heat, box, cell) for heat, box in zip(maps[name], boxes, strict=True)] for name in maps]
    hits, near, overlaps = np.moveaxis(np.array(judged), 2, 0).mT  # of (methods, trials, 3)
    return Trials(
        tuple(maps),
        np.array(chosen)[rows.numpy()],
        explanation.scores.gather(1, explanation.targets[:, None])[:, 0].numpy(),
        hits > 0,
        near > 0,
        overlaps,
    )


def all_maps(
    net: Stages, x: Float[Tensor, "n 3 h w"], explanation: Explanation
) -> dict[str, Float[np.ndarray, "n H W"]]:
    """The heat of every method on the picture's pixels; Ablation-CAM where it has a closed form."""
    cells = {name: map_of(explanation, name) for name in TITLES if name in METHODS or name == "eigencam"}
    falls = linear_falls(net, explanation)
    if falls is not None:
        cells["ablationcam"] = explanation.weighted(falls).relu()
    heats = {name: on_pixels(values) for name, values in cells.items()}
    guided = guided_backpropagation(net, x, explanation.targets).abs().sum(1).numpy()
    heats |= {"guided": guided, "guided_gradcam": guided * heats["gradcam"]}
    return {name: heats[name] for name in TITLES if name in heats}


def bump(row: float, column: float) -> Float[np.ndarray, "H W"]:
    """Heat that falls with the distance from a place; 15 % of its maximum and more fill `BUMP` pixels across."""
    at = np.arange(CANVAS) + 0.5
    distance = np.hypot(at[:, None] - row, at - column)
    return np.maximum(1 - 0.85 * distance / (BUMP / 2), 0)


def judge(heat: Float[np.ndarray, "H W"], box: Box, cell: int) -> tuple[bool, bool, float]:
    """Whether the heat points at the box, or at most `cell` pixels beside it, and the IoU."""
    hot, (left, top, right, bottom) = heat_box(heat), box
    wider = left - cell, top - cell, right + cell, bottom + cell
    return points_at(heat, box), points_at(heat, wider), 0.0 if hot is None else overlap(hot, box)


def join(params: Params, pieces: Sequence[Trials]) -> Result:
    """Rates, means and intervals of all pieces."""
    all_of = {
        field.name: np.concatenate([getattr(each, field.name) for each in pieces])
        for field in fields(Trials)
        if field.name != "methods"
    }
    trials = Trials(pieces[0].methods, **all_of)
    found = trials.score > 0
    ious = means(trials.overlaps, trials.scene, params.seed)
    return Result(
        params,
        share(found),
        tuple(
            Row(name, share(hits), share(hits[found]), share(near), iou)
            for name, hits, near, iou in zip(trials.methods, trials.hits.T, trials.near.T, ious, strict=True)
        ),
    )


def run(net: Stages, params: Params) -> Result:
    """All of it at once."""
    return join(params, [piece(net, params, number) for number in range(params.pieces)])


def share(hits: Bool[np.ndarray, " n"]) -> Estimate:
    """The share of trials that hit, with Wilson's interval."""
    n = len(hits)
    if n == 0:
        return Estimate(0.0, 0.0, 1.0, 0)
    p = float(hits.mean())
    middle, spread = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = ((middle + sign * spread) / (1 + Z**2 / n) for sign in (-1, 1))
    return Estimate(p, max(0.0, float(low)), min(1.0, float(high)), n)


def means(
    values: Float[np.ndarray, "trials methods"], scene: Int64[np.ndarray, " trials"], seed: int
) -> list[Estimate]:
    """Means over the trials, with intervals from samples that draw whole scenes, with repetition."""
    _, index = np.unique(scene, return_inverse=True)
    counts = np.bincount(index)
    sums = np.stack([np.bincount(index, column) for column in values.T], axis=1)  # (scenes, methods)
    random = np.random.default_rng(seed)
    times = random.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLED)  # each scene is drawn
    low, high = np.percentile(times @ sums / (times @ counts)[:, None], (2.5, 97.5), axis=0)
    return [
        Estimate(float(mean), float(one), float(other), len(values))
        for mean, one, other in zip(values.mean(axis=0), low, high, strict=True)
    ]
