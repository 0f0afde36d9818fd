"""Memory and time of a gradient against the number of steps, measured.

Source: Chen et al. 2018, section 2 (memory that does not grow with depth); Griewank, Walther 2000 (checkpoints).
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.labs.gradients import WAYS
from core.labs.learning_bounds import one_thread
from core.labs.pieces import Run, at_once
from core.labs.residual import slope
from core.labs.tensor_memory import Meter

SAMPLES, WIDTH = 160, 64
"""The state's shape: above the size up to which the solver works on numpy's arrays, which a `Meter` does not see."""
STATE_BYTES = 4 * SAMPLES * WIDTH
FIRST = 8
SHORT, SHORT_REPEATS = 0.02, 2
"""Seconds of the processor below which a run is timed again, up to so many times."""
_FITTED = 3

Measured = tuple[int, int, float]
"""Bytes kept, bytes at the peak, seconds."""


@dataclass(frozen=True)
class Params:
    """Up to how many steps, a power of 2 from 64 on, and by which method."""

    method: str
    most: int


@dataclass(frozen=True, eq=False)
class Growth:
    """One way, over all numbers of steps."""

    name: str
    kept: Int[np.ndarray, " n"]
    """Bytes of tensors that wait for the backward pass."""
    peak: Int[np.ndarray, " n"]
    """The most bytes at any moment of both passes."""
    seconds: Float[np.ndarray, " n"]
    """Of the processor, for both passes, without the measuring: the least of a few runs while these are short."""

    def slopes(self, steps: Int[np.ndarray, " n"]) -> tuple[float, float, float]:
        """Of kept, peak and seconds against the steps, both logarithmic, by the largest three numbers of steps."""
        ys = self.kept, self.peak, self.seconds
        kept, peak, seconds = (round(slope(steps[-_FITTED:], y[-_FITTED:]), 6) + 0.0 for y in ys)  # no minus before 0
        return kept, peak, seconds


@dataclass(frozen=True, eq=False)
class Result:
    """All three ways."""

    params: Params
    steps: Int[np.ndarray, " n"]
    growths: tuple[Growth, ...]

    def find(self, name: str) -> Growth:
        """One way."""
        return next(growth for growth in self.growths if growth.name == name)

    def more(self, name: str) -> float:
        """Bytes of the peak that one more step costs, between the last two numbers of steps."""
        peak = self.find(name).peak
        return float(peak[-1] - peak[-2]) / float(self.steps[-1] - self.steps[-2])


def layer(z: Tensor, weights: Tensor) -> Tensor:
    """The field f(z) = tanh(z W) of 160 samples with 64 features each."""
    return torch.tanh(z @ weights)


def one_gradient(way: str, method: str, steps: int, z0: Tensor, weights: Tensor, meter: Meter | None = None) -> int:
    """dL/dz0 and dL/dW of L = |z(1)|^2 / 2; returns the bytes that live between both passes."""
    t = torch.tensor([0.0, 1.0])

    def field(t: Tensor, z: Tensor) -> Tensor:
        return layer(z, weights)

    z1 = WAYS[way](field, z0, t, method=method, options={"step_size": 1 / steps})[-1]
    loss = z1.square().sum() / 2
    del z1  # the graph holds what it needs of it
    kept = 0 if meter is None else meter.live
    torch.autograd.grad(loss, (z0, weights))
    return kept


def counts(params: Params) -> list[int]:
    """Numbers of steps that are measured: 8, 16, ..."""
    return [FIRST * 2**k for k in range((params.most // FIRST).bit_length())]


def at(method: str, steps: int) -> tuple[Measured, ...]:
    """Each way twice with so many steps: once for the time, once for the memory."""
    random = torch.Generator().manual_seed(0)
    weights = (torch.randn(WIDTH, WIDTH, generator=random) / WIDTH**0.5).requires_grad_()
    z0 = torch.randn(SAMPLES, WIDTH, generator=random).requires_grad_()
    with one_thread():
        with Meter() as meter:
            one_gradient("direct", method, 1, z0, weights, meter)  # torch's own first time
        return tuple(_measure(way, method, steps, z0, weights) for way in WAYS)


def measure(params: Params, run: Run = at_once) -> Result:
    """All numbers of steps; `run` measures `at` each, or knows it already."""
    rows = [run(at, params.method, count) for count in counts(params)]
    growths = []
    for index, way in enumerate(WAYS):
        kept, peak, seconds = zip(*(row[index] for row in rows), strict=True)
        growths.append(Growth(way, np.array(kept), np.array(peak), np.array(seconds)))
    return Result(params, np.array(counts(params)), tuple(growths))


def _measure(way: str, method: str, steps: int, z0: Tensor, weights: Tensor) -> Measured:
    times: list[float] = []
    while not times or (len(times) < SHORT_REPEATS and sum(times) < SHORT):
        before = time.thread_time()
        one_gradient(way, method, steps, z0, weights)
        times.append(time.thread_time() - before)
    with Meter((z0, weights)) as meter:
        kept = one_gradient(way, method, steps, z0, weights, meter)
    return kept, meter.peak, min(times)
