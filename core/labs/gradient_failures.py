r"""Where the adjoint method fails: the state is reconstructed backwards, and that problem may be ill-posed.

Sources: Gholami, Keutzer, Biros 2019, ANODE, section 3; Zhuang et al. 2020, Adaptive Checkpoint Adjoint; Kidger 2022,
On Neural Differential Equations, section 5.1.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.labs import pieces
from core.labs.gradient_hard_problems import PROBLEMS, Array, Problem
from core.labs.learning_bounds import one_thread
from core.labs.solver_problems import attempt
from core.ode import Solution, solve

METHOD = "dopri5"
MOST_STEPS = 1000
"""Attempted steps from one stored state to the one before; in a comparison `MOST_COMPARED`."""
MOST_COMPARED = 600
LONGEST = 1.0
"""Seconds that the way back may compute."""
MOST_STORED = 64
SHOWN = 400
"""Places of the forward solution that are drawn."""


@dataclass(frozen=True)
class Params:
    """A problem of some strength, tolerance 10 to the power of `exponent`, and how many states are stored."""

    problem: str
    strength: float
    exponent: int
    checkpoints: int
    """States of the forward solution that the way back starts from anew, z(t1) among them."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """The way back from one stored state to the one before; times fall."""

    times: Float[Array, " n"]
    z: Float[Array, "n d"]
    gap: Float[Array, " n"]
    """Distance of z from the forward solution."""


@dataclass(frozen=True, eq=False)
class Run:
    """Forwards, and backwards with the adjoint."""

    params: Params
    t1: float
    times: Float[Array, " m"]
    forward: Float[Array, "m d"]
    """The forward solution, evenly in time."""
    stretches: tuple[Stretch, ...]
    """From t1 to t0."""
    gradient: Float[Array, " d+p"] | None
    """dL/dz0 and dL/dtheta by the adjoint; None where it gave up."""
    reference: Float[Array, " d+p"]
    """By sensitivities to nine digits; nothing is reconstructed for them."""
    drift: float
    """Largest change of a f over a stretch, relative to |a| |f| at its end; NaN where f depends on t."""
    nfe: int
    """Evaluations on the way back, each of f and its two products with a."""
    message: str
    """Why it gave up; empty where it did not."""

    @property
    def gap(self) -> float:
        """|z(t0) reconstructed - z0|, or the distance where it gave up."""
        return float(self.stretches[-1].gap[-1])

    @property
    def reached(self) -> float:
        """The time where it arrived or gave up."""
        return float(self.stretches[-1].times[-1])

    @property
    def error(self) -> float:
        """Of the gradient, relative; infinite where there is none."""
        if self.gradient is None:
            return float("inf")
        with np.errstate(over="ignore"):
            return float(np.linalg.norm(self.gradient - self.reference) / np.linalg.norm(self.reference))


@dataclass(frozen=True, eq=False)
class Sweep:
    """Runs over strengths, with one stored state and with several."""

    problem: str
    exponent: int
    checkpoints: tuple[int, int]
    runs: tuple[tuple[Run, Run], ...]
    """For each strength, with each number of stored states; the weakest first."""


def run(params: Params) -> Run:
    """One run, in at most about `LONGEST` seconds."""
    with one_thread():
        return _backwards(params, MOST_STEPS, *_beginning(params))


def pair(problem: str, strength: float, exponent: int, checkpoints: int) -> tuple[Run, Run]:
    """One strength with one stored state, and with `checkpoints` (8 where that is 1)."""
    one, many = (Params(problem, strength, exponent, count) for count in (1, _many(checkpoints)))
    with one_thread():
        beginning = _beginning(one)
        return _backwards(one, MOST_COMPARED, *beginning), _backwards(many, MOST_COMPARED, *beginning)


def sweep(problem: str, exponent: int, checkpoints: int, run: pieces.Run = pieces.at_once) -> Sweep:
    """All strengths; `run` computes `pair` for each, or knows it already."""
    rows = tuple(run(pair, problem, strength, exponent, checkpoints) for strength in PROBLEMS[problem].compared)
    return Sweep(problem, exponent, (1, _many(checkpoints)), rows)


def _many(checkpoints: int) -> int:
    return checkpoints if checkpoints > 1 else 8


def _settings(params: Params, most: int) -> dict[str, Any]:
    tolerance = 10.0**params.exponent
    return {"method": METHOD, "rtol": tolerance, "atol": tolerance, "max_steps": most}


def _beginning(params: Params) -> tuple[Solution, Array]:
    """The forward solution, and the right gradient."""
    problem = PROBLEMS[params.problem]
    theta, t1 = problem.make(params.strength)
    p, z0 = np.array(theta), torch.tensor(problem.z0, dtype=torch.float64)

    def f(t: Tensor, z: Tensor) -> Tensor:
        return torch.from_numpy(problem.f(t.item(), z.numpy(), p))

    forward = solve(f, z0, 0.0, t1, dense=True, **_settings(params, 100_000))
    return forward, reference(params.problem, params.strength)


def _backwards(params: Params, most: int, forward: Solution, right: Array) -> Run:
    problem = PROBLEMS[params.problem]
    theta, t1 = problem.make(params.strength)
    p, settings, until = np.array(theta), _settings(params, most), time.thread_time() + LONGEST
    knots = np.linspace(0.0, t1, params.checkpoints + 1)
    stored = _at(forward, knots)
    a, d_theta = stored[-1].copy(), np.zeros(len(p))  # dL/dz = z
    stretches, drifts, nfe, message = [], [], 0, ""
    for i in range(params.checkpoints, 0, -1):
        back, message = _stretch(problem, p, (stored[i], a, d_theta), (knots[i], knots[i - 1]), settings, until)
        times, (z, row, sums) = back.times.numpy(), (np.asarray(piece) for piece in back.states)
        with np.errstate(over="ignore", invalid="ignore"):
            stretches.append(Stretch(times, z, np.linalg.norm(z - _at(forward, times), axis=1)))
            drifts.append(_drift(problem, p, times, z, row))
        nfe += back.nfe
        a, d_theta = row[-1], sums[-1]
        if message:
            break
    times = np.linspace(0.0, t1, SHOWN)
    gradient = None if message else np.concatenate([a, d_theta])
    return Run(
        params,
        t1,
        times,
        _at(forward, times),
        tuple(stretches),
        gradient,
        right,
        float(np.max(drifts)) if problem.autonomous else float("nan"),
        nfe,
        message,
    )


def _stretch(
    problem: Problem, p: Array, end: tuple[Array, Array, Array], span: tuple[float, float], settings: Any, until: float
) -> tuple[Solution, str]:
    """z, a and dL/dtheta backwards, and why it gave up where it did."""

    def field(t: Tensor, state: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        z, a = state[0].numpy(), state[1].numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            by_z, by_theta = problem.jacobians(t.item(), z, p)
            parts = problem.f(t.item(), z, p), -a @ by_z, -a @ by_theta
        return torch.from_numpy(parts[0]), torch.from_numpy(parts[1]), torch.from_numpy(parts[2])

    start = tuple(torch.from_numpy(np.array(piece)) for piece in end)

    def work() -> Solution:
        return solve(field, start, *map(float, span), stop=lambda t, y: time.thread_time() > until, **settings)

    back, message = attempt(work)
    if back.status == "stopped" and back.t != span[1]:
        return back, f"at t={back.t:.4g} its time was over: {LONGEST:g} seconds of computing"
    return back, message


def _drift(problem: Problem, p: Array, times: Array, z: Array, a: Array) -> float:
    slopes = np.stack([problem.f(float(t), state, p) for t, state in zip(times, z, strict=True)])
    product = (a * slopes).sum(axis=1)
    size = float(np.linalg.norm(a[0]) * np.linalg.norm(slopes[0]))
    change = float(np.abs(product - product[0]).max())
    return change / size if np.isfinite(change) and size else float("inf")


def _at(solution: Solution, times: Array) -> Array:
    found = solution(torch.from_numpy(np.clip(times, 0.0, solution.t)))
    assert isinstance(found, Tensor)
    return found.numpy()


def reference(name: str, strength: float) -> Float[Array, " d+p"]:
    r"""dL/dz0 and dL/dtheta, from the sensitivities :math:`S' = f_z S + [0, f_\theta]`."""
    problem = PROBLEMS[name]
    theta, t1 = problem.make(strength)
    p, d = np.array(theta), len(problem.z0)

    def augmented(t: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        z, s = state[0].numpy(), state[1].numpy()
        by_z, by_theta = problem.jacobians(t.item(), z, p)
        slope = by_z @ s
        slope[:, d:] += by_theta
        return torch.from_numpy(problem.f(t.item(), z, p)), torch.from_numpy(slope)

    start = torch.tensor(problem.z0, dtype=torch.float64), torch.eye(d, d + len(p), dtype=torch.float64)
    z, s = solve(augmented, start, 0.0, t1, method="dopri8", rtol=1e-9, atol=1e-11).y
    return (z @ s).numpy()
