"""An equation of order n as a system of first order, and the companion matrix of a linear one.

Source: Coddington and Levinson, Theory of Ordinary Differential Equations (1955), chapter 1, section 6, and chapter 3,
section 6.
"""

from typing import Any

from sympy import Derivative, Determinant, Function, MatrixSymbol, Symbol, exp, eye
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.checks import Definition, Identity
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Step
from core.derivations.symbols import t

z: Any = Function("z", real=True)(t)
"""The unknown function."""
rate = Symbol("lambda")
"""A number to try in exp(lambda t)."""

HIGHEST = 4
_COUNTED = {1: "first", 2: "second", 3: "third", 4: "fourth"}


def order_reduction(n: int = 2) -> Derivation:
    """Stack z, z', ..., z^(n-1): an explicit equation of order n, from 1 to 4, becomes n equations of first order."""
    n = _order(n)
    known = _derivatives(n)
    states = tuple(Function(f"y_{i}", real=True)(t) for i in range(1, n + 1))
    F = Function("F", real=True)
    highest = F(t, *known)
    equation = (Derivative(z, (t, n)), highest)
    names = tuple(zip(states, known, strict=True))
    slopes = ImmutableDenseMatrix([*states[1:], F(t, *states)])
    system: Given = tuple(zip((state.diff(t) for state in states), slopes.flat(), strict=True))
    steps = [
        Step(
            *equation,
            f"An explicit equation of order {n}: the {_COUNTED[n]} derivative of the unknown $z(t)$ is a function $F$ "
            "of the time and of everything below it.",
            Definition(),
        ),
        Step(
            ImmutableDenseMatrix(states),
            ImmutableDenseMatrix(known),
            "Name everything below the highest derivative: these are the states.",
            Definition(),
        ),
    ]
    if n > 1:
        steps.append(
            Step(
                ImmutableDenseMatrix([state.diff(t) for state in states[:-1]]),
                ImmutableDenseMatrix(states[1:]),
                "The derivative of each state but the last is the next one, by the names alone.",
                Identity(_differentiated(names) + names),
            )
        )
    steps.append(
        Step(
            states[-1].diff(t),
            F(t, *states),
            "The last state has no next one: here the equation itself is put in, $F$ at the time and the states.",
            Identity((*_differentiated(names), equation, *names)),
        )
    )
    if n > 1:
        steps.append(
            Step(
                ImmutableDenseMatrix([state.diff(t) for state in states]),
                slopes,
                "Together: a system of first order, with the states alone on the right.",
                Identity((*_differentiated(names), equation, *names)),
            )
        )
    steps.append(
        Step(
            Derivative(states[0], (t, n)),
            F(t, *(Derivative(states[0], (t, i)) if i else states[0] for i in range(n))),
            "And back: where the system holds, its first state solves the equation. The two say the same.",
            Identity(system),
        )
    )
    return Derivation(
        "An equation of any order is a system of first order",
        f"Every function F and every solution that is {n} times differentiable, for order {n}.",
        "Coddington and Levinson 1955, chapter 1, section 6",
        tuple(steps),
    )


def companion_matrix(n: int = 2) -> Derivation:
    """The companion matrix of a_1 z + a_2 z' + ... + a_{n+1} z^(n) = 0, n from 1 to 4, and its eigenvalues."""
    n = _order(n)
    a = [Symbol(f"a_{i}", real=True) for i in range(1, n + 1)]
    top = Symbol(f"a_{n + 1}", real=True, nonzero=True)
    known = _derivatives(n)
    highest = -sum(c * derivative for c, derivative in zip(a, known, strict=True)) / top
    equation = (Derivative(z, (t, n)), highest)
    all_derivatives = (*known, Derivative(z, (t, n)))
    whole = sum(c * derivative for c, derivative in zip((*a, top), all_derivatives, strict=True))
    polynomial = sum(c * rate**i for i, c in enumerate((*a, top)))
    y, slope = MatrixSymbol("y", n, 1), MatrixSymbol(r"\dot{\mathbf{y}}", n, 1)
    C, one = MatrixSymbol("C", n, n), MatrixSymbol("I", n, n)
    stacked = ImmutableDenseMatrix(known)
    rows = [[int(column == row + 1) for column in range(n)] for row in range(n - 1)]
    matrix = ImmutableDenseMatrix([*rows, [-c / top for c in a]])
    given: Given = ((y, stacked), (slope, stacked.diff(t)), (C, matrix), (one, ImmutableDenseMatrix(eye(n))))
    steps = (
        Step(
            *equation,
            f"A linear homogeneous equation of order {n} with numbers ${_listed(n)}$, solved for its highest "
            f"derivative. That needs $a_{{{n + 1}}} \\ne 0$.",
            Definition(),
        ),
        Step(
            whole,
            whole * 0,
            "Put back: this is the equation as it is usually written.",
            Identity((equation,)),
        ),
        Step(y, stacked, "The states, stacked: everything below the highest derivative.", Definition()),
        Step(
            C,
            matrix,
            "The *companion matrix*: each row but the last only picks the next state; the last row holds the "
            f"equation's numbers over $-a_{{{n + 1}}}$.",
            Definition(),
        ),
        Step(
            slope,
            C * y,
            r"With it the equation is a system of first order; $\dot{\mathbf{y}}$ is the stack of the derivatives.",
            Identity((*given, equation)),
        ),
        Step(
            Determinant(rate * one - C),
            polynomial / top,
            r"Its characteristic polynomial, with the unit matrix $\mathbf{I}$, has the equation's own numbers as "
            r"coefficients.",
            Identity(given),
        ),
        Step(
            whole,
            polynomial * exp(rate * t),
            r"Try $z = e^{\lambda t}$ in the equation: the same polynomial. So $e^{\lambda t}$ solves it exactly where "
            r"$\lambda$ is an eigenvalue of $\mathbf{C}$.",
            Identity(((z, exp(rate * t)),)),
        ),
    )
    return Derivation(
        "The companion matrix and its characteristic polynomial",
        f"All real numbers in a linear homogeneous equation of order {n}, the last of them not 0.",
        "Coddington and Levinson 1955, chapter 3, section 6",
        steps,
    )


def _order(n: int) -> int:
    if not 1 <= n <= HIGHEST:
        raise ValueError(f"expected an order from 1 to {HIGHEST}, got {n}")
    return n


def _derivatives(n: int) -> list[Any]:
    """z, z', ..., z^(n-1)."""
    return [z.diff(t, i) if i else z for i in range(n)]


def _differentiated(pairs: Given) -> Given:
    """What follows from names for functions of t: their derivatives are equal too."""
    return tuple((this.diff(t), that.diff(t)) for this, that in pairs)


def _listed(n: int) -> str:
    return ", ".join(f"a_{i}" for i in range(1, n + 2)) if n < 3 else rf"a_1, \dots, a_{n + 1}"
