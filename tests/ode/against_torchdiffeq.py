"""Fields, states and comparisons shared by the tests against torchdiffeq.

Fixed-step methods must agree to rounding: they are the same arithmetic. Adaptive ones agree within the tolerance,
since the choice of steps may be better here; what an option promises of the steps is tested on both.
Where torchdiffeq is silently wrong (half precision, closures in the adjoint, NaN) it is no oracle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core import ode as ours

theirs = pytest.importorskip("torchdiffeq", reason="torchdiffeq, the oracle of these tests, is not installed")

FIXED = ["euler", "midpoint", "heun2", "heun3", "rk4", "explicit_adams", "implicit_adams"]
ADAPTIVE = ["adaptive_heun", "fehlberg2", "bosh3", "dopri5", "dopri8"]
TIGHT = {"adaptive_heun": 1e-4, "fehlberg2": 1e-5, "bosh3": 1e-5, "dopri5": 1e-8, "dopri8": 1e-9}
"""rtol = atol for each method, so that a solve takes a hundred steps at most."""
AGREE = 1000
"""Adaptive solutions are within this multiple of the tolerance of torchdiffeq's at tolerances far below; such multiples
are the subject of test_against_scipy."""
LOOSE = 10_000
"""What torchdiffeq's interpolation between the long steps of dopri8 errs by at the same tolerance."""

GROWTH = {"explicit_adams": 1e4, "implicit_adams": 100}
"""Adams' constants at high order alternate in sign and reach 1e4: they magnify the rounding of each value of f."""


def evenly(start: float, end: float, count: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """For the Adams methods, whose constants hold for equal steps alone (torchdiffeq uses them on any)."""
    return torch.linspace(start, end, count, dtype=dtype)


def uneven(start: float = 0.0, end: float = 1.5, count: int = 7, dtype: torch.dtype = torch.float64) -> Tensor:
    """Times that no step size divides; from `end` down if `end` < `start`."""
    share = torch.linspace(0, 1, count, dtype=dtype)
    return start + (end - start) * (share + 0.1 * share * (1 - share))


class Net(nn.Module):
    """A small field that depends on time, with parameters."""

    def __init__(self, dim: int = 3, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.weight = nn.Parameter(torch.randn((dim, dim), generator=generator, dtype=torch.float64).to(dtype) * 0.7)
        self.bias = nn.Parameter(torch.randn(dim, generator=generator, dtype=torch.float64).to(dtype) * 0.5)

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        return torch.tanh(y @ self.weight + self.bias * torch.cos(2 * t)) - 0.3 * y


class TupleNet(nn.Module):
    """The same field on a state (y, what |y|^2 feeds and time drains) of two shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net()

    def forward(self, t: Tensor, y: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return self.net(t, y[0]), (y[0] ** 2).sum() - y[1]


class Turning(nn.Module):
    """A complex field: y' = (i w - 0.1) y + cos t."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(1.3, dtype=dtype.to_real()))

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        return (1j * self.w - 0.1) * y + torch.cos(t)


def start(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0]], dtype=dtype)


@dataclass
class Case:
    """A field and state of one kind."""

    name: str
    build: Callable[[], nn.Module]
    y0: Tensor | tuple[Tensor, ...]
    rounding: float


CASES = [
    Case("float64", Net, start(), 1e-13),
    Case("float32", lambda: Net(dtype=torch.float32), start(torch.float32), 3e-6),
    Case("tuple", TupleNet, (start(), torch.tensor(0.5, dtype=torch.float64)), 1e-13),
    Case("complex128", lambda: Turning(torch.complex128), start().to(torch.complex128) * (1 + 0.5j), 1e-13),
    Case("complex64", lambda: Turning(torch.complex64), start().to(torch.complex64) * (1 + 0.5j), 3e-6),
]
case_ids = [case.name for case in CASES]


def real_dtype(case: Case) -> torch.dtype:
    first = case.y0[0] if isinstance(case.y0, tuple) else case.y0
    return first.dtype.to_real()


def assert_agree(mine: Any, other: Any, tol: float) -> None:
    """Tensors, tuples of tensors, or tuples of tuples, of the same types, shapes and dtypes."""
    if isinstance(other, tuple):
        assert isinstance(mine, tuple)
        for a, b in zip(mine, other, strict=True):
            assert_agree(a, b, tol)
    else:
        torch.testing.assert_close(mine, other, rtol=tol, atol=tol)


def by_name(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def passed(backward: bool) -> Tensor:
    """Times of most adaptive solves."""
    t = uneven(0.2, 1.7)
    return t.flip(0) if backward else t


@cache
def exact(name: str, backward: bool) -> Any:
    """The case at `passed(backward)`, by torchdiffeq at steps so small that its interpolation, too, is exact enough."""
    case = by_name(name)
    with torch.no_grad():
        return theirs.odeint(case.build(), case.y0, passed(backward), method="dopri5", rtol=1e-11, atol=1e-12)


def both(func: Any, y0: Any, t: Tensor, **kwargs: Any) -> tuple[Any, Any]:
    with torch.no_grad():
        return ours.odeint(func, y0, t, **kwargs), theirs.odeint(func, y0, t, **kwargs)


class StepRecorder(nn.Module):
    """Notes the times at which the field is asked, and the callback that every method with steps has."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.asked: list[float] = []
        self.steps: list[tuple[Any, ...]] = []
        self.accepted: list[tuple[Any, ...]] = []
        self.rejected: list[tuple[Any, ...]] = []

    def forward(self, t: Tensor, y: Any) -> Any:
        self.asked.append(float(t))
        return self.base(t, y)

    def callback_step(self, t0: Tensor, y0: Any, dt: Tensor) -> None:
        self.steps.append((t0, y0, dt))


class Recorder(StepRecorder):
    """Notes the callbacks of adaptive methods, too."""

    def callback_accept_step(self, t0: Tensor, y0: Any, dt: Tensor) -> None:
        self.accepted.append((t0, y0, dt))

    def callback_reject_step(self, t0: Tensor, y0: Any, dt: Tensor) -> None:
        self.rejected.append((t0, y0, dt))


def recorded(package: Any, base: nn.Module, y0: Any, t: Tensor, fixed: bool = False, **kwargs: Any) -> StepRecorder:
    recorder = StepRecorder(base) if fixed else Recorder(base)
    with torch.no_grad():
        package.odeint(recorder, y0, t, **kwargs)
    return recorder
