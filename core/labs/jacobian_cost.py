"""What products with a Jacobian cost, and what the whole Jacobian costs, measured on a network of n inputs and outputs.

Source: Griewank and Walther, Evaluating Derivatives (2008), section 3.3 (a vjp costs a small multiple of f) and
chapter 4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs import forward_mode
from core.labs.learning_bounds import one_thread
from core.labs.pieces import Run, at_once

SIZES = tuple(2**k for k in range(1, 10))
"""n."""
FITTED = 4
"""Sizes, the largest ones, that slopes are fitted to: before, the time is that of starting the operations."""
BUDGET = 0.012
"""Seconds of the processor for the repetitions of one measurement; the fastest counts: other work only slows down."""

Work = Callable[[], Tensor]


@dataclass(frozen=True, eq=False)
class Way:
    """One thing that was measured."""

    name: str
    seconds: Float[np.ndarray, " sizes"]
    """For the first so many of `SIZES`."""

    @property
    def slope(self) -> float:
        """Of log(seconds) against log(n), over the `FITTED` largest sizes."""
        sizes = SIZES[: len(self.seconds)]
        return float(np.polyfit(np.log(sizes[-FITTED:]), np.log(self.seconds[-FITTED:]), 1)[0])


@dataclass(frozen=True, eq=False)
class Costs:
    """Times for all sizes that were measured."""

    value: Way
    vjp: Way
    jvp: Way
    rows: Way
    """The whole Jacobian, one vjp for each row."""
    vectorised: Way
    """The whole Jacobian, all rows in one batch."""
    apart: float
    """Largest difference between the two Jacobians, and of a J from the first vjp, over all sizes."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """n."""
        return SIZES[: len(self.rows.seconds)]

    @property
    def ratio(self) -> float:
        """Time of the whole Jacobian by rows over that of one vjp, at the largest n."""
        return float(self.rows.seconds[-1] / self.vjp.seconds[-1])


def network(n: int) -> Callable[[Tensor], Tensor]:
    """A network from n numbers to n numbers with n hidden units: W2 tanh(W1 z)."""
    generator = torch.Generator().manual_seed(n)
    first, second = torch.randn(2, n, n, generator=generator, dtype=torch.float64) / n**0.5
    return lambda z: second @ torch.tanh(first @ z)


def one_vjp(f: Callable[[Tensor], Tensor], z: Tensor, a: Tensor) -> Tensor:
    """a J: one run forwards, one backwards."""
    z = z.detach().requires_grad_()
    return torch.autograd.grad(f(z), z, a)[0]


def jacobian_by_rows(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """J, (n, n): one run forwards, then one backwards for each row."""
    z = z.detach().requires_grad_()
    y = f(z)
    rows = torch.eye(len(y), dtype=y.dtype)
    return torch.stack([torch.autograd.grad(y, z, row, retain_graph=True)[0] for row in rows])


def at(n: int) -> tuple[list[float], float]:
    """Seconds of f, vjp, jvp, J by rows and J in one batch at one size; and how far their values are apart."""
    f, generator = network(n), torch.Generator().manual_seed(0)
    z, a = torch.randn(2, n, generator=generator, dtype=torch.float64)
    ways: list[Work] = [
        lambda: f(z),
        lambda: one_vjp(f, z, a),
        lambda: forward_mode.jvp(f, z, a),
        lambda: jacobian_by_rows(f, z),
        lambda: torch.func.jacrev(f)(z),
    ]
    with one_thread():
        if n == SIZES[0]:
            for work in ways:
                work()  # what is loaded at first use is no part of the cost
        seconds, (_, vjp, jvp, j, batch) = zip(*map(_fastest, ways), strict=True)
    pairs = ((j, batch), (a @ j, vjp), (j @ a, jvp))
    return list(seconds), max(float((one - other).abs().max()) for one, other in pairs)


def measure(run: Run = at_once) -> Costs:
    """All sizes; `run` measures `at` each, or knows it already."""
    rows = [run(at, n) for n in SIZES]
    value, vjp, jvp, by_rows, vectorised = np.array([seconds for seconds, _ in rows]).T
    return Costs(
        Way("f alone", value),
        Way("one vjp", vjp),
        Way("one jvp", jvp),
        Way("J by n vjps", by_rows),
        Way("J in one batch", vectorised),
        max(apart for _, apart in rows),
    )


def _fastest(work: Work) -> tuple[float, Tensor]:
    """The shortest of several times, and the value; the mean, where the clock stands still during the shortest."""
    best, runs, begin = float("inf"), 0, thread_time()
    while True:
        start = thread_time()
        value = work()
        end = thread_time()
        best, used, runs = min(best, end - start), end - begin, runs + 1
        if used >= BUDGET and (runs >= 3 or used > 8 * BUDGET):
            return best or used / runs, value
