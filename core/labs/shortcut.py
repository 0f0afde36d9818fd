"""The planted shortcut: two networks that learnt from the same scenes, one of them with a tag beside every star.

Each scene here is drawn in four versions, with and without its star, with and without the tag; nothing else differs.
So what a network says to the four tells whether it looks at the star or at the tag, and its map shows which.
The effect was found in the wild and named after a horse that seemed to count, Clever Hans (Lapuschkin et al., arXiv
1902.10178).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from core.cam import trace
from core.cam.metrics import hottest
from core.labs.pointing import Estimate, share
from core.labs.pointing_scene import LAYER, UNSEEN, feed, map_of, on_pixels
from core.nn import scenes
from core.nn.registry import ASSETS
from core.nn.scenes import CLASSES, TAG, Box, Scene, draw
from core.nn.stages import Stages
from core.nn.train_scenes import RED, TAGGED

HONEST, HANS = "scenes", "scenes_tagged"
NETWORKS = {HONEST: "Trained without tags", HANS: "Trained with tags"}
STAR = CLASSES.index(TAGGED)
AT_ONCE = 12
"""Scenes of one piece; each is drawn four times, for two networks."""
BESIDE = 4
"""Pixels: one cell of the default layer's maps. Heat so near to the tag still counts as the tag's."""
CORNER: Box = (0, 0, TAG + BESIDE, TAG + BESIDE)

Place = Literal["tag", "star", "elsewhere", "nowhere"]
PLACES: tuple[Place, ...] = ("tag", "star", "elsewhere", "nowhere")


@dataclass(frozen=True)
class Params:
    """Which scenes are asked.

    Attributes:
        scenes: how many; each is drawn four times.
        seed: of their numbers; none of them was in a training.
    """

    scenes: int = 60
    seed: int = 0
    method: str = "gradcam"
    layer: str = LAYER

    @property
    def pieces(self) -> int:
        """How many calls of `piece` make the result."""
        return -(-self.scenes // AT_ONCE)


@dataclass(frozen=True, eq=False)
class Asked:
    """What one network said to a batch of scenes.

    Attributes:
        scores: for star, of the four versions: [:, star, tag], each 0 without and 1 with it.
        places: where the heat for star points, with star and tag both there.
    """

    scores: Float[np.ndarray, "n 2 2"]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Answers:
    """Of one network.

    Attributes:
        says: how often it says that there is a star: [star there][tag there].
        points: how often its heat points at each of `PLACES`, with star and tag both there.
    """

    says: tuple[tuple[Estimate, Estimate], tuple[Estimate, Estimate]]
    points: dict[Place, Estimate]


@dataclass(frozen=True)
class Result:
    """Of both networks, by name."""

    params: Params
    of: dict[str, Answers]


def starred(random: np.random.Generator, others: int) -> Scene:
    """A scene with a star and others; the star's box stays clear of the corner where a tag would be."""
    rest = random.permutation([kind for kind in CLASSES if kind != TAGGED])[:others].tolist()
    while True:
        scene = scenes.random_scene(random, others + 1, (TAGGED, *rest))
        left, top, _, _ = star_box(scene)
        if left >= CORNER[2] or top >= CORNER[3]:
            return scene


def start(seed: int) -> Scene:
    """The scene that is looked at closely: a star and one other object."""
    return starred(np.random.default_rng((UNSEEN, seed, 1)), 1)


def star_box(scene: Scene) -> Box:
    """Of a scene that has a star."""
    return next(scenes.box(thing) for thing in scene.things if thing.kind == TAGGED)


def version(scene: Scene, star: bool, tag: bool) -> Scene:
    """The scene with or without its star, and with or without the tag."""
    kept = tuple(thing for thing in scene.things if star or thing.kind != TAGGED)
    return replace(scene, things=kept, tag=RED if tag else None)


def pointed(heat: Float[np.ndarray, "H W"], star: Box | None, tag: bool) -> Place:
    """What the hottest place belongs to."""
    place = hottest(heat)
    if place is None:
        return "nowhere"
    row, column = place
    found: list[tuple[Place, Box | None]] = [("tag", CORNER if tag else None), ("star", star)]
    for name, box in found:
        if box is not None and box[1] <= row < box[3] and box[0] <= column < box[2]:
            return name
    return "elsewhere"


def piece(net: Stages, params: Params, number: int) -> Asked:
    """Ask one network about one batch of scenes, from 0 up to `params.pieces`."""
    chosen = range(number * AT_ONCE, min((number + 1) * AT_ONCE, params.scenes))
    drawn = []
    for each in chosen:
        random = np.random.default_rng((UNSEEN + params.seed, each, 2))
        drawn.append(starred(random, int(random.integers(1, 3))))
    # the last of the four has both star and tag
    four = [(star, tag) for star in (False, True) for tag in (False, True)]
    x = feed([draw(version(scene, *which)) for scene in drawn for which in four])
    passed = trace(net, x, params.layer)
    explanation = passed.explain(STAR)
    heats = on_pixels(map_of(explanation, params.method))[3::4]
    places: list[Place] = [pointed(heat, star_box(scene), tag=True) for heat, scene in zip(heats, drawn, strict=True)]
    return Asked(explanation.scores[:, STAR].numpy().reshape(-1, 2, 2), tuple(places))


def join(params: Params, pieces: dict[str, Sequence[Asked]]) -> Result:
    """Rates of both networks from all their pieces."""
    return Result(params, {name: _answers(of) for name, of in pieces.items()})


def run(nets: dict[str, Stages], params: Params) -> Result:
    """All of it at once."""
    return join(params, {name: [piece(net, params, i) for i in range(params.pieces)] for name, net in nets.items()})


def accuracies() -> dict[str, dict[str, dict[str, float]]]:
    """Of the cards beside the weights: network -> scenes without or with tags -> what was asked -> share right."""
    cards = {name: json.loads((ASSETS / f"{name}.json").read_text(encoding="utf-8")) for name in NETWORKS}
    return {name: card["accuracy"] for name, card in cards.items()}


def _answers(pieces: Sequence[Asked]) -> Answers:
    says = np.concatenate([each.scores for each in pieces]) > 0
    places = np.array([place for each in pieces for place in each.places])
    without, with_star = ((share(says[:, star, 0]), share(says[:, star, 1])) for star in (0, 1))
    return Answers((without, with_star), {name: share(places == name) for name in PLACES})
