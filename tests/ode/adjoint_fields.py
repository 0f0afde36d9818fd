"""What the tests of the adjoint share: a small network as a field, times, tolerances, a comparison."""

from typing import Any

import torch
from torch import Tensor, nn

from tests.ode.problems import vector

TIMES = vector(0.0, 0.4, 1.0)
TIGHT: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}


class Net(nn.Module):
    """tanh(y W + sin(t) b), evaluations counted."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.weight = nn.Parameter(torch.randn((3, 3), generator=generator, dtype=torch.float64).to(dtype))
        self.bias = nn.Parameter(torch.randn(3, generator=generator, dtype=torch.float64).to(dtype))
        self.nfe = 0

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        self.nfe += 1
        return torch.tanh(y @ self.weight + torch.sin(t) * self.bias)


START = vector(1.0, -0.5, 0.3)


def agree(found: Any, wanted: Any, tol: float = 1e-7) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other.to(one.dtype), rtol=tol, atol=tol)
