"""Networks with continuous depth: a block whose output is the end of an ODE's solution.

Sources: Chen et al. 2018, section 3; Dupont et al. 2019, section 4 (augmented blocks).
"""

from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.ode import odeint

MOST_STEPS = 1000
"""Attempted steps of one solve; more is an error, not a wait."""


class TimeField(nn.Module):
    """f(t, z): a network with two hidden layers of tanh, which is given the depth t beside the state z.

    Args:
        dims: of the state.
        hidden: units of each hidden layer.
        generator: of the first weights.
    """

    def __init__(self, dims: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.net = nn.Sequential(
            seeded_linear(dims + 1, hidden, generator),
            nn.Tanh(),
            seeded_linear(hidden, hidden, generator),
            nn.Tanh(),
            seeded_linear(hidden, dims, generator),
        )

    def forward(self, t: Tensor, z: Float[Tensor, "batch dims"]) -> Float[Tensor, "batch dims"]:
        """The states' rate of change at depth t."""
        depth = t.to(z.dtype).expand(len(z), 1)
        return self.net(torch.cat([z, depth], dim=1))


class ODEBlock(nn.Module):
    """z(1) of dz/dt = f(t, z), z(0) = x; differentiable by back-propagation through the solver's steps.

    Args:
        field: f, of (t, z) to dz/dt.
        augment: zeros appended to each x; `field` sees them, and they may move.
        method, rtol, atol: see `core.ode.odeint`.

    Attributes:
        nfe: evaluations of `field` by the latest call.
    """

    def __init__(
        self, field: nn.Module, augment: int = 0, *, method: str = "dopri5", rtol: float = 1e-3, atol: float = 1e-3
    ) -> None:
        super().__init__()
        self.field, self.augment = field, augment
        self.method, self.rtol, self.atol = method, rtol, atol
        self.nfe = 0

    def forward(self, x: Float[Tensor, "batch dims"]) -> Float[Tensor, "batch all"]:
        """The states at depth 1; `all` is dims + augment."""
        return self.path(x, torch.tensor([0.0, 1.0]))[-1]

    def path(self, x: Float[Tensor, "batch dims"], t: Float[Tensor, " times"]) -> Float[Tensor, "times batch all"]:
        """The states on the way, at depths `t`, of which the first is that of x."""
        z0 = torch.cat([x, x.new_zeros(len(x), self.augment)], dim=1) if self.augment else x
        self.nfe = 0
        steps = {"max_num_steps": MOST_STEPS}
        return odeint(self._counted, z0, t, method=self.method, rtol=self.rtol, atol=self.atol, options=steps)

    def _counted(self, t: Tensor, z: Tensor) -> Tensor:
        self.nfe += 1
        return self.field(t, z)


class ODENet(nn.Module):
    """An ODE block and a linear head with one score for each x: above 0 for one class, below for the other."""

    def __init__(self, dims: int, hidden: int, augment: int, generator: torch.Generator) -> None:
        super().__init__()
        self.block = ODEBlock(TimeField(dims + augment, hidden, generator), augment)
        self.head = seeded_linear(dims + augment, 1, generator)

    def forward(self, x: Float[Tensor, "batch dims"]) -> Float[Tensor, " batch"]:
        """The scores."""
        return self.head(self.block(x))[:, 0]


def seeded_linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer with the usual first weights, uniform within 1/sqrt(inputs), from a generator of one's own."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")  # takes nothing from torch's own generator
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-1 / sqrt(inputs), 1 / sqrt(inputs), generator=generator)
    return layer
