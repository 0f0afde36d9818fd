"""`odeint_event`: solve until an event, with gradients of its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.ode.event_gradient import with_event_gradient
from core.ode.odeint import odeint
from core.ode.problem import State, describe, number, pieces_of


def odeint_event(
    func: Callable[..., State],
    y0: State,
    t0: Tensor,
    *,
    event_fn: Callable[..., Tensor],
    reverse_time: bool = False,
    odeint_interface: Callable[..., Any] = odeint,
    **kwargs: Any,
) -> tuple[Tensor, Any]:
    """Solve from t0 until `event_fn` changes its sign.

    Args:
        func, y0: as for `odeint`.
        t0: a tensor of one time.
        event_fn: of (t, y) to a tensor; the first of its values to change sign counts.
        reverse_time: go backwards.
        odeint_interface: `odeint` or `odeint_adjoint`.
        kwargs: passed on to it.

    Returns:
        The event's time (0-dim) and the states (2, *y0.shape) at t0 and at the event; both differentiable with
        respect to y0, t0 and the parameters of `func` and `event_fn`.

    Raises:
        EventNotFoundError: no sign change before the limit on steps.
        TypeError: t0 is not a tensor of one time.
        ValueError: a gradient is wanted of an event that the solution touches without crossing.
    """
    if not isinstance(t0, Tensor) or not t0.is_floating_point() or t0.numel() != 1:
        raise TypeError(f"`t0` must be a floating point tensor of one time; got {describe(t0)}")
    start = t0.reshape(1)
    ahead = 1 + start.detach().abs()  # any later time would do, if float32 can tell it from t0
    t = torch.cat([start, start.detach() + (-ahead if reverse_time else ahead)])
    event_t, solution = odeint_interface(func, y0, t, event_fn=event_fn, **kwargs)
    if not torch.is_grad_enabled():
        return event_t, solution
    pieces = pieces_of(solution)
    ends = tuple(piece[-1] for piece in pieces)
    end = ends if isinstance(solution, tuple) else ends[0]
    event_t, end = with_event_gradient(func, event_fn, number(t0), y0, event_t, end)
    states = tuple(torch.cat([p[:-1], e[None]]) for p, e in zip(pieces, pieces_of(end), strict=True))
    return event_t, states if isinstance(solution, tuple) else states[0]
