r"""How a solver's error falls: with the step size (order), and with the work (evaluations of f).

Source: Hairer, Norsett, Wanner, Solving ODEs I, II.1 to II.3 (order), II.10 (comparing methods by their work).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from core.labs.solver_problems import ORBIT, PROBLEMS, Problem, equal_steps
from core.ode import ADAPTIVE, METHODS, SolverError, solve

FIXED = (
    "euler",
    "midpoint",
    "heun2",
    "heun3",
    "rk4_classic",
    "rk4",
    "dopri5",
    "tsit5",
    "explicit_adams",
    "implicit_euler",
    "trapezoid",
    "radauIIA3",
    "radauIIA5",
    "gl4",
    "gl6",
)
"""Methods of the study of order."""

MOST = 6
"""Methods in one picture."""

COARSEST = 4
"""Steps of the largest step size; each further one halves it."""

MOST_IMPLICIT = 128
"""Steps of an implicit method: each solves equations and takes tens of times as long as an explicit one."""

FRAMES = (4, 8, 16, 32)
"""Steps in each frame of the moving picture."""

TOLERANCES = tuple(10.0**-k for k in range(2, 12))

WORKERS = ("euler", "rk4_classic", "bosh3", "dopri5", "tsit5", "dopri8", "kencarp4")
"""Methods of the comparison by work."""

WORK_PROBLEMS: dict[str, Problem] = {"orbit": ORBIT, **PROBLEMS}

ENOUGH = 600
"""Evaluations of f after which a method gets no harder task."""


def order_of(method: str) -> int:
    """The order that theory gives: of the tableau; for Adams' formula with four slopes 4, that of its start too."""
    return METHODS[method].tableau.order


@dataclass(frozen=True)
class OrderParams:
    """What a study of order needs."""

    problem: str
    methods: tuple[str, ...]
    sizes: int
    """How many step sizes, each half of the one before."""
    single: bool
    """float32 in place of float64."""
    local: bool
    """The error of one step in place of the whole interval's."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Errors of one method."""

    method: str
    order: int
    h: Float[np.ndarray, " n"]
    errors: Float[np.ndarray, " n"]
    used: Bool[np.ndarray, " n"]
    """Those that the slope was fitted to: the smallest steps whose error is clear of round-off, four at most."""
    slope: float | None
    """Of log error against log h; None where fewer than two errors are clear of round-off."""


@dataclass(frozen=True, eq=False)
class OrderResult:
    """What came out."""

    params: OrderParams
    curves: tuple[Curve, ...]
    floor: float
    """Errors below are rounding's: 100 times the distance of neighbouring numbers at the size of the solution."""


def study_order(params: OrderParams) -> OrderResult:
    """The largest error over all steps, of each method, for step sizes t1 / 4, t1 / 8, ..."""
    problem = PROBLEMS[params.problem]
    dtype = torch.float32 if params.single else torch.float64
    z0 = torch.tensor(problem.z0, dtype=dtype)
    size = float(np.abs(problem.exact(np.linspace(0, problem.t1, 50))).max())
    floor = 100 * torch.finfo(dtype).eps * size
    curves = []
    for method in params.methods:
        counts = [COARSEST * 2**k for k in range(params.sizes)]
        if METHODS[method].implicit:
            counts = [count for count in counts if count <= MOST_IMPLICIT]
        h = problem.t1 / np.array(counts)
        errors = []
        for count in counts:
            steps, t1 = (1, problem.t1 / count) if params.local else (count, problem.t1)
            try:
                solution = equal_steps(problem.func, z0, t1, method, steps)
            except SolverError:  # an implicit step too long for Newton's iteration
                errors.append(np.nan)
                continue
            exact = problem.exact(solution.times.numpy())
            errors.append(float(np.abs(np.asarray(solution.states, dtype=np.float64) - exact).max()))
        found = np.array(errors)
        kept = np.isfinite(found)
        curves.append(_fitted(method, h[kept], found[kept], floor, params.local))
    return OrderResult(params, tuple(curves), floor)


def _fitted(method: str, h: np.ndarray, errors: np.ndarray, floor: float, local: bool) -> Curve:
    used = np.zeros(len(h), dtype=bool)
    rising = np.flatnonzero(errors[1:] > 0.8 * errors[:-1])  # from there on, rounding errors add up
    falling = np.arange(len(h)) <= (rising[0] if len(rising) else len(h))
    clear = np.flatnonzero((errors > floor) & falling)[-(3 if local else 4) :]
    used[clear] = True
    slope = float(np.polyfit(np.log(h[used]), np.log(errors[used]), 1)[0]) if len(clear) > 1 else None
    return Curve(method, order_of(method), h, errors, used, slope)


@dataclass(frozen=True)
class MotionParams:
    """What the moving picture needs."""

    problem: str
    methods: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Motion:
    """Runs with ever smaller steps, the first component of each."""

    params: MotionParams
    t: Float[np.ndarray, " m"]
    exact: Float[np.ndarray, " m"]
    runs: tuple[tuple[Float[np.ndarray, "n 2"], ...], ...]
    """For each of `FRAMES` and each method: (t, z_1)."""


def approach(params: MotionParams) -> Motion:
    """Solutions with 4, 8, 16 and 32 steps beside the exact one."""
    problem = PROBLEMS[params.problem]
    z0 = torch.tensor(problem.z0, dtype=torch.float64)
    t = np.linspace(0, problem.t1, 200)

    def run(method: str, count: int) -> np.ndarray:
        solution = equal_steps(problem.func, z0, problem.t1, method, count)
        return np.stack([solution.times.numpy(), np.asarray(solution.states)[:, 0]], axis=1)

    runs = tuple(tuple(run(method, count) for method in params.methods) for count in FRAMES)
    return Motion(params, t, problem.exact(t)[:, 0], runs)


@dataclass(frozen=True)
class WorkParams:
    """What a comparison by work needs."""

    problem: str
    methods: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Work:
    """Runs of one method, from the loosest tolerance (the fewest steps) on."""

    method: str
    adaptive: bool
    settings: Float[np.ndarray, " n"]
    """Tolerances (rtol = atol), or numbers of steps."""
    nfe: Int[np.ndarray, " n"]
    accepted: Int[np.ndarray, " n"]
    rejected: Int[np.ndarray, " n"]
    errors: Float[np.ndarray, " n"]
    """At t1, the largest over the components."""


@dataclass(frozen=True, eq=False)
class WorkResult:
    """What came out."""

    params: WorkParams
    works: tuple[Work, ...]


def study_work(params: WorkParams) -> WorkResult:
    """Error at the end against evaluations of f: over tolerances 1e-2 to 1e-11, or over numbers of equal steps.

    A method goes on to the next setting until it has needed `ENOUGH` evaluations for one.
    """
    problem = WORK_PROBLEMS[params.problem]
    return WorkResult(params, tuple(_work(problem, method) for method in params.methods))


def _work(problem: Problem, method: str) -> Work:
    z0 = torch.tensor(problem.z0, dtype=torch.float64)
    exact = problem.exact(np.array([problem.t1]))[0]
    adaptive = method in ADAPTIVE
    settings: Sequence[float] = TOLERANCES if adaptive else [8 * 2**k for k in range(8)]
    rows = []
    for setting in settings:
        try:
            if adaptive:
                solution = solve(
                    problem.func, z0, 0.0, problem.t1, method=method, rtol=setting, atol=setting, times=[problem.t1]
                )
            else:
                solution = equal_steps(problem.func, z0, problem.t1, method, int(setting), every_state=False)
        except SolverError:  # steps too long for the problem: the next are shorter
            continue
        error = float(np.abs(np.asarray(solution.states)[-1] - exact).max())
        rows.append((setting, solution.nfe, solution.accepted, solution.rejected, error))
        if solution.nfe > ENOUGH:
            break
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    nfe, accepted, rejected = table[:, 1:4].astype(np.int64).T
    return Work(method, adaptive, table[:, 0], nfe, accepted, rejected, table[:, 4])


def expected_nfe(method: str, accepted: int, rejected: int) -> tuple[str, int] | None:
    """How the evaluations add up, in words, and their number; None for implicit methods, whose Newton iterations vary.

    A pair whose last stage is the next step's first (FSAL) needs one evaluation less per attempt; two more give the
    first slope and the first step size.
    """
    tableau = METHODS[method].tableau
    if not tableau.explicit:
        return None
    if method in ADAPTIVE:
        each = tableau.stages - 1
        return f"2 + {each} x ({accepted} + {rejected})", 2 + each * (accepted + rejected)
    return f"{tableau.stages} x {accepted}", tableau.stages * accepted
