r"""One loss of one solution, and six ways to its gradient.

Sources: Chen et al. 2018, Neural Ordinary Differential Equations (adjoint); Griewank, Walther 2000, ACM TOMS 26, 19-45
(checkpoints); Hairer, Norsett, Wanner, Solving ODEs I, I.14 (the variational equation); Kidger 2022, On Neural
Differential Equations, section 5.1 (the ways compared).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs.gradient_problems import PROBLEMS, Function, Problem, loss, tensors
from core.labs.learning_bounds import one_thread
from core.labs.pieces import Run, at_once
from core.labs.tensor_memory import Meter, stored_states
from core.ode import ADAPTIVE, SolverError, odeint, odeint_adjoint, odeint_checkpointed

METHODS = ("euler", "midpoint", "rk4_classic", "dopri5", "dopri8")
WAYS = {"adjoint": odeint_adjoint, "direct": odeint, "checkpointed": odeint_checkpointed}
"""Those that differ only in the function called."""
NAMES = (*WAYS, "sensitivities", "differences")
"""All that are compared with the exact gradient."""
MOST_STEPS = 400
"""Attempted steps of a solve with error control."""
REPEATS = 5
PATIENCE = 0.02
"""Seconds after which a way is not timed once more."""


@dataclass(frozen=True)
class Params:
    """What is differentiated, and how it is solved."""

    problem: str
    method: str
    setting: int
    """Number of equal steps; for a method with error control, rtol = atol = 10 to this power."""
    t1: float
    epsilon: int = -5
    """Finite differences move x by 10 to this power, times max(1, |x|)."""

    @property
    def adaptive(self) -> bool:
        """Whether the method chooses its steps."""
        return self.method in ADAPTIVE

    def settings(self) -> dict[str, Any]:
        """Arguments of `core.ode.odeint`."""
        if self.adaptive:
            tolerance = 10.0**self.setting
            options = {"max_num_steps": MOST_STEPS}
            return {"method": self.method, "rtol": tolerance, "atol": tolerance, "options": options}
        return {"method": self.method, "options": {"grid_constructor": self._grid}}

    def _grid(self, func: object, z0: object, t: Tensor) -> Tensor:
        """Equal steps that all change with the ends."""
        return t[0] + (t[-1] - t[0]) * torch.linspace(0, 1, self.setting + 1, dtype=t.dtype)


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives of one loss."""

    z0: Float[np.ndarray, " d"]
    theta: Float[np.ndarray, " p"]
    t1: float

    @property
    def vector(self) -> Float[np.ndarray, " d+p"]:
        """dL/dz0 and dL/dtheta, one after the other."""
        return np.concatenate([self.z0, self.theta])

    def distance(self, other: "Gradient") -> float:
        """Of `vector` from the other's, relative to the other's length."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.linalg.norm(self.vector - other.vector) / np.linalg.norm(other.vector))


@dataclass(frozen=True, eq=False)
class Way:
    """One way to the gradient: what came out, and what it took."""

    name: str
    gradient: Gradient | None
    """None where it failed."""
    forward: int = 0
    """Evaluations of f for the loss itself, or for the state with its sensitivities."""
    backward: int = 0
    """Evaluations of f on the way back."""
    seconds: float = 0.0
    """Of the processor: the median of a few runs."""
    kept: int = 0
    """Bytes that wait for the backward pass when the loss is known."""
    message: str = ""
    """The solver's, where it failed."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """All ways on one problem."""

    params: Params
    loss: float
    exact: Gradient
    ways: tuple[Way, ...]

    def find(self, name: str) -> Way:
        """One way."""
        return next(way for way in self.ways if way.name == name)


class Counted:
    """f(t, z) at fixed parameters, counting its evaluations."""

    def __init__(self, f: Function, theta: Tensor) -> None:
        self.f, self.theta, self.count = f, theta, 0

    def __call__(self, t: Tensor, z: Tensor) -> Tensor:
        """f(t, z, theta)."""
        self.count += 1
        return self.f(t, z, self.theta)


def exact_gradient(name: str, t1: float) -> Gradient:
    """From the closed form of the solution; where there is none, by sensitivities to 12 digits."""
    problem = PROBLEMS[name]
    if problem.solution is None:
        settings = {"method": "dopri8", "rtol": 1e-12, "atol": 1e-13}
        return forward_sensitivities(problem, t1, settings)[0]
    z0, theta = tensors(problem)
    end = torch.tensor(t1, dtype=torch.float64, requires_grad=True)
    return _as_gradient(torch.autograd.grad(loss(problem.solution(end, z0, theta)), (z0, theta, end)))


def by_back_propagation(params: Params, solver: Callable[..., Tensor], watch: Meter | None = None) -> Way:
    """The gradient that torch gets from one of the solver's three functions."""
    problem = PROBLEMS[params.problem]
    z0, theta = tensors(problem)
    f = Counted(problem.f, theta)
    t = torch.tensor([0.0, params.t1], dtype=torch.float64, requires_grad=True)
    value = loss(solver(f, z0, t, **params.settings())[-1])
    forward = f.count
    kept = 0 if watch is None else watch.live + stored_states(value)
    gradient = _as_gradient(torch.autograd.grad(value, (z0, theta, t)))
    return Way("", gradient, forward, f.count - forward, kept=kept)


def forward_sensitivities(problem: Problem, t1: float, settings: dict[str, Any]) -> tuple[Gradient, int]:
    r"""The variational equation :math:`S' = \frac{\partial f}{\partial z} S + [0, \frac{\partial f}{\partial \theta}]`.

    S, a d x (d + p) matrix, is the derivative of z(t) by (z0, theta) and is solved together with z.

    Returns:
        the gradient, and the number of evaluations of f.
    """
    z0, theta = tensors(problem)
    d, p = len(z0), len(theta)
    f = Counted(problem.f, theta)

    def augmented(t: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        z, s = state
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            slope = f(t, z)
            rows = [torch.autograd.grad(slope[i], (z, theta), retain_graph=True) for i in range(d)]
        df_dz = torch.stack([row[0] for row in rows])
        df_dtheta = torch.stack([row[1] for row in rows])
        return slope.detach(), df_dz @ s + torch.cat([torch.zeros_like(df_dz), df_dtheta], dim=1)

    with torch.no_grad():
        start = torch.cat([torch.eye(d), torch.zeros(d, p)], dim=1).double()
        t = torch.tensor([0.0, t1], dtype=torch.float64)
        z, s = (piece[-1] for piece in odeint(augmented, (z0.detach(), start), t, **settings))
        by_z0, by_theta = (z @ s).split((d, p))  # dL/dz = z
        by_t1 = z @ problem.f(t[-1], z, theta)
    return _as_gradient((by_z0, by_theta, by_t1)), f.count


def finite_differences(params: Params) -> Way:
    """(L(x + e) - L(x - e)) / 2e for every number x that L depends on."""
    problem = PROBLEMS[params.problem]
    x = np.array([*problem.z0, *problem.theta, params.t1])
    derivatives, count = np.empty_like(x), 0
    for i in range(len(x)):
        move = 10.0**params.epsilon * max(1.0, abs(x[i]))
        values = []
        for sign in (1, -1):
            moved = x.copy()
            moved[i] += sign * move
            value, nfe = computed_loss(params, moved)
            values.append(value)
            count += nfe
        derivatives[i] = (values[0] - values[1]) / (2 * move)
    d = len(problem.z0)
    return Way("", Gradient(derivatives[:d], derivatives[d:-1], float(derivatives[-1])), count)


def computed_loss(params: Params, x: Float[np.ndarray, " d+p+1"]) -> tuple[float, int]:
    """The loss at x = (z0, theta, t1), as the solver computes it, and the evaluations of f that it took."""
    problem = PROBLEMS[params.problem]
    d = len(problem.z0)
    numbers = torch.from_numpy(x)
    f = Counted(problem.f, numbers[d:-1])
    t = torch.stack([torch.zeros_like(numbers[-1]), numbers[-1]])
    with torch.no_grad():
        z = odeint(f, numbers[:d].clone(), t, **params.settings())[-1]
    return float(loss(z)), f.count


def one_way(params: Params, name: str) -> Way:
    """One of `NAMES`, run once for its values and its memory, and a few times for its time."""

    def sensitivities() -> Way:
        gradient, count = forward_sensitivities(PROBLEMS[params.problem], params.t1, params.settings())
        return Way("", gradient, count)

    with one_thread():
        if name in WAYS:
            return _with_memory(_run(name, lambda: by_back_propagation(params, WAYS[name])), params)
        return _run(name, sensitivities if name == "sensitivities" else lambda: finite_differences(params))


def loss_here(params: Params) -> float:
    """The loss that the solver computes; NaN where it fails."""
    problem = PROBLEMS[params.problem]
    with one_thread():
        try:
            return computed_loss(params, np.array([*problem.z0, *problem.theta, params.t1]))[0]
        except SolverError:
            return float("nan")


def compare(params: Params, run: Run = at_once) -> Comparison:
    """All ways; `run` computes each, or knows it already."""
    value, exact = run(loss_here, params), run(exact_gradient, params.problem, params.t1)
    return Comparison(params, value, exact, tuple(run(one_way, params, name) for name in NAMES))


def _run(name: str, work: Callable[[], Way]) -> Way:
    """Once for the result, and again for the time while that is short."""
    times: list[float] = []
    began = time.perf_counter()
    try:
        while True:
            before = time.thread_time()
            way = work()
            times.append(time.thread_time() - before)
            if len(times) == REPEATS or time.perf_counter() - began > PATIENCE:
                break
    except SolverError as error:
        return Way(name, None, message=str(error))
    return Way(name, way.gradient, way.forward, way.backward, median(times))


def _with_memory(way: Way, params: Params) -> Way:
    """The same, with the bytes that wait for the backward pass."""
    if way.gradient is None:
        return way
    with Meter() as meter:
        kept = by_back_propagation(params, WAYS[way.name], meter).kept
    return Way(way.name, way.gradient, way.forward, way.backward, way.seconds, kept)


def _as_gradient(parts: tuple[Tensor, ...]) -> Gradient:
    """From derivatives by z0, theta, and t1 or (t0, t1)."""
    z0, theta, t = parts
    return Gradient(z0.numpy(), theta.numpy(), float(t.reshape(-1)[-1]))
