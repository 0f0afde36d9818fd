r"""The adjoint method on z' = k t z by hand: everything has a short formula, so everything can be checked.

Source: Chen et al. 2018, sections 2 and appendix B, on a field that can be integrated by separating variables.
"""

from collections.abc import Mapping
from typing import Any

import sympy
import torch
from sympy import Derivative, Function, Integral, Symbol, exp

from core.derivations.checks import Definition, Identity, Matches, Sampled, numbers
from core.derivations.step import Derivation, Side, Step
from core.derivations.symbols import t, t1
from core.ode import odeint_adjoint

k = Symbol("k", real=True)
"""The parameter."""
z0 = Symbol("z_0", real=True)
"""The state at t = 0."""
s = Symbol("s", real=True)
z: Any = Function("z", real=True)
a: Any = Function("a", real=True)
L: Any = Function("L", real=True)(z0, k, t1)
"""The loss, as a function of all that can be changed."""

SOLUTION = z0 * exp(k * t**2 / 2)
"""z(t)."""
END = SOLUTION.subs(t, t1)
"""z(t1)."""
LOSS = END**2 / 2
GRADIENT_START = z0 * exp(k * t1**2)
"""dL/dz0."""
GRADIENT_RATE = END**2 * t1**2 / 2
"""dL/dk."""
LOSS_FROM_HERE = z(t) ** 2 * exp(k * (t1**2 - t**2)) / 2
"""The loss, by the state at any time t."""
ADJOINT = Derivative(LOSS_FROM_HERE, z(t)).doit().subs(z(t), SOLUTION)
"""a(t): its derivative by that state, along the solution."""

_ODE = (Derivative(z(t), t), k * t * z(t))
_Z = ((z(t), SOLUTION), (z(t1), END), (z(0), SOLUTION.subs(t, 0)))
_L = ((L, LOSS), *_Z)
_A = ((a(t), ADJOINT), (a(0), ADJOINT.subs(t, 0)), (a(t1), ADJOINT.subs(t, t1)), *_Z)

_DRAWS = {k: numbers(-1, 1), z0: numbers(-2, 2), t1: numbers(0.5, 1.5)}


def _by_solver(values: Mapping[Symbol, Side]) -> float:
    """dL/dk by the adjoint method."""
    rate, start, end = (torch.tensor(float(values[name]), dtype=torch.float64) for name in (k, z0, t1))
    rate.requires_grad_()
    times = torch.stack([torch.zeros_like(end), end])
    state = odeint_adjoint(lambda t, z: rate * t * z, start[None], times, rtol=1e-9, atol=1e-11, method="dopri8")[-1]
    return float(torch.autograd.grad((state**2 / 2).sum(), rate)[0])


def five_minutes() -> Derivation:
    """Solution, loss, gradients and adjoint in closed form."""
    return Derivation(
        "The adjoint method by hand, for z' = k t z",
        "All real k, z0 and t1 (steps 2 and 3: where z is not 0).",
        "Chen et al. 2018, section 2 and appendix B",
        (
            Step(*_ODE, r"The problem: $f = k\,t\,z$, from $z(0) = z_0$.", Definition()),
            Step(Derivative(z(t), t) / z(t), k * t, "Separate: $z$ to the left.", Identity((_ODE,))),
            Step(
                Integral(k * s, (s, 0, t)),
                k * t**2 / 2,
                r"Integrate; the left side gives $\ln (z / z_0)$.",
                Identity(),
            ),
            Step(z(t), SOLUTION, "So this is the solution.", Definition()),
            Step(Derivative(z(t), t), k * t * z(t), "Put back, it solves the problem.", Identity(_Z)),
            Step(z(0), z0, "And it starts there.", Identity(_Z)),
            Step(L, z(t1) ** 2 / 2, "The loss.", Definition()),
            Step(Derivative(L, z0), GRADIENT_START, "Its slope in the start.", Identity(_L)),
            Step(Derivative(L, k), z(t1) ** 2 * t1**2 / 2, "Its slope in $k$.", Identity(_L)),
            Step(L, LOSS_FROM_HERE, "The loss, seen from $z(t)$ at any time $t$.", Identity(_L)),
            Step(
                a(t),
                Derivative(LOSS_FROM_HERE, z(t)),
                r"The adjoint: by how much $L$ changes with $z(t)$.",
                Definition(),
            ),
            Step(a(t), z(t1) * exp(k * (t1**2 - t**2) / 2), "Differentiated.", Identity(_A)),
            Step(
                Derivative(a(t), t),
                -a(t) * k * t,
                r"It obeys $\dot a = -a\, \partial f / \partial z$.",
                Identity(_A),
            ),
            Step(a(t1), z(t1), "At the end it is known.", Identity(_A)),
            Step(a(0), Derivative(L, z0), "Back at the start it is the first gradient.", Identity((*_L, *_A))),
            Step(a(t) * t * z(t), z(t1) ** 2 * t, r"The integrand $a\, \partial f / \partial k$.", Identity(_A)),
            Step(
                Integral(z(t1) ** 2 * t, (t, 0, t1)),
                Derivative(L, k),
                "Its area is the second gradient.",
                Identity(_L),
            ),
            Step(
                Derivative(L, k),
                GRADIENT_RATE,
                "And a solver finds the same, without any of these formulas.",
                Matches(_by_solver, "`core.ode.odeint_adjoint`", Sampled(_DRAWS, samples=10, tolerance=1e-7)),
            ),
        ),
    )


def by_hand(values: dict[Any, float]) -> tuple[float, float, float]:
    """L, dL/dz0 and dL/dk: the checked formulas with numbers put in."""
    loss, start, rate = (value(formula, values) for formula in (LOSS, GRADIENT_START, GRADIENT_RATE))
    return loss, start, rate


def value(formula: Any, values: dict[Any, float]) -> float:
    """A formula's value, computed with 30 digits before it is rounded."""
    return float(sympy.N(formula.xreplace({name: sympy.Rational(value) for name, value in values.items()}), 30))
