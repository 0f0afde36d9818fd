"""Networks with continuous depth: a block whose output is the end of an ODE's solution.

Sources: Chen et al. 2018, section 3; Dupont et al. 2019, section 4 (augmented blocks).
"""

import copy
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from core.nn.stages import Stages
from core.ode import odeint, odeint_adjoint, odeint_checkpointed, steps

MOST_STEPS = 1000
"""Attempted steps of one solve; more is an error, not a wait."""

Gradient = Literal["direct", "checkpointed", "adjoint"]


@dataclass(frozen=True)
class Solver:
    """How a block's equation is solved.

    Attributes:
        method, rtol, atol: see `core.ode.odeint`.
        step_size: of a method of fixed steps; None for the others.
        gradient: back-propagation through the steps, the same with a part of the states, or the adjoint equation.
    """

    method: str = "dopri5"
    rtol: float = 1e-3
    atol: float = 1e-3
    step_size: float | None = None
    gradient: Gradient = "direct"

    @property
    def arguments(self) -> dict[str, Any]:
        """What the functions of `core.ode` are given."""
        options = {"max_num_steps": MOST_STEPS} if self.step_size is None else {"step_size": self.step_size}
        return {"method": self.method, "rtol": self.rtol, "atol": self.atol, "options": options}


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


class ConvField(nn.Module):
    """f(t, z) for feature maps: SiLU, 3 x 3 convolution, normalisation that knows the depth, SiLU, 3 x 3 convolution.

    The normalisation, over groups of 8 channels of one picture, keeps the slope bounded; its scale and shift are linear
    in t. SiLU, unlike ReLU, has no kink that a solver with error control would stumble over.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, hidden, 3, padding=1, bias=False)
        self.scale = nn.Parameter(torch.tensor([[1.0], [0.0]]).repeat(1, hidden))
        self.shift = nn.Parameter(torch.zeros(2, hidden))
        self.conv2 = nn.Conv2d(hidden, channels, 3, padding=1, bias=False)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, t: Tensor, z: Float[Tensor, "n channels h w"]) -> Float[Tensor, "n channels h w"]:
        """The feature maps' rate of change at depth t."""
        scale, shift = (start + t.to(start.dtype) * slope for start, slope in (self.scale, self.shift))
        hidden = F.group_norm(self.conv1(F.silu(z)), len(scale) // 8, scale, shift)
        return self.conv2(F.silu(hidden)).to(z.dtype)


class ODEBlock(nn.Module):
    """z(1) of dz/dt = f(t, z), z(0) = x; differentiable as the solver says.

    Args:
        field: f, of (t, z) to dz/dt.
        augment: zeros appended to each x, along its second axis; `field` sees them, and they may move.
        solver: how the equation is solved.

    Attributes:
        nfe: evaluations of `field` by the latest call.
    """

    def __init__(self, field: nn.Module, augment: int = 0, solver: Solver = Solver()) -> None:
        super().__init__()
        self.field, self.augment, self.solver = field, augment, solver
        self.nfe = 0

    def forward(self, x: Float[Tensor, "batch dims *cells"]) -> Float[Tensor, "batch all *cells"]:
        """The states at depth 1; `all` is dims + augment."""
        if x.is_meta:  # a shape without values, which no solver can follow
            return self._start(x)
        if self.solver.gradient != "direct":
            return self.path(x, torch.tensor([0.0, 1.0]))[-1]
        *_, last = steps(self.counted, self._start(x), 0.0, 1.0, **self.solver.arguments)
        assert isinstance(last.y1, Tensor)  # as the start is
        return last.y1

    def path(
        self, x: Float[Tensor, "batch dims *cells"], t: Float[Tensor, " times"]
    ) -> Float[Tensor, "times batch all *cells"]:
        """The states on the way, at depths `t`, of which the first is that of x."""
        solve = {"direct": odeint, "checkpointed": odeint_checkpointed, "adjoint": odeint_adjoint}
        return solve[self.solver.gradient](self.counted, self._start(x), t, **self.solver.arguments)

    def _start(self, x: Tensor) -> Tensor:
        """z(0); a solver needs more digits than half precision has."""
        self.nfe = 0
        z0 = torch.cat([x, x.new_zeros(len(x), self.augment, *x.shape[2:])], dim=1) if self.augment else x
        return z0.float() if z0.dtype == torch.bfloat16 else z0

    def counted(self, t: Tensor, z: Tensor) -> Tensor:
        """The field, which adds 1 to `nfe`."""
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


def odenet_cifar(
    widths: tuple[int, ...] = (32, 64, 128),
    hidden: tuple[int, ...] = (24, 40, 64),
    classes: int = 10,
    solver: Solver = Solver(),
) -> Stages:
    """The twin of `core.nn.resnet.resnet_cifar`: in each stage one ODE block stands for the residual blocks.

    Between two blocks a mean over 2 x 2 cells halves the side and a 1 x 1 convolution widens the state, since an ODE
    can do neither. All other layers are the ResNet's; `hidden` are the channels within each block's field.
    """
    parts: dict[str, nn.Module] = {
        "conv1": nn.Conv2d(3, widths[0], 3, padding=1, bias=False),
        "bn1": nn.BatchNorm2d(widths[0]),
        "relu": nn.ReLU(),
        "ode1": ODEBlock(ConvField(widths[0], hidden[0]), solver=solver),
    }
    for i, (narrow, wide) in enumerate(pairwise(widths), start=2):
        parts[f"down{i}"] = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(narrow, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()
        )
        parts[f"ode{i}"] = ODEBlock(ConvField(wide, hidden[i - 1]), solver=solver)
    last = {
        "bn": nn.BatchNorm2d(widths[-1]),
        "last_relu": nn.ReLU(),
        "avgpool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "fc": nn.Linear(widths[-1], classes),
    }
    return Stages(parts | last)


def solved_by(net: Stages, solver: Solver) -> Stages:
    """The same network, weights shared, whose ODE blocks are solved in another way and count for themselves."""
    shared = {id(tensor): tensor for tensor in (*net.parameters(), *net.buffers())}
    twin = copy.deepcopy(net, shared)
    for block in blocks(twin).values():
        block.solver, block.nfe = solver, 0
    return twin


def blocks(net: nn.Module) -> dict[str, ODEBlock]:
    """Name -> ODE block, in the order in which they run."""
    return {name: module for name, module in net.named_modules() if isinstance(module, ODEBlock)}


def seeded_linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer with the usual first weights, uniform within 1/sqrt(inputs), from a generator of one's own."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")  # takes nothing from torch's own generator
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-1 / sqrt(inputs), 1 / sqrt(inputs), generator=generator)
    return layer
