"""Two classes of points in the plane: spirals, moons, circles, or points that a learner has placed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import torch
from jaxtyping import Bool, Float
from torch import Tensor

POINTS = 200
"""Of both classes together, as many of one as of the other."""
REACH = 2.0
"""The plane that is shown is [-REACH, REACH] in both directions."""
MOST = 60
"""Points that a learner can place."""
LEAST = 2
"""Points of each class that a training needs."""
_STEP = 0.04
_SIDE = 101
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class CloudParams:
    """Which points.

    Attributes:
        name: one of `CLOUDS`, or "own".
        noise: standard deviation of what is added to each coordinate; not to a learner's own points.
        own: a learner's points, as `write` gives them.
    """

    name: str = "spirals"
    noise: float = 0.06
    seed: int = 0
    own: str = ""


@dataclass(frozen=True)
class Cloud:
    """Points with their class."""

    points: Float[Tensor, "n 2"]
    second: Bool[Tensor, " n"]
    """Whether each is of class 1; the others are of class 0."""


@dataclass(frozen=True)
class Placed:
    """A point of a learner, on a lattice with steps of 0.04, so that it fits into a link."""

    x: float
    y: float
    label: int
    """0 or 1."""


def spirals(count: int, noise: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two arms that wind around each other."""
    second = torch.arange(count) >= count // 2
    angle = 0.4 + 2 * pi * torch.rand(count, generator=generator).sqrt()
    turned = angle + pi * second
    points = torch.stack([angle * turned.cos(), angle * turned.sin()], dim=1) * (1.7 / (0.4 + 2 * pi))
    return points + noise * torch.randn(count, 2, generator=generator), second


def moons(count: int, noise: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two half circles that reach into each other."""
    second = torch.arange(count) >= count // 2
    angle = pi * torch.rand(count, generator=generator) + pi * second
    middle = torch.stack([0.5 * second, 0.25 * second], dim=1) * 2 - torch.tensor([0.5, 0.25])
    points = torch.stack([angle.cos(), angle.sin()], dim=1) + middle
    return 1.1 * points + noise * torch.randn(count, 2, generator=generator), second


def circles(count: int, noise: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """One circle inside another."""
    second = torch.arange(count) >= count // 2
    angle = 2 * pi * torch.rand(count, generator=generator)
    points = torch.stack([angle.cos(), angle.sin()], dim=1) * (0.5 + 0.9 * second)[:, None]
    return points + noise * torch.randn(count, 2, generator=generator), second


CLOUDS = {"spirals": spirals, "moons": moons, "circles": circles}
"""Name -> what draws it, of (how many, noise, generator)."""


def cloud(params: CloudParams) -> Cloud:
    """The points of `params`.

    Raises:
        ValueError: a learner's points of which there are fewer than `LEAST` of one class.
    """
    if params.name != "own":
        return Cloud(*CLOUDS[params.name](POINTS, params.noise, torch.Generator().manual_seed(params.seed)))
    placed = read(params.own)
    if not ready(placed):
        raise ValueError(f"expected {LEAST} points of each class or more; got {counts(placed)} of class 0 and 1")
    points = torch.tensor([(one.x, one.y) for one in placed])
    return Cloud(points, torch.tensor([one.label == 1 for one in placed]))


def counts(placed: Sequence[Placed]) -> tuple[int, int]:
    """How many points of class 0 and of class 1."""
    second = sum(one.label for one in placed)
    return len(placed) - second, second


def ready(placed: Sequence[Placed]) -> bool:
    """Whether there are enough points of each class."""
    return min(counts(placed)) >= LEAST


def place(x: float, y: float, label: int) -> Placed:
    """The nearest point of the lattice."""
    return Placed(_on_lattice(_index(x)), _on_lattice(_index(y)), int(label == 1))


def write(placed: Sequence[Placed]) -> str:
    """Points as a short text, three characters each, for a link.

    >>> write([place(-2, -2, 0), place(2, 2, 1)])
    '000fqp'
    """
    return "".join(_three((one.label * _SIDE + _index(one.x)) * _SIDE + _index(one.y)) for one in placed[:MOST])


def read(text: str) -> tuple[Placed, ...]:
    """The points of such a text, at most `MOST`; parts that are none are left out.

    >>> read("fqp???") == (place(2, 2, 1),)
    True
    """
    found = []
    for start in range(0, min(len(text), 3 * MOST) - 2, 3):
        part = text[start : start + 3]
        if all(digit in _DIGITS for digit in part):
            rest, y = divmod(int(part, 36), _SIDE)
            label, x = divmod(rest, _SIDE)
            if label < 2:
                found.append(Placed(_on_lattice(x), _on_lattice(y), label))
    return tuple(found)


def _index(value: float) -> int:
    return min(max(round((value + REACH) / _STEP), 0), _SIDE - 1)


def _on_lattice(index: int) -> float:
    return round(index * _STEP - REACH, 2)


def _three(number: int) -> str:
    return _DIGITS[number // 1296] + _DIGITS[number // 36 % 36] + _DIGITS[number % 36]
