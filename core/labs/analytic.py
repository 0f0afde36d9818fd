r"""A formula found by sympy, checked by putting it back, and a solver held against it.

Global error: what has gathered since the start, :math:`z_n - z(t_n)`. Local error: what one step alone adds,
started on the exact solution at t_n (Hairer, Norsett, Wanner, Solving ODEs I, section II.3). sympy: Meurer et al.,
PeerJ Computer Science 3 (2017) e103.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
import torch
from jaxtyping import Float
from torch import Tensor

from core.derivations import Derivation, Identity, Step
from core.labs.attempt import Attempt, attempt
from core.labs.checked import Report, check
from core.ode import ADAPTIVE, solve

T = sp.Symbol("t", real=True)
Z0 = sp.Symbol("z_0", real=True)
Z = sp.Function("z")

METHODS = ("euler", "midpoint", "rk4_classic", "implicit_euler", "trapezoid", "bosh3", "dopri5", "tsit5", "dopri8")
LOCAL = 64
"""At most so many steps are measured one by one."""


@dataclass(frozen=True)
class Setting:
    """A parameter that a slider sets."""

    symbol: sp.Symbol
    meaning: str
    low: float
    high: float
    default: float
    step: float


@dataclass(frozen=True)
class Problem:
    """An initial value problem z(0) = z_0 (with z'(0) = 0 in order 2): `equation` = 0."""

    title: str
    equation: sp.Expr
    settings: tuple[Setting, ...]
    t1: float
    field: Callable[..., Tensor]
    """(t, z, *parameters) -> z', of the stacked state."""
    order: int = 1
    starts: tuple[float, float, float] = (-2.0, 2.0, 1.0)
    """z_0 from, to and at first."""


_RATE = sp.Symbol("lambda", real=True)
_PULL = sp.Symbol("lambda", positive=True)
_GROWTH = sp.Symbol("r", positive=True)
_OMEGA, _DELTA = sp.Symbol("omega", positive=True), sp.Symbol("delta", nonnegative=True)


def _oscillate(t: Tensor, z: Tensor, omega: float, delta: float) -> Tensor:
    return torch.stack([z[1], -2 * delta * z[1] - (delta**2 + omega**2) * z[0]])


PROBLEMS: dict[str, Problem] = {
    "growth": Problem(
        "z' = λ z: growth and decay",
        Z(T).diff(T) - _RATE * Z(T),
        (Setting(_RATE, "Rate λ", -3.0, 1.5, -1.0, 0.25),),
        4.0,
        lambda t, z, rate: rate * z,
    ),
    "pull": Problem(
        "z' = -λ (z - cos t): pulled towards cos t",
        Z(T).diff(T) + _PULL * (Z(T) - sp.cos(T)),
        (Setting(_PULL, "Pull λ", 0.5, 50.0, 5.0, 0.5),),
        6.0,
        lambda t, z, pull: -pull * (z - t.cos()),
    ),
    "logistic": Problem(
        "z' = r z (1 - z): logistic growth",
        Z(T).diff(T) - _GROWTH * Z(T) * (1 - Z(T)),
        (Setting(_GROWTH, "Rate r", 0.25, 5.0, 1.0, 0.25),),
        6.0,
        lambda t, z, rate: rate * z * (1 - z),
        starts=(0.05, 2.0, 0.1),
    ),
    "oscillator": Problem(
        "z'' + 2δ z' + (δ² + ω²) z = 0: oscillator",
        Z(T).diff(T, 2) + 2 * _DELTA * Z(T).diff(T) + (_DELTA**2 + _OMEGA**2) * Z(T),
        (
            Setting(_OMEGA, "Frequency ω", 0.5, 5.0, 2.0, 0.25),
            Setting(_DELTA, "Damping δ", 0.0, 1.0, 0.0, 0.05),
        ),
        10.0,
        _oscillate,
        order=2,
    ),
    "gauss": Problem(
        "z' = λ t z: growth that changes with time",
        Z(T).diff(T) - _RATE * T * Z(T),
        (Setting(_RATE, "Rate λ", -2.0, 1.0, -1.0, 0.25),),
        3.0,
        lambda t, z, rate: rate * t * z,
    ),
}


@dataclass(frozen=True)
class Formula:
    """A solution in closed form."""

    problem: str
    solution: sp.Expr = field(repr=False)  # `latex` says the same, sooner: caches ask for the repr on every run
    equation_latex: str
    latex: str
    report: Report
    """The checks that it solves the problem."""


@dataclass(frozen=True)
class Params:
    """A problem with its numbers, and a solver."""

    problem: str
    values: tuple[float, ...]
    """Of the problem's settings."""
    z0: float
    method: str
    steps: int
    """Of a method with fixed steps."""
    tolerance: float
    """rtol and atol of a method that chooses its steps."""

    @property
    def adaptive(self) -> bool:
        """Whether the method follows `tolerance`."""
        return self.method in ADAPTIVE


@dataclass(frozen=True, eq=False)
class Comparison:
    """A solver beside the formula."""

    params: Params
    times: Float[np.ndarray, " m"]
    truth: Float[np.ndarray, " m"]
    run: Attempt
    global_errors: Float[np.ndarray, " n"]
    """|z_n - z(t_n)| at the ends of the steps, the start left out."""
    local_times: Float[np.ndarray, " l"]
    local_errors: Float[np.ndarray, " l"]
    """Of single steps, drawn at their ends."""
    allowed: Float[np.ndarray, " l"]
    """tolerance (1 + |z|) at the same times; empty for fixed steps."""


def solve_by_formula(name: str) -> Formula:
    """Let sympy find the solution for all values of the parameters at once, and check it."""
    problem = PROBLEMS[name]
    start = {Z(0): Z0} | ({Z(T).diff(T).subs(T, 0): sp.Integer(0)} if problem.order == 2 else {})
    answer: Any = sp.dsolve(problem.equation, Z(T), ics=start)  # one Eq, for each of these problems
    found = real(answer.rhs)
    left = sp.latex(problem.equation)
    for long, short in ((r"z{\left(t \right)}", "z"), (r"\frac{d}{d t} z", "z'"), (r"\frac{d^{2}}{d t^{2}} z", "z''")):
        left = left.replace(long, short)
    return Formula(name, found, f"{left} = 0", f"z(t) = {sp.latex(found)}", check(solves(problem, found)))


def real(formula: Any) -> Any:
    """exp(i x) as cos x + i sin x, and what then cancels."""
    if not formula.has(sp.I):
        return formula
    turned = sp.expand(formula).replace(
        lambda part: isinstance(part, sp.exp) and part.args[0].has(sp.I),
        lambda part: sp.cos(part.args[0] / sp.I) + sp.I * sp.sin(part.args[0] / sp.I),
    )
    return sp.factor_terms(sp.expand(turned))


def solves(problem: Problem, formula: Any) -> Derivation:
    """Put a formula into the equation and the initial conditions."""
    slope = sp.Symbol("z'(0)", real=True)
    steps = [
        Step(problem.equation, sp.S.Zero, "Put into the equation, it leaves 0.", Identity(((Z(T), formula),))),
        Step(Z(0), Z0, "It starts at $z_0$.", Identity(((Z(0), formula.subs(T, 0)),))),
    ]
    if problem.order == 2:
        why = "It starts at rest."
        steps.append(Step(slope, sp.S.Zero, why, Identity(((slope, formula.diff(T).subs(T, 0)),))))
    return Derivation(problem.title, "All values of the parameters.", "the equation itself", tuple(steps))


def exact(formula: Formula, params: Params, times: np.ndarray) -> Float[np.ndarray, "n d"]:
    """The formula's values, with the first derivative beside them in order 2."""
    problem = PROBLEMS[params.problem]
    numbers: dict[Any, Any] = {s.symbol: value for s, value in zip(problem.settings, params.values, strict=True)} | {
        Z0: params.z0
    }
    filled = formula.solution.subs(numbers)
    columns = [filled, filled.diff(T)][: problem.order]
    return np.column_stack([np.broadcast_to(sp.lambdify(T, c, "numpy")(times), times.shape) for c in columns])


def compare(formula: Formula, params: Params) -> Comparison:
    """Run the solver, and each of its steps once more from the exact solution."""
    problem = PROBLEMS[params.problem]
    start = (params.z0, 0.0)[: problem.order]

    def func(t: Any, z: Tensor) -> Tensor:
        return problem.field(t, z, *params.values)

    how: dict[str, Any] = (
        {"rtol": params.tolerance, "atol": params.tolerance}
        if params.adaptive
        else {"step_size": problem.t1 / params.steps}
    )
    run = attempt(func, start, problem.t1, params.method, **how)
    at = exact(formula, params, run.times)
    picked = np.unique(np.linspace(0, max(len(run.times) - 2, 0), LOCAL).round().astype(int))
    picked = picked[picked + 1 < len(run.times)]
    ends_of = run.times.tolist()
    local = [_one_step(func, at[n], ends_of[n], ends_of[n + 1], params) for n in picked]
    times = np.linspace(0.0, problem.t1, 401)
    ends = at[picked + 1, 0]
    return Comparison(
        params=params,
        times=times,
        truth=exact(formula, params, times)[:, 0],
        run=run,
        global_errors=np.abs(run.states[1:, 0] - at[1:, 0]),
        local_times=run.times[picked + 1],
        local_errors=np.abs(np.array(local) - ends),
        allowed=params.tolerance * (1 + np.abs(ends)) if params.adaptive else np.empty(0),
    )


def _one_step(func: Any, z: np.ndarray, t0: float, t1: float, params: Params) -> float:
    """The first component after a single step of the method from (t0, z), whatever its error estimate says."""
    h = t1 - t0
    how: dict[str, Any] = (
        {"rtol": 1e9, "atol": 1e9, "options": {"first_step": h}} if params.adaptive else {"step_size": h}
    )
    states = solve(func, torch.tensor(z), t0, t1, method=params.method, **how).states
    if not isinstance(states, Tensor):
        raise TypeError("expected one tensor of states")
    return float(states[-1, 0])
