"""Deep residual networks with weights that are smooth in depth, or drawn anew for each block.

Block k of N adds s f(z; theta_k) to its state z, with s = 1/N or 1/sqrt(N). Source: Cohen et al. 2021, section 2.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.labs.residual import slope

BLOCKS = tuple(2**k for k in range(1, 11))
NETWORKS = 100
"""Networks with weights of their own, over which figures are averaged."""
DRAWN = 6
"""Of these, the ones whose paths are kept."""
WEIGHTS = ("smooth", "independent")
SCALES = ("1/N", "1/sqrt(N)")
_HIDDEN = 8
_FITTED = 6
"""Numbers of blocks, the largest ones, that slopes are fitted to."""


@dataclass(frozen=True)
class Params:
    """What the networks' weights are drawn from."""

    seed: int


@dataclass(frozen=True, eq=False)
class Setting:
    """One kind of weights with one scale."""

    weights: str
    scale: str
    paths: tuple[Float[np.ndarray, "layers drawn"], ...]
    """States of the first networks, for each of `BLOCKS`."""
    change: Float[np.ndarray, " doublings"]
    """Root mean square over the networks of the end with 2 N blocks minus that with N, for all N but the last."""
    moved: Float[np.ndarray, " blocks"]
    """Root mean square over the networks of the end minus the start, for each of `BLOCKS`."""
    change_slope: float
    """Slope of log(change) against log(N)."""
    moved_slope: float


@dataclass(frozen=True, eq=False)
class Limits:
    """All four settings, from the same random numbers."""

    settings: tuple[Setting, ...]

    def find(self, weights: str, scale: str) -> Setting:
        """One of the settings."""
        return next(one for one in self.settings if (one.weights, one.scale) == (weights, scale))


@dataclass(frozen=True, eq=False)
class Chosen:
    """All settings, and which of them a learner looks at."""

    limits: Limits
    weights: str
    scale: str

    @property
    def setting(self) -> Setting:
        """That one."""
        return self.limits.find(self.weights, self.scale)


def limits(params: Params) -> Limits:
    """Run all networks at all depths: a network with N blocks has every (1024/N)-th weight of the deepest one."""
    rng = np.random.default_rng(params.seed)
    deepest = BLOCKS[-1]
    shape = (3, NETWORKS, _HIDDEN)  # v, w, b
    depth = np.arange(deepest)[:, None, None, None] / deepest
    constant, cosine, sine = rng.standard_normal((3, *shape))
    smooth = (constant + cosine * np.cos(np.pi * depth) + sine * np.sin(2 * np.pi * depth)) / np.sqrt(2)
    drawn = {"smooth": smooth, "independent": rng.standard_normal((deepest, *shape))}
    return Limits(tuple(setting for kind in WEIGHTS for setting in _settings(kind, drawn[kind])))


def _settings(kind: str, theta: Float[np.ndarray, "deepest 3 networks hidden"]) -> list[Setting]:
    """Both scales at once, along the first axis of the states."""
    runs = [_run(theta[:: len(theta) // blocks]) for blocks in BLOCKS]
    made = []
    for index, scale in enumerate(SCALES):
        ends = np.stack([run[-1, index] for run in runs])  # (blocks, networks)
        change = np.sqrt(np.mean(np.diff(ends, axis=0) ** 2, axis=1))
        moved = np.sqrt(np.mean(ends**2, axis=1))
        paths = tuple(run[:, index, :DRAWN] for run in runs)
        change_slope = slope(BLOCKS[:-1][-_FITTED:], change[-_FITTED:])
        made.append(
            Setting(kind, scale, paths, change, moved, change_slope, slope(BLOCKS[-_FITTED:], moved[-_FITTED:]))
        )
    return made


def _run(theta: Float[np.ndarray, "blocks 3 networks hidden"]) -> Float[np.ndarray, "layers 2 networks"]:
    """States of all networks, started at 0, under both scales."""
    blocks = len(theta)
    scale = np.array([1 / blocks, 1 / np.sqrt(blocks)])[:, None]
    z = np.zeros((2, NETWORKS))
    states = np.empty((blocks + 1, 2, NETWORKS))
    states[0] = z
    for k, (v, w, b) in enumerate(theta, 1):
        z = z + scale * branch(z, v, w, b)
        states[k] = z
    return states


def branch(z: np.ndarray, v: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """f(z; theta) = 2 / sqrt(m) sum_j v_j tanh(w_j z + b_j) with m hidden units: the same shape as z."""
    return 2 / np.sqrt(v.shape[-1]) * (v * np.tanh(z[..., None] * w + b)).sum(-1)
