r"""`odeint_event`: solve until an event, with gradients of its time.

At the event :math:`g(t^*, y(t^*)) = 0`, so a disturbance :math:`\delta y` of the solution moves it by

.. math:: \delta t^* = - \frac{\partial_y g \cdot \delta y}{\partial_t g + \partial_y g \cdot f}, \qquad
          \delta \big( y(t^*) \big) = \delta y + f \, \delta t^*

Source: Chen, Amos, Nickel, Learning Neural Event Functions for Ordinary Differential Equations (2021), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

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
        odeint_interface: `odeint`, `odeint_adjoint` or `odeint_checkpointed`.
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
    t = torch.cat([start, start.detach() + (-1.0 if reverse_time else 1.0)])
    event_t, solution = odeint_interface(func, y0, t, event_fn=event_fn, **kwargs)
    pieces = pieces_of(solution)
    at_event = tuple(piece[-1] for piece in pieces)
    if not torch.is_grad_enabled():
        return event_t, solution

    def user(state: tuple[Tensor, ...]) -> State:
        return state if isinstance(solution, tuple) else state[0]

    active = _active_value(event_fn, t0.detach().reshape(()), y0, event_t.detach(), user(at_event))
    value = event_fn(event_t.detach(), user(at_event)).reshape(-1)[active]
    if not value.requires_grad:
        return event_t, solution
    slope, rate = _rates(func, event_fn, number(t0), event_t.detach(), at_event, user, active)
    event_t = event_t.detach() - (value - value.detach()).to(event_t.dtype) / rate
    shift = event_t - event_t.detach()
    moved = [piece + f * shift.to(piece.dtype) for piece, f in zip(at_event, slope, strict=True)]
    states = tuple(torch.cat([piece[:-1], end[None]]) for piece, end in zip(pieces, moved, strict=True))
    return event_t, user(states)


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
    delay = 1e-5 * float((event_t - t0).abs())
    with torch.no_grad():
        before = user(tuple(piece - delay * f for piece, f in zip(at_event, slope, strict=True)))
        change = float(event_fn(event_t - delay, before).reshape(-1)[active].abs())
    if delay * float(rate.abs()) <= 1e-3 * change:  # a crossing at this rate would have changed it by just that
        raise ValueError(
            f"the event at t={float(event_t):g} is touched, not crossed (its rate of change is {float(rate):.2g}): its "
            "time has no derivative there. Solve under torch.no_grad(), or move the event"
        )
    return slope, rate
