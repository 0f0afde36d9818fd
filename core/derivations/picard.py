r"""Picard's iteration, carried out: each iterate is an integral, and one power of t better than the one before.

Source: Coddington and Levinson, Theory of Ordinary Differential Equations (1955), chapter 1, section 3; Hairer,
Norsett, Wanner, Solving Ordinary Differential Equations I, section I.8.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Derivative, Expr, Function, Integer, Integral, Symbol, exp, expand, integrate, tan

from core.derivations.checks import Definition, Identity, Series
from core.derivations.step import Derivation, Step
from core.derivations.symbols import t

s = Symbol("s", real=True)
"""Time inside the integral."""
Z: Any = Function("z", real=True)
COUNT = 3
"""Iterates after the start."""


@dataclass(frozen=True)
class Problem:
    """z' = f(t, z), z(0) = z0, with its solution."""

    field: Callable[[Expr, Any], Expr]
    z0: int
    solution: Expr


PROBLEMS: dict[str, Problem] = {
    "growth": Problem(lambda _, z: z, 1, exp(t)),
    "gauss": Problem(lambda time, z: time * z, 1, exp(t**2 / 2)),
    "square": Problem(lambda _, z: z**2, 1, 1 / (1 - t)),
    "tangent": Problem(lambda _, z: 1 + z**2, 0, tan(t)),
}
"""The problems of the lesson on differential equations."""


def picard(problem: str = "growth") -> Derivation:
    """The first iterates of one of `PROBLEMS`, and how far their Taylor series agree with the solution's.

    Raises:
        KeyError: no such problem.
    """
    chosen = PROBLEMS[problem]
    phi = [Function(rf"\varphi_{k}", real=True) for k in range(COUNT + 1)]
    steps = [
        Step(
            Derivative(Z(t), t),
            chosen.field(t, Z(t)),
            f"The problem: this slope, with $z(0) = {chosen.z0}$.",
            Definition(),
        ),
        Step(
            Derivative(chosen.solution, t),
            chosen.field(t, chosen.solution),
            "A function that solves it, put in. Its value at 0 is the start.",
            Identity(),
        ),
        Step(phi[0](t), Integer(chosen.z0), "The iteration starts with the constant $z(0)$.", Definition()),
    ]
    value: Expr = Integer(chosen.z0)
    for k in range(1, COUNT + 1):
        start = "The slope is taken along" if k == 1 else "Again, along"
        following: Expr = expand(chosen.z0 + integrate(chosen.field(s, value.subs(t, s)), (s, 0, t)))
        agreed = _agreed(following, chosen.solution)
        steps += [
            Step(
                phi[k](t),
                chosen.z0 + Integral(chosen.field(s, phi[k - 1](s)), (s, 0, t)),
                rf"{start} $\varphi_{k - 1}$, and integrated from 0 to $t$.",
                Definition(),
            ),
            Step(
                chosen.z0 + Integral(chosen.field(s, phi[k - 1](s)), (s, 0, t)),
                following,
                rf"The integral, carried out: this is $\varphi_{k}$.",
                Identity(((phi[k - 1](s), value.subs(t, s)),)),
            ),
            Step(
                chosen.solution,
                following,
                rf"$\varphi_{k}$ agrees with the solution in all powers of $t$ below $t^{agreed}$; promised was "
                f"$t^{k + 1}$, one more with each integration.",
                Series(t, agreed),
            ),
        ]
        value = following
    return Derivation(
        "Picard's iteration gains a power of t each time",
        f"This one problem, for the iterates 1 to {COUNT}.",
        "Coddington and Levinson 1955, chapter 1, section 3; Hairer, Norsett, Wanner 1993, section I.8",
        tuple(steps),
    )


def _agreed(iterate: Expr, solution: Expr) -> int:
    """The first power of t whose coefficients differ."""
    difference = expand(solution.series(t, 0, 2 * COUNT + 3).removeO() - iterate)
    return next(power for power in range(2 * COUNT + 3) if difference.coeff(t, power) != 0)
