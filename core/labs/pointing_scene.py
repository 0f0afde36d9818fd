"""One scene, one map: where the heat of a class lies, beside the boxes of the objects that are there."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from core.cam import METHODS, Explanation, trace
from core.cam.eigen import eigencam
from core.cam.metrics import heat_box, hottest, overlap, points_at
from core.nn import scenes
from core.nn.preprocess import normalise
from core.nn.registry import UNLISTED
from core.nn.scenes import CANVAS, CLASSES, Box, Scene, Thing, draw
from core.nn.stages import StageRow, Stages

NETWORK = "scenes"
LAYER = UNLISTED[NETWORK].default_layer
UNSEEN = 10**6 + 1
"""Seeds from here on belong to no scene that a network was trained on."""
TITLES = {**{name: rule.title for name, rule in METHODS.items()}, "eigencam": "Eigen-CAM"}
"""Methods that need one forward pass and at most one gradient."""
MOST_THINGS = 3
PARTS = 1000
"""Places are kept as whole numbers of so many parts of the canvas: short in an address, and finer than a pixel."""


@dataclass(frozen=True, eq=False)
class Look:
    """What a network says of a scene, and the map of one class."""

    scene: Scene
    kind: str
    """The class whose map it is."""
    picture: UInt8[np.ndarray, "H W 3"]
    scores: Float[np.ndarray, " classes"]
    cells: Float[np.ndarray, "h w"]
    """The class activation map as it is computed."""
    heat: Float[np.ndarray, "H W"]
    """The same on the picture's pixels, bilinear between the cells."""

    @property
    def answers(self) -> Float[np.ndarray, " classes"]:
        """Each score through the sigmoid: an answer from 0 (no) to 1 (yes) for each kind by itself."""
        return 1 / (1 + np.exp(-self.scores))

    @property
    def box(self) -> Box | None:
        """Of the object of this kind, if there is one."""
        return next((scenes.box(thing) for thing in self.scene.things if thing.kind == self.kind), None)

    @property
    def hottest(self) -> tuple[int, int] | None:
        """Row and column; None for a blank map."""
        return hottest(self.heat)

    @property
    def hot_box(self) -> Box | None:
        """Around what is at least 15 % of the maximum."""
        return heat_box(self.heat)

    @property
    def hits(self) -> bool:
        """Whether the hottest place lies in the object's box."""
        return self.box is not None and points_at(self.heat, self.box)

    @property
    def overlap(self) -> float:
        """Intersection over union of the two boxes; 0 where one of them is missing."""
        return overlap(self.hot_box, self.box) if self.hot_box and self.box else 0.0


def start(seed: int, count: int) -> Scene:
    """The scene of this number with so many objects."""
    return scenes.random_scene(np.random.default_rng((UNSEEN, seed)), count)


def clamp(thing: Thing, x: float, y: float) -> tuple[float, float]:
    """The place nearest to the one asked for at which all of the object is on the canvas."""
    low, high = thing.size, 1 - thing.size
    return min(max(x, low), high), min(max(y, low), high)


def placed(scene: Scene, at: tuple[int, ...]) -> Scene:
    """The scene with its objects where `at` says: x and y of each, in parts of the canvas, as far as it goes."""
    for number, (x, y) in enumerate(zip(at[::2], at[1::2], strict=False)):
        if number < len(scene.things):
            scene = scene.moved(number, *clamp(scene.things[number], x / PARTS, y / PARTS))
    return scene


def places(scene: Scene) -> tuple[int, ...]:
    """Where the objects of a scene are: what `placed` takes."""
    return tuple(round(PARTS * value) for thing in scene.things for value in (thing.x, thing.y))


def layers(net: Stages) -> list[StageRow]:
    """The stages whose feature maps can be explained."""
    return [row for row in net.table((1, 3, CANVAS, CANVAS)) if row.is_spatial]


def feed(pictures: list[UInt8[np.ndarray, "h w 3"]], network: str = NETWORK) -> Float[Tensor, "n 3 h w"]:
    """Pictures as the networks of the scenes expect them."""
    return torch.cat([normalise(picture, UNLISTED[network].preprocessing) for picture in pictures])


def map_of(explanation: Explanation, method: str) -> Float[Tensor, "n h w"]:
    """The class activation maps by a method of `TITLES`."""
    if method == "eigencam":
        return explanation.weighted(eigencam(explanation.activation)).relu()
    return explanation.map(method)


def on_pixels(cells: Float[Tensor, "n h w"]) -> Float[np.ndarray, "n H W"]:
    """Maps on the pixels of the picture, bilinear between the centres of the cells."""
    return F.interpolate(cells[:, None], (CANVAS, CANVAS), mode="bilinear", align_corners=False)[:, 0].numpy()


def look(net: Stages, scene: Scene, kind: str, method: str = "gradcam", layer: str = LAYER) -> Look:
    """Draw the scene, run the network, and make the map of one class: one forward pass and one gradient."""
    picture = draw(scene)
    explanation = trace(net, feed([picture]), layer).explain(CLASSES.index(kind))
    cells = map_of(explanation, method)
    return Look(scene, kind, picture, explanation.scores[0].numpy(), cells[0].numpy(), on_pixels(cells)[0])
