"""Residual networks with ever thinner blocks, beside the ODE that they approach."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.ode import odeint

DEPTH = 4.0
"""Depth t of the last state; the first is at 0."""
BLOCKS = tuple(4 * 2**k for k in range(9))
"""Numbers of blocks, h = 1 to 1/256."""
PLAYED = BLOCKS[:7]
"""Those that are drawn, h = 1 to 1/64."""
REACH = 2.0
"""States start evenly between -REACH and REACH."""
CHECKED = 16
"""Blocks of the network that is held against the solver's Euler method."""
_FITTED = 5
"""Numbers of blocks, the largest ones, that the slope is fitted to."""

Function = Callable[[float | Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Field:
    """A branch f(t, z) of one-dimensional residual blocks, for each depth t."""

    title: str
    latex: str
    function: Function


def _fixed_weights() -> Tensor:
    """Of `network_field`: constant, cosine and sine part of v, w and b: (3, 3, hidden)."""
    return torch.randn(3, 3, 6, generator=torch.Generator().manual_seed(24), dtype=torch.float64)


_CONSTANT, _COSINE, _SINE = _fixed_weights()


def network_field(t: float | Tensor, z: Tensor) -> Tensor:
    """A network with six hidden units, whose weights are smooth functions of depth: the same shape as z."""
    t = torch.as_tensor(t, dtype=torch.float64)
    v, w, b = _CONSTANT + 0.7 * (_COSINE * torch.cos(0.8 * t) + _SINE * torch.sin(0.8 * t))
    return torch.tanh(z[..., None] * w + b) @ v / 2


def wave_field(t: float | Tensor, z: Tensor) -> Tensor:
    """Slopes that turn over: sin(2 z) cos t."""
    return torch.sin(2 * z) * torch.cos(torch.as_tensor(t, dtype=torch.float64))


def pull_field(t: float | Tensor, z: Tensor) -> Tensor:
    """A pull of strength 1.5 towards cos t."""
    return 1.5 * (torch.cos(torch.as_tensor(t, dtype=torch.float64)) - z)


FIELDS = {
    "network": Field(
        "a network", r"f(z, t) = \tfrac{1}{2} \sum_{j=1}^{6} v_j(t) \tanh\big(w_j(t)\, z + b_j(t)\big)", network_field
    ),
    "wave": Field("slopes that turn over", r"f(z, t) = \sin(2 z) \cos t", wave_field),
    "pull": Field("pull to a target", r"f(z, t) = 1.5\,(\cos t - z)", pull_field),
}


def residual_network(f: Function, z: Tensor, depth: float, blocks: int) -> Tensor:
    """All states of a residual network whose k-th block adds h f(t_k, z): (blocks + 1, *z.shape)."""
    h = depth / blocks
    states = [z]
    for k in range(blocks):
        z = z + h * f(k * h, z)
        states.append(z)
    return torch.stack(states)


@dataclass(frozen=True)
class Params:
    """Which branch, and how many states start side by side."""

    field: str
    starts: int


@dataclass(frozen=True, eq=False)
class Paths:
    """One network's states."""

    blocks: int
    times: Float[np.ndarray, " layers"]
    states: Float[np.ndarray, "layers starts"]
    error: float
    """Largest distance at the end from the ODE's solution."""
    crossed: int
    """Pairs of starts whose order is not always that of the start."""

    @property
    def h(self) -> float:
        """Step from layer to layer."""
        return DEPTH / self.blocks


@dataclass(frozen=True, eq=False)
class Comparison:
    """Networks of all depths beside the ODE."""

    params: Params
    paths: tuple[Paths, ...]
    truth_times: Float[np.ndarray, " times"]
    truth: Float[np.ndarray, "times starts"]
    grid: Float[np.ndarray, "n 2"]
    """Places (t, z) of the field."""
    slopes: Float[np.ndarray, " n"]
    """f there."""
    order: float
    """Slope of log(error) against log(blocks)."""
    against_solver: float
    """Largest difference, over all states, from the solver's Euler method with `CHECKED` blocks."""

    @property
    def errors(self) -> np.ndarray:
        """One for each of `paths`."""
        return np.array([path.error for path in self.paths])

    def needed(self, tolerance: float) -> int:
        """Blocks that bring the error below `tolerance`, by the measured slope from the largest network on."""
        last = self.paths[-1]
        return ceil(last.blocks * (last.error / tolerance) ** (-1 / self.order))


def compare(params: Params) -> Comparison:
    """Run networks of 4 to 1024 blocks, and the solver with tight tolerances."""
    f = FIELDS[params.field].function
    z0 = torch.linspace(-REACH, REACH, params.starts, dtype=torch.float64)
    times = torch.linspace(0, DEPTH, 161, dtype=torch.float64)
    truth = odeint(f, z0, times, method="dopri8", rtol=1e-10, atol=1e-12).numpy()
    paths = tuple(_paths(f, z0, blocks, truth[-1]) for blocks in BLOCKS)
    t, z = np.meshgrid(np.linspace(0, DEPTH, 17), np.linspace(-2.75, 2.75, 12), indexing="ij")
    slopes = np.stack([f(float(row[0]), torch.from_numpy(column)).numpy() for row, column in zip(t, z, strict=True)])
    coarse = torch.linspace(0, DEPTH, CHECKED + 1, dtype=torch.float64)
    euler = odeint(f, z0, coarse, method="euler", options={"step_size": DEPTH / CHECKED}).numpy()
    checked = paths[BLOCKS.index(CHECKED)].states
    return Comparison(
        params=params,
        paths=paths,
        truth_times=times.numpy(),
        truth=truth,
        grid=np.stack([t.ravel(), z.ravel()], axis=1),
        slopes=slopes.ravel(),
        order=slope(BLOCKS[-_FITTED:], [path.error for path in paths[-_FITTED:]]),
        against_solver=float(np.abs(euler - checked).max()),
    )


def _paths(f: Function, z0: Tensor, blocks: int, ends: np.ndarray) -> Paths:
    states = residual_network(f, z0, DEPTH, blocks).numpy()
    above = states[:, None, :] - states[:, :, None]  # (layers, i, j): z_j - z_i
    pairs = np.triu(np.ones(above.shape[1:], dtype=bool), 1)
    crossed = int(((above <= 0).any(axis=0) & pairs).sum())
    error = float(np.abs(states[-1] - ends).max())
    return Paths(blocks, np.arange(blocks + 1) * (DEPTH / blocks), states, error, crossed)


def slope(x: object, y: object) -> float:
    """Slope of a straight line through (log x, log y), by least squares."""
    return float(np.polyfit(np.log(np.asarray(x, float)), np.log(np.asarray(y, float)), 1)[0])


@dataclass(frozen=True)
class BlockParams:
    """One block: its branch, what it is given, and h."""

    field: str
    start: float
    h: float


@dataclass(frozen=True)
class Block:
    """One residual block from t = 0, beside one step of Euler's method and the ODE."""

    params: BlockParams
    branch: float
    """f(0, z)."""
    output: float
    """z + h f(0, z), by the network."""
    solver: float
    """By the solver's Euler method."""
    truth: float
    """The ODE's solution after h."""
    f_t: float
    f_z: float

    @property
    def missed(self) -> float:
        """What the block misses of the solution."""
        return self.truth - self.output

    @property
    def expected(self) -> float:
        """The leading term of what it misses: h^2/2 (f_t + f_z f)."""
        return self.params.h**2 / 2 * (self.f_t + self.f_z * self.branch)


def one_block(params: BlockParams) -> Block:
    """One step, three ways."""
    f, h = FIELDS[params.field].function, params.h
    z = torch.tensor([params.start], dtype=torch.float64, requires_grad=True)
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    branch = f(t, z)
    f_t, f_z = torch.autograd.grad(branch.sum(), (t, z))
    z0, times = z.detach(), torch.tensor([0.0, h], dtype=torch.float64)
    return Block(
        params=params,
        branch=float(branch.detach()),
        output=float(residual_network(f, z0, h, 1)[-1]),
        solver=float(odeint(f, z0, times, method="euler", options={"step_size": h})[-1]),
        truth=float(odeint(f, z0, times, method="dopri8", rtol=1e-11, atol=1e-13)[-1]),
        f_t=float(f_t),
        f_z=float(f_z),
    )
