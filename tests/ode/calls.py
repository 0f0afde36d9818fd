"""Every way to ask for a solve, called alike: func, y0, times, and keywords; and fields that are watched."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.ode import (
    odeint,
    odeint_adjoint,
    odeint_checkpointed,
    odeint_dense,
    odeint_event,
    solve,
    solve_batch,
    steps,
)

Y0 = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
T = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)


def decay(t: Tensor, y: Any) -> Any:
    return tuple(-piece for piece in y) if isinstance(y, tuple) else -y


def until_half(func: Any, y0: Any, t: Tensor, **kwargs: Any) -> Any:
    return odeint_event(func, y0, t[0], event_fn=lambda t, y: t - 0.5, **kwargs)


ON_TIMES: dict[str, Callable[..., Any]] = {
    "odeint": odeint,
    "odeint_adjoint": odeint_adjoint,
    "odeint_checkpointed": odeint_checkpointed,
}
ON_INTERVALS: dict[str, Callable[..., Any]] = {
    "odeint_dense": lambda func, y0, t, **kwargs: odeint_dense(func, y0, t[0], t[-1], **kwargs),
    "solve": lambda func, y0, t, **kwargs: solve(func, y0, t[0], t[-1], **kwargs),
    "steps": lambda func, y0, t, **kwargs: list(steps(func, y0, t[0], t[-1], **kwargs)),
    "solve_batch": lambda func, y0, t, **kwargs: solve_batch(func, y0, t[0], t[-1], **kwargs),
}
EVERY = {**ON_TIMES, **ON_INTERVALS, "odeint_event": until_half}
SHARED = {name: call for name, call in EVERY.items() if name != "solve_batch"}
"""With tuples, tolerances for each element and all methods."""


class Counted:
    """A field that notes when it was asked, and gives up for good after `most` calls."""

    def __init__(self, func: Callable[[Tensor, Tensor], Tensor], most: int = 20_000) -> None:
        self.func, self.most = func, most
        self.times: list[float] = []

    def __call__(self, t: Tensor, y: Tensor) -> Tensor:
        self.times.append(float(t))
        assert len(self.times) <= self.most, "the work is not bounded"
        return self.func(t, y)


def inside(func: Counted, start: float, end: float) -> None:
    low, high = min(start, end), max(start, end)
    outside = [time for time in func.times if not low <= time <= high]
    assert not outside, f"[{low!r}, {high!r}]: {outside[:5]}"
