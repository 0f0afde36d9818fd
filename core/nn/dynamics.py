r"""Learning dz/dt = f(z) from points of a trajectory: the network, its data, its mini-batches, its predictions.

Everything here needs nothing but torch and `odeint`, so that the page on learning can hand out these very lines as a
program that runs with `core.ode` or with torchdiffeq.

Source: Chen, Rubanova, Bettencourt, Duvenaud 2018, section 5.1; torchdiffeq, examples/ode_demo.py.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core.ode import odeint


class LearnedField(nn.Module):
    """The learned right-hand side f(z): two linear layers with a tanh between them, the same at all times."""

    def __init__(self, size: int, hidden: int, cubed: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.cubed = cubed
        inner = nn.Linear(size, hidden, dtype=torch.float64, device="meta")  # no weights yet, no random numbers
        outer = nn.Linear(hidden, size, dtype=torch.float64, device="meta")
        self.net = nn.Sequential(inner, nn.Tanh(), outer).to_empty(device="cpu")
        for layer in (inner, outer):
            nn.init.normal_(layer.weight, std=0.1, generator=generator)
            nn.init.zeros_(layer.bias)
        self.nfe = 0

    def forward(self, t: Tensor, z: Tensor) -> Tensor:
        """dz/dt, like z (..., size); counts the evaluations."""
        self.nfe += 1
        return self.net(z**3 if self.cubed else z)


class Paced(nn.Module):
    """A field with a clock of its own for each sample: dz/ds = (dt/ds) f(z)."""

    def __init__(self, field: nn.Module, pace: Tensor) -> None:
        super().__init__()
        self.field = field
        self.pace = pace  # (B, 1)

    def forward(self, s: Tensor, z: Tensor) -> Tensor:
        """dz/ds, like z (B, size)."""
        return self.pace * self.field(s, z)


def spiral_field(t: Tensor, z: Tensor) -> Tensor:
    """The true right-hand side, A z^3, for states z (..., 2)."""
    return z**3 @ torch.tensor([[-0.1, -2.0], [2.0, -0.1]], dtype=z.dtype)  # rows of z, so A is transposed


def spiral(points: int, noise: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Times (points,) from 0 to 25 and the spiral from (2, 0) there, (points, 2), with Gaussian noise of that size."""
    times = torch.linspace(0.0, 25.0, points, dtype=torch.float64)
    start = torch.tensor([2.0, 0.0], dtype=torch.float64)
    with torch.no_grad():
        values = odeint(spiral_field, start, times, rtol=1e-8, atol=1e-10, method="dopri5")
    return times, values + noise * torch.randn(values.shape, generator=generator, dtype=torch.float64)


def draw_batch(
    times: Tensor, values: Tensor, batch_size: int, batch_time: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Pieces of `batch_time` points that begin anywhere: times (T, B) and values (T, B, size)."""
    first = torch.randint(len(times) - batch_time + 1, (batch_size,), generator=generator)
    rows = first + torch.arange(batch_time)[:, None]  # (T, B)
    return times[rows], values[rows]


def predict_regular(field: nn.Module, start: Tensor, times: Tensor, integrate: Callable, solver: dict) -> Tensor:
    """States (T, B, size) from `start` (B, size), where all pieces have the same times (T, B) after it.

    One solve carries the whole batch.
    """
    return integrate(field, start, times[:, 0] - times[0, 0], **solver)


def predict_irregular(field: nn.Module, start: Tensor, times: Tensor, integrate: Callable, solver: dict) -> Tensor:
    """States (T, B, size) from `start` (B, size), at each sample's own times (T, B).

    From one point to the next, every sample goes from s = 0 to s = 1 at its own pace dt/ds = t[k + 1] - t[k]. That is
    exact, because the field does not depend on time, and one solve for each k carries the whole batch.
    """
    states = [start]
    unit = torch.tensor([0.0, 1.0], dtype=times.dtype)
    for pace in times.diff(dim=0):
        states.append(integrate(Paced(field, pace[:, None]), states[-1], unit, **solver)[-1])
    return torch.stack(states)


def standardised(times: Tensor, values: Tensor, fitted: int) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """Times (n,) and values (n, size) without units, and what they were measured with.

    The first `fitted` rows set the scales: each column gets mean 0 and standard deviation 1, and time a unit in which
    the columns change by about 1.
    """
    known = values[:fitted]
    middle, spread = known.mean(dim=0), known.std(dim=0, correction=0)
    steady = spread <= 1e-12 * known.abs().amax(dim=0) + 1e-150
    spread = torch.where(steady, torch.ones_like(spread), spread)
    scaled = (values - middle) / spread
    change = scaled[:fitted].diff(dim=0).abs().mean()
    unit = (times[fitted - 1] - times[0]) / (fitted - 1) / change
    unit = unit if bool(torch.isfinite(unit)) and unit > 0 else torch.ones_like(unit)
    return (times - times[0]) / unit, scaled, {"middle": middle, "spread": spread, "origin": times[0], "unit": unit}
