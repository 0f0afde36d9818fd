r"""What the derivations of the adjoint method share: the field, a curve that follows it, names, and mistakes to make.

A field is a tuple of undefined functions, so that a proof holds for every smooth f of its dimensions, or formulas that
somebody typed. Vectors like f and z are columns; the adjoint a is a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy
from sympy import Derivative, Function, Integral, MatrixSymbol, Symbol
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.deadline import OutOfTime, within
from core.derivations.deciding import Given
from core.derivations.symbols import fields, functions_of_time, jacobian, parameters, states, t, t1
from core.expression import parse_field

A_START, A_END = r"\mathbf{a}(t_0)", r"\mathbf{a}(t_1)"

MAX_TYPED_PARAMETERS = 4
MAX_OPERATIONS = 60
"""Most operations in all formulas typed: beyond it the proofs take seconds and fill the page."""
_SECONDS = 2.0


@dataclass(frozen=True)
class Break:
    """A mistake that can be put into a derivation on purpose."""

    name: str
    says: str
    """What is done wrong, in a sentence."""
    least_n: int = 1
    """Fewest states for which it is a mistake."""
    least_m: int = 0
    """Fewest parameters for which it is one."""


@dataclass(frozen=True)
class Setting:
    """A field f(z, theta, t) with its variables."""

    z: tuple[Symbol, ...]
    theta: tuple[Symbol, ...]
    f: tuple[Any, ...]
    typed: bool

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.z)

    @property
    def m(self) -> int:
        """Number of parameters."""
        return len(self.theta)

    @property
    def autonomous(self) -> bool:
        """Whether t does not occur."""
        return not any(value.has(t) for value in self.f)

    @property
    def holds(self) -> str:
        """For what a proof holds, in a sentence."""
        size = counted(self.n, "state")
        if self.m:
            size += f" and {counted(self.m, 'parameter')}"
        return f"The f that was typed, of {size}, where it is smooth." if self.typed else f"Every smooth f of {size}."

    @cached_property
    def curve(self) -> tuple[Any, ...]:
        """A curve through the states: undefined functions of t."""
        return functions_of_time("z", self.n)

    @cached_property
    def follows(self) -> Given:
        """The curve solves the ODE."""
        return tuple(zip((Derivative(value, t) for value in self.curve), self.along(self.curve), strict=True))

    @cached_property
    def here(self) -> Given:
        """The state on the curve at time t is called z."""
        return tuple(zip(self.curve, self.z, strict=True))

    def along(self, places: Sequence[Any], now: Any = t) -> tuple[Any, ...]:
        """f at other states, and at another time."""
        return tuple(value.xreplace({**dict(zip(self.z, places, strict=True)), t: now}) for value in self.f)

    @cached_property
    def f_z(self) -> ImmutableDenseMatrix:
        """The Jacobian by the states."""
        return jacobian(self.f, self.z)

    @cached_property
    def f_theta(self) -> ImmutableDenseMatrix:
        """The Jacobian by the parameters; there must be some."""
        return jacobian(self.f, self.theta)

    @cached_property
    def f_t(self) -> ImmutableDenseMatrix:
        """The derivative by t alone, a column."""
        return jacobian(self.f, (t,))


@dataclass(frozen=True)
class Variation:
    """How a solution depends on numbers: the matrix of derivatives of its n states by each of them.

    Attributes:
        value: its entries, functions of t.
        rate: their derivatives by t, as derivatives of the solution.
        given: the solution solves the ODE, and `value` is what was said.
    """

    value: ImmutableDenseMatrix
    rate: ImmutableDenseMatrix
    given: Given


def variation(s: Setting, by: Sequence[Symbol], letter: str) -> Variation:
    """The solution's derivatives by these numbers; its states are undefined functions of them and of t."""
    solution = tuple(Function(value.name, real=True)(*by, t) for value in s.z)
    value = functions(letter, s.n, len(by))
    rate = matrix(s.n, len(by), lambda i, j: Derivative(solution[i], t, by[j]))
    follows = zip((Derivative(place, t) for place in solution), s.along(solution), strict=True)
    named_so = ((Derivative(solution[i], by[j]), value[i, j]) for i in range(s.n) for j in range(len(by)))
    return Variation(value, rate, (*follows, *named_so, *zip(solution, s.z, strict=True)))


def chain(s: Setting, by: Sequence[Symbol], letter: str, name: str) -> Given:
    """The loss's derivative by these numbers, and both factors of its chain rule: a(t_1) and the sensitivity there."""
    ends = [Function(value.name, real=True)(*by, t1) for value in s.z]
    loss = Function("L", real=True)(*ends)
    gradient = named(name, line([Derivative(loss, symbol) for symbol in by]))
    a = named(A_END, line([Derivative(loss, value) for value in ends]))
    return gradient, a, named(rf"\mathbf{{{letter}}}(t_1)", jacobian(ends, by))


@dataclass(frozen=True)
class Whole:
    """A row of functions of t, each an integral of something: the fundamental theorem of calculus goes through it."""

    value: ImmutableDenseMatrix

    def integral(self, low: Any, high: Any) -> ImmutableDenseMatrix:
        """Of its slope, from time to time."""
        return self.value.applyfunc(lambda entry: Integral(Derivative(entry, t), (t, low, high)))

    def at(self, time: Any, value: ImmutableDenseMatrix) -> Given:
        """The value at a time is this."""
        return pairs(at(self.value, time), value)


def setting(n: int, m: int, formulas: tuple[str, ...]) -> Setting:
    """The field that a builder was asked for.

    Raises:
        ValueError: the dimensions are none of ours, or the formulas cannot be read, or not differentiated.
    """
    if formulas:
        return _typed(formulas)
    if n not in (1, 2, 3):
        raise ValueError(f"a derivation has 1, 2 or 3 states; got {n}")
    if m not in (0, 1, 2):
        raise ValueError(f"a derivation has 0, 1 or 2 parameters; got {m}")
    return Setting(states(n), parameters(m), fields(n, m), False)


def _typed(formulas: tuple[str, ...]) -> Setting:
    field = parse_field(formulas)
    n, names = field.dimension, field.parameters
    if len(names) > MAX_TYPED_PARAMETERS:
        raise ValueError(f"at most {MAX_TYPED_PARAMETERS} parameters; there are {len(names)}: {', '.join(names)}")
    z = states(n)
    theta = tuple(Symbol(_other(name), real=True) for name in names)
    ours = {Symbol(f"z{i}", real=True): symbol for i, symbol in enumerate(z, 1)}
    ours |= {Symbol(name, real=True): symbol for name, symbol in zip(names, theta, strict=True)}

    def work() -> tuple[tuple[Any, ...], int]:
        f = tuple(component.sympy.xreplace(ours).doit() for component in field.components)
        return f, sum(sympy.count_ops(value) for value in f)

    try:
        f, size = within(_SECONDS, work)
    except OutOfTime:
        raise ValueError("these formulas take too long to work with; try shorter ones") from None
    if any(value.has(sympy.zoo, sympy.oo, sympy.nan, sympy.I) for value in f):
        raise ValueError("a formula has no finite real value")
    if any(value.has(sympy.Abs, sympy.sign) for value in f):
        raise ValueError("abs and sign have a kink: the proof needs formulas with a derivative everywhere")
    if size > MAX_OPERATIONS:
        raise ValueError(f"the formulas have {size} operations; the proofs take at most {MAX_OPERATIONS}")
    return Setting(z, theta, f, True)


def _other(name: str) -> str:
    """A name of a parameter that the derivations do not use themselves."""
    return "hhat" if name == "h" else name


def mistake(slug: str, breaks: tuple[Break, ...], name: str, s: Setting) -> None:
    """Refuse a mistake that this derivation does not know, or that would be none.

    Raises:
        ValueError: it is one of those.
    """
    if not name:
        return
    found = next((one for one in breaks if one.name == name), None)
    if found is None:
        raise ValueError(f"{slug} can be broken by {', '.join(one.name for one in breaks)}; got {name!r}")
    if s.n < found.least_n:
        raise ValueError(f"with {counted(s.n, 'state')} this is no mistake; take {found.least_n} or more")
    if s.m < found.least_m:
        raise ValueError(f"with {counted(s.m, 'parameter')} this is no mistake; take {found.least_m} or more")


def named(name: str, entries: Any) -> tuple[MatrixSymbol, Any]:
    """A name that is printed, and the matrix that it stands for in a check."""
    return MatrixSymbol(name, *entries.shape), entries


def functions(letter: str, rows: int, columns: int) -> ImmutableDenseMatrix:
    """A matrix of undefined functions of t."""
    return matrix(rows, columns, lambda i, j: Function(f"{letter}_{{{i + 1}{j + 1}}}", real=True)(t))


def matrix(rows: int, columns: int, entry: Any) -> ImmutableDenseMatrix:
    """Entry by entry: `entry(i, j)`."""
    return ImmutableDenseMatrix(rows, columns, entry)


def column(values: Sequence[Any]) -> ImmutableDenseMatrix:
    """A column."""
    return ImmutableDenseMatrix(len(values), 1, list(values))


def line(values: Sequence[Any]) -> ImmutableDenseMatrix:
    """A row."""
    return ImmutableDenseMatrix(1, len(values), list(values))


def at(entries: ImmutableDenseMatrix, time: Any) -> ImmutableDenseMatrix:
    """A matrix of functions of t, at another time."""
    return entries.xreplace({t: time})


def slope_of(entries: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
    """The derivatives by t, not carried out."""
    return entries.applyfunc(lambda entry: Derivative(entry, t))


def rates(entries: ImmutableDenseMatrix, values: ImmutableDenseMatrix) -> Given:
    """The time derivatives of the entries are these values."""
    return tuple((Derivative(entry, t), value) for entry, value in zip(entries.flat(), values.flat(), strict=True))


def pairs(entries: ImmutableDenseMatrix, values: ImmutableDenseMatrix) -> Given:
    """The entries are these values."""
    return tuple(zip(entries.flat(), values.flat(), strict=True))


def counted(number: int, word: str) -> str:
    """The number and the word, in the plural if it takes one."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
