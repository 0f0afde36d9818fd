r"""A meter for the backward solve: a(t) f(z(t)) stays what it is where f does not depend on t.

Along a solution, :math:`\frac{d}{dt}(a f) = a \frac{\partial f}{\partial t}`. So a f minus the integral of the right
side is constant, for every f; for an autonomous one a f itself is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.gradient_problems import PROBLEMS, Function
from core.labs.gradients import Gradient, exact_gradient
from core.labs.learning_bounds import one_thread
from core.labs.pieces import Run, at_once
from core.labs.residual import slope
from core.labs.solver_problems import attempt
from core.ode import Solution, solve

METHOD = "dopri5"
EXPONENTS = tuple(range(-2, -12, -1))
"""Tolerances of the comparison, as powers of ten."""
MOST_STEPS = 2000
SHOWN = 160
"""Places of the curves that are drawn."""

State = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Params:
    """A problem, and the tolerances of both solves as powers of ten."""

    problem: str
    forward: int
    backward: int
    t1: float


@dataclass(frozen=True, eq=False)
class Reading:
    """One backward solve, watched; along the backward solve the times fall."""

    params: Params
    forward_times: Float[np.ndarray, " m"]
    forward: Float[np.ndarray, "m d"]
    curve_times: Float[np.ndarray, " c"]
    z: Float[np.ndarray, "c d"]
    """The state, reconstructed, evenly in time."""
    a: Float[np.ndarray, "c d"]
    times: Float[np.ndarray, " n"]
    """Of the solver's steps; what follows is read there."""
    product: Float[np.ndarray, " n"]
    """a f."""
    expected: Float[np.ndarray, " n"]
    """a(t1) f(t1) plus the integral of a df/dt from t1 to t: what a f would be without errors."""
    gradient: Gradient
    error: float
    """Of dL/dz0 and dL/dtheta together, relative."""
    size: float
    """|a(t1)| |f(t1)|, beside which a drift is large or small."""
    message: str = ""
    """The solver's, where it gave up."""

    @property
    def drift(self) -> float:
        """Largest change of a f that is not explained, relative to `size`."""
        return float(np.abs(self.product - self.expected).max() / self.size)


@dataclass(frozen=True, eq=False)
class Drifts:
    """The meter against the tolerance of the backward solve."""

    params: Params
    tolerances: Float[np.ndarray, " n"]
    drifts: Float[np.ndarray, " n"]
    errors: Float[np.ndarray, " n"]
    """Relative, of the gradient."""
    slope: float
    """Of log(drift) against log(tolerance)."""


def backwards(f: Function, theta: Tensor) -> Callable[[Tensor, State], State]:
    """The field of (z, a, dL/dtheta, integral of a df/dt), each derivative by back-propagation through f."""

    def field(t: Tensor, state: State) -> State:
        z, a, *_ = state
        with torch.enable_grad():
            z, t = z.detach().requires_grad_(), t.detach().requires_grad_()
            slope = f(t, z, theta)
            by_z, by_theta, by_t = torch.autograd.grad(
                slope, (z, theta, t), a, allow_unused=True, materialize_grads=True
            )
        return slope.detach(), -by_z, -by_theta, by_t

    return field


def _settings(exponent: int) -> dict[str, Any]:
    return {"method": METHOD, "rtol": 10.0**exponent, "atol": 10.0**exponent, "max_steps": MOST_STEPS}


def watch(params: Params, run: Run = at_once) -> Reading:
    """Solve forwards, then z, a and the accumulators backwards, reading a f at each step.

    `run` computes the exact gradient, or knows it already.
    """
    exact = run(exact_gradient, params.problem, params.t1)
    problem = PROBLEMS[params.problem]
    z0 = torch.tensor(problem.z0, dtype=torch.float64)
    theta = torch.tensor(problem.theta, dtype=torch.float64, requires_grad=True)

    def f(t: Tensor, z: Tensor) -> Tensor:
        return problem.f(t, z, theta)

    with one_thread(), torch.no_grad():
        forward = solve(f, z0, 0.0, params.t1, dense=True, **_settings(params.forward))
        z1 = forward.y
        assert isinstance(z1, Tensor)
        zero = torch.zeros((), dtype=torch.float64)
        end = (z1, z1, torch.zeros_like(theta), zero)  # dL/dz = z
        field = backwards(problem.f, theta)

        def back() -> Solution:
            return solve(field, end, params.t1, 0.0, dense=True, **_settings(params.backward))

        got, message = attempt(back)
        z, a, d_theta, integral = got.states
        slopes = torch.stack([f(t, state) for t, state in zip(got.times, z, strict=True)])
        product = (a * slopes).sum(dim=1)
        size = float(torch.linalg.vector_norm(z1) * torch.linalg.vector_norm(slopes[0]))
        by_t1 = float(product[0])
        even = torch.linspace(0, params.t1, SHOWN, dtype=torch.float64)
        there = forward(even)
        assert isinstance(there, Tensor)
        back_again = even.flip(0).clamp(min=got.t)
        curve = got(back_again)
    gradient = Gradient(a[-1].numpy(), d_theta[-1].numpy(), by_t1)
    return Reading(
        params,
        even.numpy(),
        there.numpy(),
        back_again.numpy(),
        curve[0].numpy(),
        curve[1].numpy(),
        got.times.numpy(),
        product.numpy(),
        (product[0] + integral).numpy(),
        gradient,
        gradient.distance(exact),
        max(size, 1e-300),
        message,
    )


def over_tolerances(params: Params, read: Callable[[Params], Reading] = watch) -> Drifts:
    """The same forward solve, and backward solves with tolerances 1e-2 to 1e-11; `read` is `watch`, or remembers it."""
    readings = [read(one) for one in tolerances(params)]
    drifts = np.array([max(reading.drift, np.finfo(float).eps) for reading in readings])
    x = 10.0 ** np.array(EXPONENTS, dtype=float)
    return Drifts(params, x, drifts, np.array([reading.error for reading in readings]), slope(x, drifts))


def tolerances(params: Params) -> list[Params]:
    """Of the backward solves that are compared."""
    return [replace(params, backward=exponent) for exponent in EXPONENTS]
