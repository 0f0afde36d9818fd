r"""`odeint_adjoint`: gradients by solving the adjoint equation backwards, in memory that does not grow with steps.

With :math:`a = \partial L / \partial y` as a row vector,

.. math:: \frac{da}{dt} = -a \frac{\partial f}{\partial y}, \qquad
          \frac{dL}{d\theta} = \int_{t_0}^{t_1} a \frac{\partial f}{\partial \theta} \, dt, \qquad
          \frac{dL}{dt_i} = \frac{\partial L}{\partial y(t_i)} f(t_i), \qquad
          \frac{dL}{dt_0} = -a(t_0) f(t_0)

and a jumps by :math:`\partial L / \partial y(t_i)` at each output time. The state is reconstructed along the way. With
error control the solver goes on across outputs that the loss does not use, and keeps its step size at those that it
does; fixed steps go from output to output.

These are gradients of the exact solution, computed to the tolerance, not those of the computed one: compare
`odeint` and `odeint_checkpointed`.

Sources: Pontryagin et al., The Mathematical Theory of Optimal Processes (1962); Chen, Rubanova, Bettencourt,
Duvenaud, Neural Ordinary Differential Equations (2018), appendices B and C; Kidger, Chen, Lyons, "Hey, that's not an
ODE": Faster ODE Adjoints via Seminorms (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.ode.augmented import Augmented, backward_solve
from core.ode.capture import Kept, probe
from core.ode.errors import SolverError
from core.ode.methods import find_method, prepare
from core.ode.odeint import odeint, states_at, until_event
from core.ode.problem import Layout, State, check_times, pieces_of, solving
from core.ode.second import IMPLICIT_ONCE, Once


@dataclass(frozen=True)
class Request:
    """What the forward and the backward solve are asked for, apart from tensors that carry gradients."""

    func: Callable[..., State]
    layout: Layout
    times: Sequence[float]
    forward: dict[str, Any]
    backward: dict[str, Any]
    event_fn: Any
    slope: State


def odeint_adjoint(
    func: Callable[..., State],
    y0: State,
    t: Tensor,
    *,
    rtol: Any = 1e-7,
    atol: Any = 1e-9,
    method: str | None = None,
    options: dict[str, Any] | None = None,
    event_fn: Callable[[Tensor, State], Tensor] | None = None,
    adjoint_rtol: Any = None,
    adjoint_atol: Any = None,
    adjoint_method: str | None = None,
    adjoint_options: dict[str, Any] | None = None,
    adjoint_params: Iterable[Tensor] | None = None,
) -> Any:
    r"""`odeint`, with gradients by the adjoint method.

    Args:
        func, y0, t, rtol, atol, method, options, event_fn: as for `odeint`. A method `func.vjp(t, y, a)` returning
            (f, a df/dy, then a df/dtheta for each parameter that requires a gradient) is used in place of
            back-propagation through `func`.
        adjoint_rtol, adjoint_atol, adjoint_method, adjoint_options: of the backward solve; those of the forward
            solve by default, without its `norm`. ``adjoint_options={"norm": "seminorm"}`` leaves the parameters'
            gradients out of the error control; a function gets (0, y, a, *parameters' gradients).
        adjoint_params: tensors to differentiate by; by default all that `func` uses, found in its graph.

    Returns:
        As `odeint`.

    Raises:
        ValueError: `adjoint_params` leaves out a tensor that `func` uses and that requires a gradient; or
            `adjoint_method` differs from `method` and `options` are given but no `adjoint_options`.
        TypeError, ValueError, SolverError: as for `odeint`, on the way forwards or backwards.
    """
    layout = Layout.of(y0)
    times = check_times(t, layout)
    if adjoint_method is not None and adjoint_method != method and options and adjoint_options is None:
        raise ValueError("`adjoint_method` differs from `method`, so `adjoint_options` must be given too (or {})")
    if adjoint_method != "scipy_solver":
        find_method(adjoint_method)
    forward = {"rtol": rtol, "atol": atol, "method": method, "options": options}
    if not torch.is_grad_enabled():
        return odeint(func, y0, t, **forward, event_fn=event_fn)
    slope, params = probe(func, layout, y0, times[0], adjoint_params)
    backward = {
        "rtol": rtol if adjoint_rtol is None else adjoint_rtol,
        "atol": atol if adjoint_atol is None else adjoint_atol,
        "method": method if adjoint_method is None else adjoint_method,
        "options": {k: v for k, v in (options or {}).items() if k != "norm"}
        if adjoint_options is None
        else dict(adjoint_options),
    }
    request = Request(func, layout, times, forward, backward, event_fn, slope)
    with solving():
        results = _Adjoint.apply(request, t, *pieces_of(y0), *params)
    solution = results[: len(layout.shapes)] if layout.is_tuple else results[0]
    return solution if event_fn is None else (results[-1].to(t), solution)


class _Adjoint(torch.autograd.Function):
    """Forward without a graph; backward by the adjoint equation."""

    @staticmethod
    def forward(ctx: Any, request: Request, t: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        count = len(request.layout.shapes)
        y0 = tensors[:count] if request.layout.is_tuple else tensors[0]
        event_t = None
        if request.forward["method"] == "scipy_solver":
            states = odeint(request.func, y0, t.detach(), **request.forward, event_fn=request.event_fn)
        else:
            settings = dict(request.forward)
            setup = prepare(
                request.func, y0, request.times[0], find_method(settings.pop("method")), **settings, slope=request.slope
            )
            if request.event_fn is None:
                states = states_at(setup, t.detach(), request.times)
            else:
                event_t, states = until_event(setup, request.event_fn, y0, t.detach())
        pieces = pieces_of(states)
        ctx.request = request
        ctx.times = request.times if event_t is None else (request.times[0], float(event_t))
        ctx.save_for_backward(t, *pieces)
        ctx.params = Kept(tensors[count:])
        if event_t is None:
            return pieces
        ctx.mark_non_differentiable(event_t)
        return (*pieces, event_t)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        request: Request = ctx.request
        count = len(request.layout.shapes)
        t, *states = ctx.saved_tensors
        states, params = tuple(states), ctx.params.again()
        again = torch.is_grad_enabled()  # create_graph
        name = request.backward["method"]
        once = again and (name == "scipy_solver" or find_method(name).implicit)
        time_gradient = ctx.needs_input_grad[1]
        exact = list(t) if again and not once and time_gradient and request.event_fn is None else ctx.times
        with solving(), torch.set_grad_enabled(again and not once):
            augmented = Augmented(request.func, request.layout, params, differentiable=again and not once)
            try:
                a0, d_params, d_times = backward_solve(
                    augmented, states, grads[:count], ctx.times, request.backward, time_gradient, exact
                )
            except SolverError as error:
                raise type(error)(
                    f"in the backward solve of odeint_adjoint: {error} A contracting or chaotic solution cannot be "
                    "reconstructed from its end: use odeint_checkpointed or odeint",
                    t=error.t,
                    h=error.h,
                ) from error
        d_t = None
        if d_times is not None:
            d_t = torch.stack(d_times).to(t)
            if request.event_fn is not None:  # the event's time has its gradient from `odeint_event`
                d_t = torch.cat([d_t[:1], torch.zeros_like(t[1:])])
        results = (d_t, *a0, *d_params)
        if once:  # what was computed here must not pass for a constant
            hangs_on = (*states, *grads[:count], *params)
            results = tuple(r if r is None else Once.apply(IMPLICIT_ONCE, r, *hangs_on) for r in results)
        return (None, *results)
