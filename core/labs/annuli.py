"""A disc inside a ring: what a Neural ODE cannot pull apart, and one with more dimensions can.

Source: Dupont et al. 2019, sections 2 to 5.
"""

from dataclasses import dataclass
from math import pi

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from core.nn.odenet import ODENet

BATCH = 64
HIDDEN = 32
RATE = 5e-3
"""Adam's step size."""
SHOWN = 64
"""Points of each class whose way is kept."""
GRID = 33
"""Rows and columns of the picture of the scores."""
REACH = 2.0
"""The picture covers [-REACH, REACH] in both directions."""
CIRCLE = 720
"""Points on the circle in the middle of the ring on which mistakes are counted."""
_TIMES = torch.linspace(0, 1, 33)


@dataclass(frozen=True)
class Params:
    """What is trained: for each seed a Neural ODE, and one with `augment` more dimensions."""

    seeds: tuple[int, ...]
    iterations: int
    augment: int = 3


@dataclass(frozen=True, eq=False)
class Picture:
    """What a network does with the plane, with its weights of the moment."""

    path: Float[np.ndarray, "times points dims"]
    """States of `SHOWN` points of the disc, then as many of the ring, on their way."""
    grid: Float[np.ndarray, "rows columns"]
    """Probability of the ring; row 0 at the bottom."""
    accuracy: float
    """Share of the points of both classes that the head tells right."""
    circle_lost: float
    """Share of the circle of radius 1.25 that is taken for the disc."""
    weights: Float[np.ndarray, " dims"]
    """Of the head; the score is weights . z + bias."""
    bias: float


@dataclass(frozen=True, eq=False)
class Run:
    """One network's training so far."""

    seed: int
    augment: int
    losses: Float[np.ndarray, " iterations"]
    """Mean cross-entropy of each batch."""
    nfe: Int[np.ndarray, " iterations"]
    """Evaluations of f for each batch's way forward."""
    picture: Picture

    @property
    def final_loss(self) -> float:
        """Mean of the last 25 batches; NaN before the first."""
        return float(self.losses[-25:].mean()) if len(self.losses) else float("nan")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All networks whose training has begun; at least the first pair."""

    params: Params
    runs: tuple[Run, ...]

    def pair(self, seed: int) -> tuple[Run, Run] | None:
        """The plain and the augmented network of a seed, if begun."""
        found = [run for run in self.runs if run.seed == seed]
        return (found[0], found[1]) if found else None


@dataclass(frozen=True)
class Sample:
    """Points of the plane."""

    points: Float[Tensor, "n 2"]
    ring: Bool[Tensor, " n"]
    """Whether each is of the ring, 1 < |x| < 1.5; the others are of the disc, |x| < 0.5."""


def draw(count: int, generator: torch.Generator) -> Sample:
    """`count` points of the disc, then as many of the ring, evenly spread over the area of each."""
    part, angle = torch.rand(2, 2 * count, generator=generator)
    ring = torch.arange(2 * count) >= count
    radius = torch.sqrt(torch.where(ring, 1 + 1.25 * part, 0.25 * part))
    angle = angle * 2 * pi
    return Sample(torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), ring)


class Training:
    """One network in training, on new points in each iteration."""

    def __init__(self, seed: int, augment: int) -> None:
        self.seed, self.augment = seed, augment
        self.generator = torch.Generator().manual_seed(seed)
        self.net = ODENet(2, HIDDEN, augment, self.generator)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=RATE)
        self.losses: list[float] = []
        self.nfe: list[int] = []
        self._run: Run | None = None

    def step(self) -> None:
        """One iteration of Adam; the gradient is that of the solver's own steps."""
        batch = draw(BATCH // 2, self.generator)
        scores = self.net(batch.points)
        nfe = self.net.block.nfe
        loss = nn.functional.binary_cross_entropy_with_logits(scores, batch.ring.float())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())
        self.nfe.append(nfe)

    def run(self) -> Run:
        """The training so far; made anew only after further iterations."""
        if self._run is None or len(self._run.losses) != len(self.losses):
            self._run = Run(self.seed, self.augment, np.array(self.losses), np.array(self.nfe), picture(self.net))
        return self._run


def picture(net: ODENet) -> Picture:
    """Send the same points through a network, whatever its seed."""
    sample = draw(SHOWN, torch.Generator().manual_seed(0))
    side = torch.linspace(-REACH, REACH, GRID)
    y, x = torch.meshgrid(side, side, indexing="ij")
    angle = torch.arange(CIRCLE) * (2 * pi / CIRCLE)
    circle = 1.25 * torch.stack([angle.cos(), angle.sin()], dim=1)
    with torch.no_grad():
        path = net.block.path(sample.points, _TIMES)
        right = (net.head(path[-1])[:, 0] > 0) == sample.ring
        plane = net(torch.cat([torch.stack([x.flatten(), y.flatten()], dim=1), circle]))
        grid, on_circle = plane[: GRID**2], plane[GRID**2 :]
        return Picture(
            path=path.numpy().astype(np.float32),
            grid=grid.sigmoid().reshape(GRID, GRID).numpy(),
            accuracy=float(right.float().mean()),
            circle_lost=float((on_circle <= 0).float().mean()),
            weights=net.head.weight[0].numpy().copy(),
            bias=float(net.head.bias),
        )


class Annuli:
    """All networks of `params`, trained seed after seed, the two of a seed in turns; then from the first seed on."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.done = 0
        self.total = 2 * params.iterations * len(params.seeds)
        self._begun: list[Training] = []

    def step(self) -> None:
        """One iteration of one network."""
        pair, turn = self.done // (2 * self.params.iterations) % len(self.params.seeds), self.done % 2
        self._begin(pair)
        self._begun[2 * pair + turn].step()
        self.done += 1

    def snapshot(self) -> Snapshot:
        """All networks begun; only the pair in training is drawn anew."""
        self._begin(0)
        return Snapshot(self.params, tuple(training.run() for training in self._begun))

    def _begin(self, pair: int) -> None:
        while len(self._begun) < 2 * (pair + 1):
            seed = self.params.seeds[len(self._begun) // 2]
            self._begun += [Training(seed, 0), Training(seed, self.params.augment)]


def untrained(params: Params) -> Snapshot:
    """The first pair with its first weights."""
    return Annuli(params).snapshot()
