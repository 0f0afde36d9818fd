r"""Solvers for ordinary differential equations in torch: y' = f(t, y), y(t0) = y0.

**First steps.** A field is a function of time and state; `odeint` returns the states at the times asked for.

>>> import math
>>> import torch
>>> def decay(t, y):
...     return -y
>>> y0 = torch.ones(3, dtype=torch.float64)
>>> t = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
>>> y = odeint(decay, y0, t)
>>> tuple(y.shape), bool((y[-1] - math.exp(-1)).abs().max() < 1e-7)
((3, 3), True)

**What it took.** `solve` answers with a `Solution`: states, evaluations, accepted and rejected steps, their sizes and
error estimates; with ``dense=True`` it is a function of time.

>>> s = solve(decay, y0, 0.0, 1.0, method="tsit5", dense=True)
>>> s.status, s.nfe == 2 + 6 * (s.accepted + s.rejected), s.rejected
('finished', True, 0)
>>> bool((s(0.3) - math.exp(-0.3)).abs().max() < 1e-6)
True

It takes further arguments of the field (``args``), an ``event``, a condition to ``stop``, a ``progress`` callback and
a ``controller`` of the step size; `steps` gives the accepted steps one by one, `solve_batch` lets each sample of a
batch take steps of its own.

**Which method.** dopri5 or tsit5 first; dopri8 for tight tolerances; bosh3 for loose ones; kencarp4 where the problem
is stiff, that is where explicit methods creep though the solution is smooth:

>>> stiff = lambda t, y: -1000 * (y - torch.cos(t))
>>> one = torch.ones(1, dtype=torch.float64)
>>> explicit, implicit = (solve(stiff, one, 0.0, 10.0, method=m).accepted for m in ("dopri5", "kencarp4"))
>>> explicit > 10 * implicit
True

Steps of a fixed size: euler, midpoint, heun2, heun3, rk4 (the 3/8 rule), rk4_classic, explicit_adams, implicit_adams;
for stiff problems implicit_euler, implicit_midpoint, trapezoid, sdirk2, trbdf2, radauIIA3, radauIIA5, gl4, gl6.
``step_size`` sets the step; without it, `odeint` takes one step from each output time to the next, and warns where that
is coarse. `METHODS` holds them all, each with its exact tableau (Adams' with that of their start). `odeint` also takes
scipy_solver, scipy's own solvers.

**Which gradient.** `odeint` back-propagates through the steps: exact for the computed solution, memory grows with the
steps. `odeint_checkpointed`: the same gradient for one more forward solve, memory for the square root of the steps.
`odeint_adjoint`: the gradient of the true solution to the tolerance, memory independent of the steps; the state is
reconstructed backwards, which fails for strongly contracting or chaotic systems.

>>> rate = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
>>> for interface in (odeint, odeint_checkpointed, odeint_adjoint):
...     end = interface(lambda t, y: -rate * y, one, t)[-1].sum()
...     (gradient,) = torch.autograd.grad(end, rate)
...     assert abs(gradient + math.exp(-2)) < 1e-6  # d/dr exp(-r t) at t = 1

A field with a method ``vjp(t, y, a)``, returning (f, a df/dy) and a df/dtheta for each parameter that requires a
gradient, spares the adjoint the back-propagation through f. Times have gradients too: dL/dt0 = -a(t0) f(t0),
dL/dt_i = dL/dy(t_i) f(t_i).

**Events.** `odeint_event` solves until a function of time and state changes its sign:

>>> fall = lambda t, y: torch.stack([y[1], torch.full_like(y[1], -9.81)])
>>> ball = torch.tensor([10.0, 0.0], dtype=torch.float64)
>>> event_t, states = odeint_event(fall, ball, torch.tensor(0.0).double(), event_fn=lambda t, y: y[0])
>>> bool((event_t - math.sqrt(2 * 10 / 9.81)).abs() < 1e-6)
True

**When something is wrong** an exception says what, where and what to try: a `SolverError` during the solve (its
``partial`` holds the solution up to there, from `solve`), ValueError or TypeError for an argument.

>>> solve(lambda t, y: y**2, one, 0.0, 2.0)  # doctest: +ELLIPSIS
Traceback (most recent call last):
core.ode.errors.StepUnderflowError: at t=1.0000... the step h=... still fails ...

**Moving from torchdiffeq**, in ten lines:

1. Write ``from core.ode import odeint`` for ``from torchdiffeq import odeint``; likewise for its other functions.
2. Methods, options, callbacks, tuples, events and gradients keep their names and meaning, dopri5 its pair and control.
3. ``adjoint_params`` may be left out for any callable: captured tensors are found; leaving one out by hand is an error.
4. Errors are exceptions of their own instead of assertions; error control gives up after 100,000 attempts by default.
5. ``min_step`` never accepts a step whose error is too large; f is never evaluated outside of [t0, t1].
6. float16, bfloat16, integer states, a single time and fields that change their argument in place are refused.
7. Error control of float32 states with rtol below 1.2e-7, its default, warns; so does a grid too coarse to follow.
8. ``adaptive_heun`` is Heun's method: two evaluations a step, where torchdiffeq reuses a predicted slope.
9. `odeint_dense` takes every method with steps, tuples, vectors of times and either direction.
10. New: tsit5, kencarp4 and the implicit methods, `solve`, `steps`, `solve_batch`, `odeint_checkpointed`, ``vjp``.

**The files**, in reading order: `tableau` and `tableaus*` (methods as exact numbers; `surd`, `trees`, `stability` check
them); `problem` (states and times), `field`, `tolerance`; `runge_kutta` (one step), carried out by `array_stepper` and
`tensor_stepper`; `adaptive` with `control` (choosing steps), `fixed_grid`, `multistep` with `adams_weights`, `implicit`
with `newton` and `jacobian`; `dense` (between steps), `events`; `methods` (all of it made ready), `odeint`,
`odeint_event` with `event_gradient`, `stepwise`, `solution`, `batched`; `adjoint` with `augmented` and `capture`,
`checkpoint`, `second` (derivatives of gradients); `scipy_solver`; `errors`.
"""

from core.ode.adjoint import odeint_adjoint
from core.ode.batched import BatchSolution, solve_batch
from core.ode.checkpoint import odeint_checkpointed
from core.ode.control import AdaptiveOptions, Controller
from core.ode.errors import (
    EventNotFoundError,
    MaxStepsError,
    NewtonError,
    NonFiniteError,
    SolverError,
    SolverWarning,
    StepUnderflowError,
)
from core.ode.fixed_grid import FixedOptions
from core.ode.implicit import NewtonOptions
from core.ode.methods import ADAPTIVE, METHODS
from core.ode.multistep import AdamsOptions
from core.ode.odeint import odeint, odeint_dense
from core.ode.odeint_event import odeint_event
from core.ode.solution import Solution, solve
from core.ode.stepwise import AcceptedStep, steps

__all__ = [
    "ADAPTIVE",
    "METHODS",
    "AcceptedStep",
    "AdamsOptions",
    "AdaptiveOptions",
    "BatchSolution",
    "Controller",
    "EventNotFoundError",
    "FixedOptions",
    "MaxStepsError",
    "NewtonError",
    "NewtonOptions",
    "NonFiniteError",
    "Solution",
    "SolverError",
    "SolverWarning",
    "StepUnderflowError",
    "odeint",
    "odeint_adjoint",
    "odeint_checkpointed",
    "odeint_dense",
    "odeint_event",
    "solve",
    "solve_batch",
    "steps",
]
