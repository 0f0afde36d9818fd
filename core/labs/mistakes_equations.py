"""Common mistakes about differential equations, each settled by formulas and by solutions."""

from collections.abc import Callable
from math import exp, pi
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.derivations import mistakes as derivations
from core.labs.mistakes_data import Control, Curve, Mistake, Plot, Settled, Table, proof, tensor
from core.ode import odeint, solve

THEME = "Differential equations"
_TIGHT: dict[str, Any] = {"method": "dopri8", "rtol": 1e-9, "atol": 1e-11}

_EQUATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "$z'' + z = 0$, linear and homogeneous": lambda z: -z,
    "$z'' + z = 1$, not homogeneous": lambda z: 1 - z,
    r"$z'' + \sin z = 0$, not linear": lambda z: -torch.sin(z),
}
"""Equation -> its highest derivative."""


def last_index(order: float) -> Settled:
    """The list of coefficients, and which equations turn twice the start into twice the solution."""
    n = int(order)
    rows = []
    for name, highest in _EQUATIONS.items():
        one, two = (
            float(
                odeint(lambda t, y, g=highest: torch.stack([y[1], g(y[0])]), tensor(z0, 0.0), tensor(0.0, 1.0))[-1, 0]
            )
            for z0 in (1.0, 2.0)
        )
        rows.append((name, one, two, 2 * one))
    right, wrong = proof(derivations.last_index(n), derivations.wrong_last_index(n))
    return Settled(
        ran="The list of terms by symbols. Then three equations of order 2, solved from $z(0) = 1$ and from "
        "$z(0) = 2$, both with $z'(0) = 0$: twice a solution of a linear homogeneous equation solves it too.",
        concludes=f"Order {n} takes {n + 1} coefficients. And only the first equation sends the double start to the "
        f"double end: the pendulum reaches {rows[2][2]:.4f}, not {rows[2][3]:.4f}. The general equation of order $n$ "
        "is $F(t, z, z', \\dots, z^{(n)}) = 0$.",
        table=Table(("equation", "z(1) from 1", "z(1) from 2", "twice the first"), tuple(rows)),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
    )


def stacking(slope: float) -> Settled:
    """Three solutions of z'' + z = 0 through one place, with three slopes."""
    times = torch.linspace(0, 3, 61, dtype=torch.float64)
    curves, rows = [], []
    for first in (slope, 0.0, -slope):
        path = odeint(lambda t, y: torch.stack([y[1], -y[0]]), tensor(1.0, first), times, **_TIGHT)
        found = tuple(path[:, 0].tolist())
        curves.append(Curve(f"z'(0) = {first:g}", tuple(times.tolist()), found))
        rows.append((f"$z'(0) = {first:g}$", float(path[0, 0]), float(path[0, 1]), found[-1]))
    right, wrong = proof(derivations.stacking(), derivations.wrong_stacking())
    return Settled(
        ran="$z'' + z = 0$, stacked to the state $[z, z']$ and solved from $z(0) = 1$ with three different slopes.",
        concludes=f"All three start at $z = 1$, $t = 0$, with the slopes {slope:g}, 0 and {-slope:g}, and end at "
        f"{rows[0][3]:.3f}, {rows[1][3]:.3f} and {rows[2][3]:.3f}. Knowing $z$ and $t$ does not tell $z'$, so no "
        "$f(z, t)$ can. The stacked state tells it.",
        table=Table(("solution", "z at t = 0", "z' at t = 0", "z at t = 3"), tuple(rows)),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
        plot=Plot(tuple(curves), "time t", "z"),
    )


def constraint(cells: float) -> Settled:
    """The heat equation in ever more cells: states, fastest rate, and what is still missed."""
    least = int(cells)
    rows = tuple(_heat(n) for n in (least, 2 * least, 4 * least))
    right, wrong = proof(derivations.constraint(), derivations.wrong_constraint())
    return Settled(
        ran=r"A partial differential equation: heat in a rod, $\partial u/\partial t = \partial^2 u/\partial x^2$, cut "
        f"into {least}, {2 * least} and {4 * least} cells so that it becomes $z' = f(z)$. And below, a system with an "
        "algebraic equation in it.",
        concludes=f"The cut rod is an ODE, but not the same equation: with {least} cells it misses "
        f"{rows[0][3]:.2g} at $t = 0.1$, and each halving of the cells doubles the states and takes the fastest rate "
        f"to {rows[1][2] / rows[0][2]:.2f} times itself, without end. A state of finitely many numbers does not do. "
        "Nor can the system below be solved for $z_2'$, and it may only start where $z_1(0) = 1$.",
        table=Table(("cells", "states", "fastest rate", "missed at t = 0.1"), rows),
        right=right.steps,
        wrong=wrong.steps,
        holds=right.holds,
    )


def _heat(cells: int) -> tuple[int, int, float, float]:
    """Cells, states, the largest rate at which a mode decays, and the error of sin(pi x) in the rod's middle."""
    inner = cells - 1
    matrix = (
        np.diag(np.full(inner, -2.0)) + np.diag(np.ones(inner - 1), 1) + np.diag(np.ones(inner - 1), -1)
    ) * cells**2
    rates = -np.linalg.eigvalsh(matrix)
    at = torch.from_numpy(np.sin(pi * np.arange(1, cells) / cells))
    operator = torch.from_numpy(matrix)
    end = solve(lambda t, u: operator @ u, at, 0.0, 0.1, method="kencarp4", rtol=1e-7, atol=1e-9).y
    middle = float(end[inner // 2]) if isinstance(end, Tensor) else float("nan")
    return cells, inner, float(rates.max()), abs(middle - exp(-(pi**2) * 0.1))


MISTAKES = (
    Mistake(
        "last-index",
        THEME,
        "The last index",
        r"The general ordinary differential equation of order $n$ is "
        r"$a_1 z + a_2 z' + a_3 z'' + \dots + a_n z^{(n)} = 0$.",
        r"The general ordinary differential equation of order $n$ is $F(t, z, z', \dots, z^{(n)}) = 0$; a *linear "
        r"homogeneous* one is $a_1 z + a_2 z' + \dots + a_{n+1} z^{(n)} = 0$ with $a_{n+1} \ne 0$.",
        "differential-equations",
        last_index,
        Control("Order n", 2, 4, 2, 1),
    ),
    Mistake(
        "stacking",
        THEME,
        "Which derivative to solve for",
        r"$a_1 z + a_2 z' + a_3 z'' = 0$ takes the form $z' = f(z, t)$ when it is solved for $z'$: "
        r"$f = -\frac{1}{a_2} (a_1 z + a_3 z'')$.",
        r"$a_1 z + a_2 z' + a_3 z'' = 0$ takes the form $\mathbf z' = f(\mathbf z, t)$ when it is solved for $z''$ and "
        r"the state is the stack $\mathbf z = [z, z']$ ($a_3 \ne 0$).",
        "differential-equations",
        stacking,
        Control("Slope B of the first solution", 0.5, 3.0, 1.0, 0.5),
    ),
    Mistake(
        "any-equation",
        THEME,
        "Any differential equation",
        r"Any differential equation can be written as $z' = f(z, t)$ with finitely many numbers in $z$.",
        r"An explicit *ordinary* differential equation can be written as $z' = f(z, t)$ with finitely many numbers in "
        r"$z$. A partial one like the heat equation needs infinitely many, and a differential-algebraic one cannot, as "
        "it stands, be solved for all derivatives.",
        "differential-equations",
        constraint,
        Control("Cells of the coarsest rod", 4, 16, 8, 4),
    ),
)
