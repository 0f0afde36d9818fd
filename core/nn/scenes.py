"""Pictures whose contents are known: objects of eight kinds on a textured ground, each with its box.

A `Scene` says all that is on it and is drawn from that alone, so an object can be moved and nothing else changes.
`random_scene` draws one from a generator of its own: the same seed is the same scene on every machine.

Coordinates are fractions of the canvas, from its upper left corner: x to the right, y down.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8

CANVAS = 64
"""Side of a picture in pixels."""
FINE = 3
"""Points along each side of a pixel at which an object is looked up: what is between counts as a share."""
LEAST_SEEN = 0.7
"""Share of an object that others may not cover, in a random scene."""
LEAST_CONTRAST = 0.35
"""Least distance between the colours of an object and of the ground's mean, each channel from 0 to 1."""
TAG = 7
"""Side in pixels of the tag in the upper left corner, where a scene has one."""

Inside = Callable[[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]], Bool[np.ndarray, "n n"]]
Colour = tuple[float, float, float]
Ground = Literal["plain", "stripes", "checks", "noise", "slope"]
GROUNDS: tuple[Ground, ...] = ("plain", "stripes", "checks", "noise", "slope")


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    radius, turn = np.hypot(u, v), np.mod(np.arctan2(u, -v), 2 * np.pi / 5) - np.pi / 5
    inner = 0.4  # of the notches, for points at 1: the edge is the straight line from one to the other
    along, across = radius * np.cos(turn), radius * np.abs(np.sin(turn))
    notch, point = (inner, 0.0), (np.cos(np.pi / 5), np.sin(np.pi / 5))
    return (point[0] - notch[0]) * across - point[1] * (along - notch[0]) >= 0


def _heart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    x, y = 1.15 * u, 0.1 - 1.15 * v
    return (x**2 + y**2 - 0.6) ** 3 <= 1.3 * x**2 * y**3


KINDS: dict[str, Inside] = {
    "disc": lambda u, v: np.hypot(u, v) <= 0.85,
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.7) <= 0.2,
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)) <= 0.75,
    "triangle": lambda u, v: (v <= 0.6) & (np.abs(u) <= (v + 0.9) / 1.6),
    "star": _star,
    "cross": lambda u, v: (np.minimum(np.abs(u), np.abs(v)) <= 0.25) & (np.maximum(np.abs(u), np.abs(v)) <= 0.9),
    "crescent": lambda u, v: (np.hypot(u, v) <= 0.9) & (np.hypot(u - 0.4, v) > 0.7),
    "heart": _heart,
}
"""Name -> whether a place lies inside of the object, for u (right) and v (down) from -1 to 1."""
CLASSES = tuple(KINDS)


@dataclass(frozen=True)
class Thing:
    """One object.

    Attributes:
        x, y: of its middle.
        size: half of its side, as a fraction of the canvas.
        angle: by which it is turned, in degrees, clockwise.
        colour: red, green and blue from 0 to 1.
    """

    kind: str
    x: float
    y: float
    size: float
    angle: float
    colour: Colour


@dataclass(frozen=True)
class Scene:
    """Objects, the later ones in front, on a ground.

    Attributes:
        colours: the ground's two.
        seed: of what is random in the ground.
        tag: colour of a square in the upper left corner, if there is one.
    """

    things: tuple[Thing, ...]
    ground: Ground
    colours: tuple[Colour, Colour]
    seed: int
    tag: Colour | None = None

    def moved(self, number: int, x: float, y: float) -> "Scene":
        """The scene with the middle of one object elsewhere, and all else as it was."""
        things = list(self.things)
        things[number] = replace(things[number], x=x, y=y)
        return replace(self, things=tuple(things))


Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are the first ones outside."""


def draw(scene: Scene) -> UInt8[np.ndarray, "h w 3"]:
    """The picture, `CANVAS` pixels square."""
    picture = _ground(scene)
    for thing in scene.things:
        share = cover(thing)[..., None]
        picture = (1 - share) * picture + share * np.array(thing.colour)
    if scene.tag is not None:
        picture[:TAG, :TAG] = scene.tag
    return np.rint(255 * picture).astype(np.uint8)


def cover(thing: Thing) -> Float[np.ndarray, "h w"]:
    """Share of each pixel that the object covers, from 0 to 1."""
    reach = np.sqrt(2) * thing.size  # of the corners, however it is turned
    middle = np.array([thing.y, thing.x])
    low = np.clip(np.floor((middle - reach) * CANVAS), 0, CANVAS).astype(int)
    high = np.clip(np.ceil((middle + reach) * CANVAS), 0, CANVAS).astype(int)
    share = np.zeros((CANVAS, CANVAS))
    rows, columns = ((np.arange(a * FINE, b * FINE) + 0.5) / (FINE * CANVAS) for a, b in zip(low, high, strict=True))
    down, right = np.meshgrid((rows - thing.y) / thing.size, (columns - thing.x) / thing.size, indexing="ij")
    turn = np.radians(thing.angle)
    inside = KINDS[thing.kind](np.cos(turn) * right + np.sin(turn) * down, np.cos(turn) * down - np.sin(turn) * right)
    shape = (high[0] - low[0], FINE, high[1] - low[1], FINE)
    share[low[0] : high[0], low[1] : high[1]] = inside.reshape(shape).mean(axis=(1, 3))
    return share


def box(thing: Thing) -> Box:
    """Around all pixels of which the object, alone on the canvas, covers at least a quarter.

    Raises:
        ValueError: there is none.
    """
    rows, columns = np.nonzero(cover(thing) >= 0.25)
    if not len(rows):
        raise ValueError(f"expected an object on the canvas; got {thing}")
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def seen(scene: Scene) -> list[float]:
    """Share of each object that no later one covers, and that lies on the canvas."""
    covers = [cover(thing) for thing in scene.things]
    shares, free = [], np.ones((CANVAS, CANVAS))
    for thing, share in zip(reversed(scene.things), reversed(covers), strict=True):
        whole = cover(replace(thing, x=0.5, y=0.5)).sum()
        shares.append(float((share * free).sum() / whole))
        free = free * (1 - share)
    return shares[::-1]


def random_scene(random: np.random.Generator, count: int = 2, kinds: tuple[str, ...] = CLASSES) -> Scene:
    """A scene with `count` objects of different kinds, each mostly in sight and of a colour apart from the ground's.

    Raises:
        ValueError: fewer kinds than objects.
    """
    if not 0 <= count <= len(kinds):
        raise ValueError(f"expected 0 to {len(kinds)} objects of different kinds; got {count}")
    chosen = [kinds[i] for i in random.permutation(len(kinds))[:count]]
    ground: Ground = GROUNDS[int(random.integers(len(GROUNDS)))]
    first, second = _colour(random), _colour(random)
    colours = first, _between(first, second, 0.35)
    seed = int(random.integers(2**31))
    while True:
        things = tuple(_thing(random, kind, colours) for kind in chosen)
        scene = Scene(things, ground, colours, seed)
        if all(share >= LEAST_SEEN for share in seen(scene)):
            return scene


def _thing(random: np.random.Generator, kind: str, ground: tuple[Colour, ...]) -> Thing:
    size = random.uniform(0.13, 0.24)
    x, y = random.uniform(size, 1 - size, 2)
    colour = _colour(random)
    while min(float(np.linalg.norm(np.subtract(colour, other))) for other in ground) < LEAST_CONTRAST:
        colour = _colour(random)
    return Thing(kind, float(x), float(y), float(size), float(random.uniform(0, 360)), colour)


def _colour(random: np.random.Generator) -> Colour:
    red, green, blue = random.uniform(0, 1, 3).tolist()
    return red, green, blue


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return red, green, blue


def _ground(scene: Scene) -> Float[np.ndarray, "h w 3"]:
    """Between the two colours, by a pattern that its seed determines."""
    random = np.random.default_rng(scene.seed)
    down, right = np.meshgrid(*2 * [(np.arange(CANVAS) + 0.5) / CANVAS], indexing="ij")
    turn, period, shift = random.uniform(0, np.pi), random.uniform(0.08, 0.25), random.uniform(0, 1)
    along = (np.cos(turn) * right + np.sin(turn) * down) / period + shift
    across = (np.cos(turn) * down - np.sin(turn) * right) / period + shift
    match scene.ground:
        case "plain":
            share = np.zeros_like(along)
        case "stripes":
            share = np.mod(np.floor(along), 2)
        case "checks":
            share = np.mod(np.floor(along) + np.floor(across), 2)
        case "noise":
            share = random.uniform(0, 1, (CANVAS, CANVAS))
        case "slope":
            share = (along - along.min()) / (along.max() - along.min())
    first, second = map(np.array, scene.colours)
    return first + share[..., None] * (second - first)
