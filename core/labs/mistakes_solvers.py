"""Common mistakes about solvers, each settled by runs and by exact tableaus."""

from collections.abc import Callable
from fractions import Fraction
from math import cos, sin
from typing import Any

import torch
from torch import Tensor

from core.labs.mistakes_data import Control, Curve, Mistake, Plot, Settled, Table, rough, tensor
from core.ode import odeint, solve
from core.ode.tableaus import TABLEAUS

THEME = "Solvers"
_THREE_EIGHTHS = {
    "c": "0 1/3 2/3 1",
    "a": ("", "1/3", "-1/3 1", "1 -1 1"),
    "b": "1/8 3/8 3/8 1/8",
}
"""Kutta's 3/8 rule as Hairer, Norsett, Wanner print it (II.1, table 1.2), to hold the solver against."""


def three_eighths(h: float) -> Settled:
    """One step of z' = 1 - t z^2 by both methods of order 4, in floats and in fractions."""
    step = Fraction(round(h * 100), 100)

    def one(method: str) -> float:
        times = tensor(0.0, float(step))
        field: Callable[[Tensor, Tensor], Tensor] = lambda t, z: 1 - t * z**2  # noqa: E731 (one line, used once)
        return float(odeint(field, tensor(1.0), times, method=method, options={"step_size": float(step)})[-1])

    by_hand = exact_step(step)
    rows = tuple(
        (f"`{name}`", _listed(TABLEAUS[name].c), _listed(TABLEAUS[name].b), one(name))
        for name in ("rk4", "rk4_classic")
    )
    rows += (("3/8 rule, in fractions", _THREE_EIGHTHS["c"], _THREE_EIGHTHS["b"], float(by_hand)),)
    fulfilled = [
        all(not residual for order in range(1, 5) for residual in TABLEAUS[name].order_residuals(order).values())
        for name in ("rk4", "rk4_classic")
    ]
    both = "Both fulfil every condition of order 4" if all(fulfilled) else "Not both fulfil the conditions of order 4"
    apart = abs(rows[0][3] - rows[2][3])
    return Settled(
        ran=f"One step of size {float(step):g} of $z' = 1 - t z^2$ from $z(0) = 1$: by the method called `rk4` (here "
        "as in torchdiffeq; this project's tests hold the two against each other), by `rk4_classic`, and by Kutta's "
        "3/8 rule in exact fractions. $c$ are the nodes, $b$ the weights of the four slopes.",
        concludes=f"`rk4` is the 3/8 rule: it differs from the exact fraction by {apart:.1g}, from the textbook's "
        f"method by {abs(rows[0][3] - rows[1][3]):.2g}. {both}, checked in fractions, so either is good; a table of "
        "results should say which.",
        table=Table(("method", "nodes c", "weights b", "z after the step"), rows, digits=8),
    )


def exact_step(h: Fraction) -> Fraction:
    """One step of the 3/8 rule for z' = 1 - t z^2 from z(0) = 1, without rounding."""
    nodes = [Fraction(c) for c in str(_THREE_EIGHTHS["c"]).split()]
    weights = [Fraction(b) for b in str(_THREE_EIGHTHS["b"]).split()]
    slopes: list[Fraction] = []
    for c, row in zip(nodes, _THREE_EIGHTHS["a"], strict=True):
        inside = 1 + h * sum((Fraction(a) * k for a, k in zip(row.split(), slopes, strict=True)), Fraction(0))
        slopes.append(1 - c * h * inside**2)
    return 1 + h * sum((b * k for b, k in zip(weights, slopes, strict=True)), Fraction(0))


def _listed(numbers: tuple[object, ...]) -> str:
    return " ".join(map(str, numbers))


def evaluations(exponent: float) -> Settled:
    """Steps and evaluations of five methods on one problem."""
    tolerance = 10.0 ** -int(exponent)

    def field(t: Tensor, z: Tensor) -> Tensor:
        return torch.stack([z[1], (1 - z[0] ** 2) * z[1] - z[0]])

    rows = []
    for method in ("dopri5", "bosh3", "tsit5", "rk4", "euler"):
        fixed = method in ("rk4", "euler")
        more: dict[str, Any] = {"step_size": 0.1} if fixed else {"rtol": tolerance, "atol": tolerance}
        found = solve(field, tensor(2.0, 0.0), 0.0, 10.0, method=method, **more)
        rows.append((f"`{method}`", found.accepted, found.rejected, found.nfe, found.nfe / found.accepted))
    first = rows[0]
    return Settled(
        ran="Van der Pol's equation $z'' = (1 - z^2) z' - z$ over 10 units of time: the first three methods choose "
        f"their steps for a tolerance of $10^{{-{int(exponent)}}}$, the others take steps of 0.1. *nfe*: evaluations "
        "of $f$.",
        concludes=f"`dopri5` took {first[1]} steps, rejected {first[2]} attempts, and evaluated $f$ {first[3]} times: "
        "6 for each attempt and 2 to find its first step. Of these five only Euler's method has one evaluation for "
        "each step. So nfe counts work, not depth.",
        table=Table(("method", "accepted", "rejected", "nfe", "nfe per step"), tuple(rows)),
    )


_FIELDS: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], tuple[float, ...], Callable[[float], float]]] = {
    "$z' = \\cos t - 3 (z - \\sin t)$": (lambda t, z: torch.cos(t) - 3 * (z - torch.sin(t)), (0.0,), sin),
    "$z'' = -z$": (lambda t, z: torch.stack([z[1], -z[0]]), (1.0, 0.0), cos),
    "$z' = \\cos t + (z - \\sin t)$": (lambda t, z: torch.cos(t) + (z - torch.sin(t)), (0.0,), sin),
}
"""Equation -> field, start, exact first component: errors decay, stay, and grow."""
_NAMES = ("errors decay", "errors stay", "errors grow")


def tolerance(exponent: float) -> Settled:
    """Local estimates and global errors of dopri5 for one tolerance."""
    wanted = 10.0 ** -int(exponent)
    rows, curves = [], []
    for (name, (field, start, exact)), behaviour in zip(_FIELDS.items(), _NAMES, strict=True):
        found = solve(field, tensor(*start), 0.0, 10.0, method="dopri5", rtol=wanted, atol=wanted)
        times = found.times.tolist()
        states = found.states
        errors = [abs(float(z[0]) - exact(t)) for t, z in zip(times, states, strict=True)]
        rows.append((f"{name}, {behaviour}", max(found.error_ratios), errors[-1], errors[-1] / wanted))
        curves.append(Curve(behaviour, tuple(times[1:]), tuple(max(error, 1e-16) for error in errors[1:])))
    curves.append(Curve("tolerance", (0.0, 10.0), (wanted, wanted), "dashed"))
    return Settled(
        ran=f"`dopri5` with rtol = atol = $10^{{-{int(exponent)}}}$ over 10 units of time, on three equations whose "
        "exact solutions are known. *Worst step*: the largest estimate of an accepted step's own error, over what the "
        "tolerance allows it.",
        concludes="In all three runs each step keeps its own error within the tolerance. What becomes of these errors "
        f"is the equation's business: at the end the solution is off by {rough(rows[0][3])}, {rough(rows[1][3])} and "
        f"{rough(rows[2][3])} times the tolerance.",
        table=Table(("equation", "worst step", "error at the end", "error / tolerance"), tuple(rows)),
        plot=Plot(tuple(curves), "time t", "error of the solution", y_log=True),
    )


MISTAKES = (
    Mistake(
        "rk4-variant",
        THEME,
        "Which rk4",
        "torchdiffeq's `rk4` is the classical Runge-Kutta method of the textbooks: its weights are 1/6, 1/3, 1/3, 1/6.",
        "torchdiffeq's `rk4` is Kutta's 3/8 rule, with the weights 1/8, 3/8, 3/8, 1/8. It has order 4 too.",
        "solver-lab",
        three_eighths,
        Control("Step size h", 0.1, 1.0, 0.5, 0.1),
    ),
    Mistake(
        "nfe",
        THEME,
        "nfe and steps",
        "The number of function evaluations (nfe) of an ODE solver is the number of its steps.",
        "The number of function evaluations (nfe) counts every call of $f$: several for each attempt at a step, "
        "rejected attempts as well.",
        "solver-lab",
        evaluations,
        Control("Tolerance: 10 to the power of minus", 2, 8, 4, 1),
    ),
    Mistake(
        "tolerance",
        THEME,
        "What a tolerance bounds",
        "With rtol = atol = 1e-4 the solution that comes out is within 1e-4 of the exact one.",
        "rtol and atol bound the estimated error of *each step*; the error of the solution may be much larger.",
        "solver-lab",
        tolerance,
        Control("Tolerance: 10 to the power of minus", 2, 8, 4, 1),
    ),
)
