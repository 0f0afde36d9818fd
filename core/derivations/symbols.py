"""The symbols of all derivations, so that one letter means one thing."""

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Function, MatrixSymbol, Symbol, symbols
from sympy.matrices import ImmutableDenseMatrix

t, h = symbols("t h", real=True)
eps = Symbol("epsilon", positive=True)
t0, t1 = symbols("t_0 t_1", real=True)


def states(n: int) -> tuple[Symbol, ...]:
    """z_1 to z_n; a single one is z."""
    return _numbered("z", n)


def parameters(m: int) -> tuple[Symbol, ...]:
    """theta_1 to theta_m; a single one is theta."""
    return _numbered("theta", m)


def fields(n: int, m: int) -> tuple[Any, ...]:
    """Undefined functions f_1 to f_n of all states, all parameters and t: every smooth field of these dimensions."""
    return tuple(Function(name.name, real=True)(*states(n), *parameters(m), t) for name in _numbered("f", n))


def functions_of_time(letter: str, n: int, time: Expr = t) -> tuple[Any, ...]:
    """Undefined functions of t: z_1(t) to z_n(t)."""
    return tuple(Function(name.name, real=True)(time) for name in _numbered(letter, n))


def jacobian(values: Sequence[Any], variables: Sequence[Any]) -> ImmutableDenseMatrix:
    """Row i, column j: the partial derivative of value i by variable j."""
    return ImmutableDenseMatrix([[value.diff(variable) for variable in variables] for value in values])


def row(name: str, n: int) -> MatrixSymbol:
    """A name for a row vector."""
    return MatrixSymbol(name, 1, n)


def _numbered(letter: str, n: int) -> tuple[Symbol, ...]:
    if n == 1:
        return (Symbol(letter, real=True),)
    return tuple(Symbol(f"{letter}_{i}", real=True) for i in range(1, n + 1))
