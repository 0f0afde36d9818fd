"""A plain and a residual network that learn to tell two classes of points apart, side by side.

Sources: He et al. 2016, sections 1 and 3; Glorot and Bengio 2010.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from core.labs.clouds import REACH, Cloud, CloudParams, cloud
from core.nn.mlp import network, states
from core.nn.stages import Stages

SHOWN = 40
"""Points of each class, at most, whose way is kept."""
LINES, ALONG = 6, 11
"""Lines of the grid in each direction, and places along each."""
GRID = 41
"""Rows and columns of the picture of the scores."""
OPTIMISERS = {"Adam": torch.optim.Adam, "gradient descent": torch.optim.SGD}


@dataclass(frozen=True)
class Params:
    """What is trained; both networks have all of it in common.

    Attributes:
        width: numbers in a state.
        layers: their number N.
        weights: how the first ones are drawn, one of `core.nn.mlp.FIRST_WEIGHTS`.
        gain: factor of the first weights.
        seed: of the first weights.
        rate: step size of the optimiser.
    """

    cloud: CloudParams = field(default_factory=CloudParams)
    width: int = 2
    layers: int = 16
    weights: str = "gaussian"
    gain: float = 1.0
    seed: int = 0
    optimiser: str = "Adam"
    rate: float = 0.005
    iterations: int = 400


@dataclass(frozen=True, eq=False)
class Run:
    """One network's training so far, and what it does with its weights of the moment."""

    residual: bool
    losses: Float[np.ndarray, " iterations"]
    """Mean cross-entropy of all points before each iteration."""
    loss: float
    """And now."""
    path: Float[np.ndarray, "states points width"]
    """States h_0 to h_N of up to `SHOWN` points of class 0, then as many of class 1."""
    grid: Float[np.ndarray, "states lines along width"]
    """States of the lines of a grid over the plane: those along x_2 first, then those along x_1."""
    scores: Float[np.ndarray, "rows columns"]
    """Probability of class 1 over the plane; row 0 at the bottom."""
    accuracy: float
    """Share of all points on the right side of the border."""
    gradients: Float[np.ndarray, " states"]
    """Norm of dL/dh_t, t = 0 .. N, all points together."""
    head: Float[np.ndarray, " width"]
    """Weights v of the head; the score is v . h_N + bias."""
    bias: float

    @property
    def name(self) -> str:
        """In words."""
        return "residual" if self.residual else "plain"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Both networks, after the same number of iterations."""

    params: Params
    plain: Run
    residual: Run
    split: int
    """Points of class 0 among those whose way is kept."""

    @property
    def done(self) -> int:
        """Iterations so far."""
        return len(self.plain.losses)

    @property
    def runs(self) -> tuple[Run, Run]:
        """Plain, residual."""
        return self.plain, self.residual


class Training:
    """Both networks, in turns one iteration each, on all points at once."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.done, self.total = 0, params.iterations
        self.cloud = cloud(params.cloud)
        self.target = self.cloud.second.float()
        self.nets = [build(params, residual) for residual in (False, True)]
        optimiser = OPTIMISERS[params.optimiser]
        self.optimisers = [optimiser(net.parameters(), lr=params.rate) for net in self.nets]
        self.losses: tuple[list[float], list[float]] = ([], [])

    def step(self) -> None:
        """One iteration of each: loss, its gradient by back-propagation, a step against the gradient."""
        for net, optimiser, losses in zip(self.nets, self.optimisers, self.losses, strict=True):
            scores = net(self.cloud.points)[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(scores, self.target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        self.done += 1

    def snapshot(self) -> Snapshot:
        """Both networks as they are now."""
        shown = _shown(self.cloud)
        runs = [
            _look(net, self.cloud, shown, residual, losses)
            for residual, (net, losses) in enumerate(zip(self.nets, self.losses, strict=True))
        ]
        split = int((~self.cloud.second[shown]).sum())
        return Snapshot(self.params, runs[0], runs[1], split)


def build(params: Params, residual: bool) -> Stages:
    """A network with its first weights: the same for the plain and the residual one."""
    generator = torch.Generator().manual_seed(params.seed)
    return network(params.width, params.layers, residual, params.weights, params.gain, generator)


def untrained(params: Params) -> Snapshot:
    """Both networks with their first weights."""
    return Training(params).snapshot()


def plane_grid() -> Float[torch.Tensor, "lines along 2"]:
    """Lines of a grid over the plane: those along x_2 first, then those along x_1."""
    across, along = torch.linspace(-REACH, REACH, LINES), torch.linspace(-REACH, REACH, ALONG)
    x, y = torch.meshgrid(across, along, indexing="ij")
    return torch.cat([torch.stack([x, y], dim=2), torch.stack([y, x], dim=2)])


def _shown(points: Cloud) -> torch.Tensor:
    """Indices of the points whose way is kept: class 0, then class 1."""
    return torch.cat([torch.nonzero(points.second == label)[:SHOWN, 0] for label in (False, True)])


def _look(net: Stages, points: Cloud, shown: torch.Tensor, residual: int, losses: list[float]) -> Run:
    side = torch.linspace(-REACH, REACH, GRID)
    y, x = torch.meshgrid(side, side, indexing="ij")
    with torch.no_grad():
        path = torch.stack(states(net, points.points[shown]))
        grid = torch.stack(states(net, plane_grid().reshape(-1, 2)))
        scores = net(torch.stack([x.flatten(), y.flatten()], dim=1))
    way = states(net, points.points.clone().requires_grad_())
    given = net.run(way[-1], after=f"layers.{len(way) - 2}")[:, 0]
    loss = nn.functional.binary_cross_entropy_with_logits(given, points.second.float())
    gradients = torch.autograd.grad(loss, way)
    head = net.get_submodule("head")
    return Run(
        residual=bool(residual),
        losses=np.array(losses),
        loss=loss.item(),
        path=path.numpy(),
        grid=grid.reshape(len(way), 2 * LINES, ALONG, -1).numpy(),
        scores=scores.sigmoid().reshape(GRID, GRID).numpy(),
        accuracy=float(((given > 0) == points.second).float().mean()),
        gradients=np.array([float(gradient.double().norm()) for gradient in gradients]),
        head=head.get_parameter("weight").detach()[0].numpy().copy(),
        bias=float(head.get_parameter("bias").detach()),
    )
