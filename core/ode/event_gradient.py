r"""Gradients of an event's time and state.

At the event :math:`g(t^*, y(t^*)) = 0`, so a disturbance :math:`\delta y` of the solution moves it by

.. math:: \delta t^* = - \frac{\partial_y g \cdot \delta y}{\partial_t g + \partial_y g \cdot f}, \qquad
          \delta \big( y(t^*) \big) = \delta y + f \, \delta t^*

Source: Chen, Amos, Nickel, Learning Neural Event Functions for Ordinary Differential Equations (2021), section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.ode.problem import State, pieces_of


def with_event_gradient(
    func: Callable[..., State], event_fn: Callable[..., Tensor], t0: float, y0: State, event_t: Tensor, at_event: State
) -> tuple[Tensor, State]:
    """The event's time (0-dim) and state, the same values, hanging on all that moves the event.

    Args:
        func, event_fn: the field and the event function, of (t, y).
        t0, y0: where the solve began.
        event_t, at_event: what it found; the state carries the graph of the solution at that time.

    Raises:
        ValueError: the solution touches the event without crossing it.
    """
    pieces = pieces_of(at_event)

    def user(state: tuple[Tensor, ...]) -> State:
        return state if isinstance(at_event, tuple) else state[0]

    event_t = event_t.detach()
    start = torch.tensor(t0, dtype=event_t.dtype, device=event_t.device)
    active = _active_value(event_fn, start, y0, event_t, at_event)
    value = event_fn(event_t, at_event).reshape(-1)[active]
    if not value.requires_grad:
        return event_t, at_event
    slope, rate = _rates(func, event_fn, t0, event_t, pieces, user, active)
    moved_t = event_t - (value - value.detach()).to(event_t.dtype) / rate
    shift = moved_t - event_t
    return moved_t, user(tuple(piece + f * shift.to(piece.dtype) for piece, f in zip(pieces, slope, strict=True)))


@torch.no_grad()
def _active_value(event_fn: Any, t0: Tensor, y0: State, event_t: Tensor, at_event: State) -> int:
    """Which of the event function's values has changed sign."""
    signs = torch.sign(event_fn(t0, y0)).reshape(-1)
    return int(torch.argmin(event_fn(event_t, at_event).reshape(-1) * signs))


def _rates(
    func: Any, event_fn: Any, t0: float, event_t: Tensor, at_event: tuple[Tensor, ...], user: Any, active: int
) -> tuple[tuple[Tensor, ...], Tensor]:
    """f at the event, and the total derivative of the event function with respect to time along the solution."""
    with torch.no_grad():
        slope = pieces_of(func(event_t.to(at_event[0].real.dtype), user(tuple(piece.detach() for piece in at_event))))
    with torch.enable_grad():
        time = event_t.detach().clone().requires_grad_()
        state = tuple(piece.detach().clone().requires_grad_() for piece in at_event)
        value = event_fn(time, user(state)).reshape(-1)[active]
        d_time, *d_state = torch.autograd.grad(value, (time, *state), allow_unused=True, materialize_grads=True)
    rate = d_time + sum((d.conj() * f).sum().real for d, f in zip(d_state, slope, strict=True))
    with torch.no_grad():
        size, speed = (math.sqrt(sum(float(p.abs().square().sum()) for p in ps)) for ps in (at_event, slope))
        delay = max(abs(float(event_t) - t0), size / speed if speed else 0.0)
        delay *= 10 * math.sqrt(torch.finfo(at_event[0].dtype).eps)
        before = user(tuple(piece - delay * f for piece, f in zip(at_event, slope, strict=True)))
        change = float((event_fn(event_t - delay, before).reshape(-1)[active] - value.detach()).abs())
    if delay * float(rate.abs()) <= 1e-3 * change:  # a crossing at this rate would have changed it by just that
        raise ValueError(
            f"the event at t={float(event_t):g} is touched, not crossed (its rate of change is {float(rate):.2g}): its "
            "time has no derivative there. Solve under torch.no_grad(), or move the event"
        )
    return slope, rate
