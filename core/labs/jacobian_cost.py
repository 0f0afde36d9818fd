"""What products with a Jacobian cost, and what the whole Jacobian costs, measured on a network of n inputs and outputs.

Source: Griewank and Walther, Evaluating Derivatives (2008), section 3.3 (a vjp costs a small multiple of f) and
chapter 4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs import forward_mode

SIZES = tuple(2**k for k in range(1, 10))
"""n: 2 to 512, where the machine is not too busy."""
FITTED = 4
"""Sizes, the largest ones, that slopes are fitted to: before, the time is that of starting the operations."""
BUDGET = 0.012
"""Seconds for the repetitions of one measurement; the fastest counts, since other work can only slow one down."""

LONGEST = 0.6
"""Seconds that the slowest way may be expected to take at the next size; otherwise no larger ones are measured."""

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


def measure() -> Costs:
    """Measure all sizes; about half a second, and once as much again for what torch loads at first use."""
    times: dict[str, list[float]] = {"f": [], "vjp": [], "jvp": [], "rows": [], "vectorised": []}
    values: dict[str, Tensor] = {}
    apart = 0.0
    for n in SIZES:
        f, generator = network(n), torch.Generator().manual_seed(0)
        z, a = torch.randn(2, n, generator=generator, dtype=torch.float64)
        ways: dict[str, Work] = {
            "f": lambda f=f, z=z: f(z),
            "vjp": lambda f=f, z=z, a=a: one_vjp(f, z, a),
            "jvp": lambda f=f, z=z, a=a: forward_mode.jvp(f, z, a),
            "rows": lambda f=f, z=z: jacobian_by_rows(f, z),
            "vectorised": lambda f=f, z=z: torch.func.jacrev(f)(z),
        }
        for name, work in ways.items():
            if n == SIZES[0]:
                work()  # what is loaded at first use is no part of the cost
            seconds, values[name] = _fastest(work)
            times[name].append(seconds)
        j = values["rows"]
        pairs = ((j, values["vectorised"]), (a @ j, values["vjp"]), (j @ a, values["jvp"]))
        apart = max(apart, *(float((one - other).abs().max()) for one, other in pairs))
        if len(times["rows"]) >= FITTED and 8 * max(seconds[-1] for seconds in times.values()) > LONGEST:
            break
    found = {name: np.array(seconds) for name, seconds in times.items()}
    return Costs(
        Way("f alone", found["f"]),
        Way("one vjp", found["vjp"]),
        Way("one jvp", found["jvp"]),
        Way("J by n vjps", found["rows"]),
        Way("J in one batch", found["vectorised"]),
        apart,
    )


def _fastest(work: Work) -> tuple[float, Tensor]:
    """The shortest of several times, and the value."""
    best, used, runs = float("inf"), 0.0, 0
    while True:
        start = perf_counter()
        value = work()
        seconds = perf_counter() - start
        best, used, runs = min(best, seconds), used + seconds, runs + 1
        if used >= BUDGET and (runs >= 3 or used > 8 * BUDGET):
            return best, value
