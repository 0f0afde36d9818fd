"""The problems of the ODE benchmark: fields, times, tolerances and targets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

SPIRAL = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]], dtype=torch.float64)


class Spiral(nn.Module):
    """f = z^3 A, rows z (batch, 2): torchdiffeq's demo."""

    a: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("a", SPIRAL)

    def forward(self, t: Tensor, z: Tensor) -> Tensor:
        return z**3 @ self.a


class Mlp(nn.Module):
    """f = tanh(z^3 V + b) W + c, 2-50-2.

    Fitted, its output layer follows the spiral by ridge regression, so that solutions wind as they do late in
    training; fresh, it begins as the demo's training does.
    """

    def __init__(self, fitted: bool = True) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(0)
        cubes = (4.4 * torch.rand(4000, 2, generator=chance, dtype=torch.float64) - 2.2) ** 3
        self.v = nn.Parameter(0.1 * torch.randn(2, 50, generator=chance, dtype=torch.float64))
        self.b = nn.Parameter(torch.zeros(50, dtype=torch.float64))
        x = torch.cat([torch.tanh(cubes @ self.v), torch.ones(4000, 1)], 1).detach()
        w = 0.1 * torch.randn(50, 2, generator=chance, dtype=torch.float64)
        self.w, self.c = nn.Parameter(w), nn.Parameter(torch.zeros(2, dtype=torch.float64))
        if not fitted:
            return
        ridge = 4.0 * torch.eye(51, dtype=torch.float64)
        output = torch.linalg.solve(x.T @ x + ridge, x.T @ cubes @ SPIRAL)
        self.w, self.c = nn.Parameter(output[:50].clone()), nn.Parameter(output[50].clone())

    def forward(self, t: Tensor, z: Tensor) -> Tensor:
        return torch.tanh(z**3 @ self.v + self.b) @ self.w + self.c


class MlpWithProduct(Mlp):
    """The same, which also offers its vector-Jacobian product."""

    def vjp(self, t: Tensor, z: Tensor, a: Tensor) -> tuple[Tensor, ...]:
        """f, a df/dz and a df/d(v, b, w, c)."""
        square = z * z
        u = square * z
        p = torch.tanh(u @ self.v + self.b)  # (batch, 50)
        g = (a @ self.w.T) * (1 - p * p)  # dL/d(argument of tanh)
        return p @ self.w + self.c, 3 * square * (g @ self.v.T), u.T @ g, g.sum(0), p.T @ a, a.sum(0)


class ConvBlock(nn.Module):
    """The ODE block of an ODE-Net for MNIST: norm, relu, conv, twice, norm; time is a channel of its own."""

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(32, channels) for _ in range(3))
        self.convs = nn.ModuleList(nn.Conv2d(channels + 1, channels, 3, padding=1) for _ in range(2))

    def forward(self, t: Tensor, x: Tensor) -> Tensor:
        clock = torch.ones_like(x[:, :1]) * t
        for norm, conv in zip(self.norms, self.convs, strict=False):
            x = conv(torch.cat([clock, torch.relu(norm(x))], 1))
        return self.norms[2](x)


@dataclass(frozen=True, eq=False)
class Case:
    """One problem that all contenders solve, and how good ours is meant to be at it."""

    name: str
    field: Callable[[], nn.Module]
    y0: Tensor
    t: Tensor
    gradient: Literal["none", "direct", "adjoint"] = "none"
    rtol: float = 1e-7
    atol: float = 1e-9
    method: str = "dopri5"
    options: Mapping[str, Any] | None = None
    last_only: bool = False
    """The loss, a mean of squares, is of the last output instead of all."""
    reference: str = "dopri8"
    """The method that finds what the gradient should be; where f has kinks a lower order does it sooner."""
    target: float | None = None
    """Times faster than torchdiffeq, or the multiple of the floor that `within_floor` allows."""
    within_floor: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        return {"rtol": self.rtol, "atol": self.atol, "method": self.method, "options": self.options}


def start(batch: int) -> Tensor:
    """States (batch, 2): the demo's start, then points of the square around the spiral."""
    others = torch.rand(batch - 1, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.cat([torch.tensor([[2.0, 0.0]], dtype=torch.float64), 3 * others - 1.5])


def times(end: float, outputs: int) -> Tensor:
    return torch.linspace(0, end, outputs, dtype=torch.float64)


def forward_cases() -> list[Case]:
    t = times(25, 1000)
    cases = [
        Case(f"{name}, batch {batch}", field, start(batch), t, target=5)
        for name, field in (("spiral", Spiral), ("MLP", Mlp))
        for batch in (1, 20)
    ]
    single = Case(
        "MLP, batch 20, float32", lambda: Mlp().float(), start(20).float(), t.float(), rtol=1e-6, atol=1e-8, target=5
    )
    return [*cases, single]


def direct_cases() -> list[Case]:
    return [
        Case(f"{name}, 10 outputs in {end:g} s", field, start(20), times(end, 10), "direct", target=2)
        for name, field in (("MLP", Mlp), ("fresh MLP", partial(Mlp, fitted=False)))
        for end in (0.25, 5)
    ]


def adjoint_cases() -> list[Case]:
    t, fresh = times(5, 10), partial(Mlp, fitted=False)
    return [
        Case("MLP, 10 outputs in 0.25 s", Mlp, start(20), times(0.25, 10), "adjoint", target=3),
        Case("MLP, 10 outputs in 5 s", Mlp, start(20), t, "adjoint", target=3),
        Case("the same, loss of the last", Mlp, start(20), t, "adjoint", last_only=True, target=3),
        Case("vjp offered, 10 outputs in 5 s", MlpWithProduct, start(20), t, "adjoint", target=5),
        Case("the same, loss of the last", MlpWithProduct, start(20), t, "adjoint", last_only=True, target=5),
        Case("fresh MLP, 10 outputs in 0.25 s", fresh, start(20), times(0.25, 10), "adjoint", target=3),
        Case("fresh MLP, 10 outputs in 5 s", fresh, start(20), t, "adjoint", target=3),
        Case("the same, vjp offered", partial(MlpWithProduct, fitted=False), start(20), t, "adjoint", target=5),
    ]


def rk4_cases() -> list[Case]:
    """One hundred steps of 1/32, which is exact in binary."""
    t, options = times(3.125, 2), {"step_size": 1 / 32}
    shared = {"method": "rk4", "options": options, "target": 1.8}
    cases = []
    for name, field in (("spiral", Spiral), ("MLP", Mlp)):
        cases.append(Case(f"{name}, 100 steps", field, start(20), t, **shared))
        cases.append(Case(f"{name}, 100 steps, training", field, start(20).requires_grad_(), t, "direct", **shared))
    return cases


def conv_cases() -> list[Case]:
    torch.manual_seed(0)
    block, x = ConvBlock(), torch.randn(32, 64, 7, 7)
    shared = {"rtol": 1e-3, "atol": 1e-3, "reference": "dopri5", "target": 1.15, "within_floor": True}
    trained = x.clone().requires_grad_()
    t = torch.tensor([0.0, 1.0])
    return [
        Case("conv block, forward", lambda: block, x, t, **shared),
        Case("conv block, direct training", lambda: block, trained, t, "direct", **shared),
        Case("conv block, adjoint training", lambda: block, trained, t, "adjoint", **shared),
    ]


def tolerance_cases() -> list[Case]:
    return [
        Case(f"spiral, 100 outputs, 1e-{digits}", Spiral, start(1), times(25, 100), rtol=tol, atol=tol)
        for digits in range(3, 11)
        for tol in (10.0**-digits,)
    ]


def batch_cases() -> list[Case]:
    return [Case(f"MLP, 100 outputs, batch {4**k}", Mlp, start(4**k), times(5, 100)) for k in range(6)]


GROUPS: dict[str, tuple[str, Callable[[], list[Case]]]] = {
    "forward": ("Forward: dopri5, t in [0, 25], 1,000 outputs", forward_cases),
    "direct": ("Training step, direct gradient: dopri5, batch 20", direct_cases),
    "adjoint": ("Training step, adjoint gradient: dopri5, batch 20", adjoint_cases),
    "rk4": ("Fixed steps: rk4, batch 20", rk4_cases),
    "conv": ("Convolutional block: 32 x 64 x 7 x 7 float32, dopri5 at 1e-3, t in [0, 1]", conv_cases),
    "tolerance": ("Cost against tolerance: dopri5, t in [0, 25]", tolerance_cases),
    "batch": ("Cost against batch size: dopri5, t in [0, 5]", batch_cases),
}
