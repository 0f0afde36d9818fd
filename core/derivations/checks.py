"""The ways to decide a step; each says what it may print and what it found."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

import sympy
from sympy import O, Rational, Symbol
from sympy.matrices import MatrixBase

from core.derivations.deciding import Given, apply, decide, is_name, opened_up
from core.derivations.step import Side, Verdict


@dataclass(frozen=True)
class Definition:
    """The left side is a new name, or a demand; there is nothing to prove."""

    kind = "definition"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Defined, unless the name stands in its own definition."""
        if is_name(lhs) and rhs.has(lhs):
            return Verdict("failed", "the name is used in its own definition")
        return Verdict("defined", "a definition: nothing to check")

    def latex(self, lhs: str, rhs: str) -> str:
        """``lhs := rhs``."""
        return f"{lhs} := {rhs}"


@dataclass(frozen=True)
class Identity:
    """Both sides are equal for all values of their symbols and all (smooth) functions; entry by entry for matrices.

    Attributes:
        given: pairs (this, is that), used on both sides until nothing changes: what is known of the functions,
            such as (z'(t), f(z(t), t)), and the entries of the matrices named.
    """

    given: Given = ()
    kind = "identity"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Simplify the difference."""
        how = "symbolically: the difference of both sides simplifies to 0"
        return decide(_minus(apply(lhs, self.given), apply(rhs, self.given)), how)

    def latex(self, lhs: str, rhs: str) -> str:
        """``lhs = rhs``."""
        return f"{lhs} = {rhs}"


@dataclass(frozen=True)
class Series:
    """Both sides have the same Taylor series in `variable` around 0, up to but without its power `order`.

    Attributes:
        given: as for `Identity`; used on the coefficients.
    """

    variable: Symbol
    order: int
    given: Given = ()
    kind = "series"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Expand both sides and compare."""
        try:
            opened = (opened_up(side, self.given, self.variable) for side in (lhs, rhs))
            sides = [apply(_each(side, self._expanded), self.given) for side in opened]
        except (NotImplementedError, ValueError):
            return Verdict("undecided", "sympy found no series")
        powers = f"all powers of {self.variable} below {self.order}"
        how = f"symbolically: {powers} of both sides' Taylor series agree"
        difference = _each(_minus(*sides), sympy.expand)
        if not all(entry.is_polynomial(self.variable) for entry in _entries(difference)):
            return Verdict("undecided", f"the sides have no Taylor series in {self.variable}")
        return decide(_each(difference, self._kept), how)

    def latex(self, lhs: str, rhs: str) -> str:
        """``lhs = rhs + O(h^n)``."""
        return f"{lhs} = {rhs} + {sympy.latex(O(self.variable**self.order))}"

    def _expanded(self, side: Side) -> Side:
        if not side.has(self.variable):
            return side
        return sympy.expand(side.series(self.variable, 0, self.order).removeO().doit())

    def _kept(self, difference: Side) -> Side:
        powers = (difference.coeff(self.variable, n) * self.variable**n for n in range(self.order))
        return sum(powers, sympy.S.Zero)


@dataclass(frozen=True)
class LimitOf:
    """The left side tends to the right side as `variable` goes to 0; the functions in it are differentiable.

    Attributes:
        given: as for `Identity`.
    """

    variable: Symbol
    given: Given = ()
    kind = "limit"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Expand the left side up to its constant term: sympy's `limit` gives up on undefined functions."""
        try:
            limit = _each(opened_up(lhs, self.given, self.variable), self._constant)
        except (NotImplementedError, ValueError):
            return Verdict("undecided", "sympy found no series")
        how = f"symbolically: the Taylor series of the left side, at {self.variable} = 0"
        return decide(_minus(apply(limit, self.given), apply(rhs, self.given)), how)

    def latex(self, lhs: str, rhs: str) -> str:
        """``lim lhs = rhs``."""
        return rf"\lim_{{{sympy.latex(self.variable)} \to 0}} {lhs} = {rhs}"

    def _constant(self, side: Side) -> Side:
        return sympy.expand(side.series(self.variable, 0, 1).removeO().doit())


Draw = Callable[[Random], Side]
"""How to draw a value of a symbol: exact numbers, so that nothing but the sides themselves can differ."""


def integers(low: int, high: int) -> Draw:
    """Whole numbers from `low` to `high`, both included."""
    return lambda random: random.randint(low, high)


def numbers(low: float, high: float) -> Draw:
    """Fractions between `low` and `high` with 1,000 as their denominator."""
    return lambda random: Rational(random.randint(round(low * 1000), round(high * 1000)), 1000)


@dataclass(frozen=True)
class Sampled:
    """Both sides agree at random values of their symbols: evidence, not a proof.

    Attributes:
        draws: a symbol -> how to draw it, in this order; symbols left out are drawn from (-2, 2).
        valid: whether drawn values make sense together; others are drawn anew.
        given: as for `Identity`, put in before.
        tolerance: on the difference, relative to 1 + the left side.
    """

    draws: Mapping[Symbol, Draw] = field(default_factory=dict)
    valid: Callable[[Mapping[Symbol, Side]], bool] = lambda _: True
    samples: int = 100
    seed: int = 0
    tolerance: float = 1e-12
    given: Given = ()
    kind = "samples"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Draw, and compare to 30 digits."""
        left, right = apply(lhs, self.given), apply(rhs, self.given)
        random = Random(self.seed)
        for _ in range(self.samples):
            values = self.drawn(random, left.free_symbols.union(right.free_symbols))
            at_left, at_right = sympy.N(left.xreplace(values), 30), sympy.N(right.xreplace(values), 30)
            difference = _minus(at_left, at_right)
            if not all(entry.is_number and entry.is_finite for entry in _entries(at_left) + _entries(difference)):
                return Verdict("undecided", "the sides have no value at numbers")
            entries = zip(_entries(difference), _entries(at_left), strict=True)
            if any(abs(entry) > self.tolerance * (1 + abs(size)) for entry, size in entries):
                where = ", ".join(f"{name} = {sympy.N(value, 6)}" for name, value in values.items())
                return Verdict("failed", f"the sides differ at {where}", sympy.N(difference, 6))
        return Verdict("sampled", self.how)

    @property
    def how(self) -> str:
        """In words, with all that is needed to do it again."""
        if self.samples == 1:
            return f"numerically at these numbers, tolerance {self.tolerance:g}"
        return f"numerically, {self.samples} samples, tolerance {self.tolerance:g}, seed {self.seed}"

    def drawn(self, random: Random, symbols: set[Symbol]) -> dict[Symbol, Side]:
        """Values for these symbols that make sense together."""
        rest = sorted(symbols - self.draws.keys(), key=lambda symbol: symbol.name)
        while True:
            values = {name: sympy.sympify(draw(random)) for name, draw in self.draws.items()}
            values |= {name: sympy.sympify(numbers(-2, 2)(random)) for name in rest}
            if self.valid(values):
                return values

    def latex(self, lhs: str, rhs: str) -> str:
        """``lhs = rhs``."""
        return f"{lhs} = {rhs}"


@dataclass(frozen=True)
class Matches:
    """The formula on the right gives what a function of `core`, or of torch, computes at random arguments.

    Attributes:
        compute: values of the drawn symbols -> what the left side is there, as a number.
        names: of what it runs, in words: "`core.ode.odeint_adjoint`".
        sampled: how the values are drawn and compared.
    """

    compute: Callable[[Mapping[Symbol, Side]], float]
    names: str
    sampled: Sampled
    kind = "core"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Draw, compute, compare."""
        right = apply(rhs, self.sampled.given)
        random = Random(self.sampled.seed)
        for _ in range(self.sampled.samples):
            values = self.sampled.drawn(random, right.free_symbols)
            told, computed = sympy.N(right.xreplace(values), 30), self.compute(values)
            if not (told.is_number and told.is_finite):
                return Verdict("undecided", "the formula has no value at numbers")
            if not math.isfinite(computed) or abs(told - computed) > self.sampled.tolerance * (1 + abs(computed)):
                where = ", ".join(f"{name} = {sympy.N(value, 6)}" for name, value in values.items())
                return Verdict("failed", f"{self.names} gives another value at {where}", sympy.N(computed - told, 6))
        return Verdict("sampled", f"{self.sampled.how}: equal to what {self.names} computes")

    def latex(self, lhs: str, rhs: str) -> str:
        """``lhs = rhs``."""
        return f"{lhs} = {rhs}"


def _minus(left: Side, right: Side) -> Side:
    """The difference; of a matrix and a number too, if one of them is 0."""
    if isinstance(left, MatrixBase) != isinstance(right, MatrixBase):
        matrix, number = (left, right) if isinstance(left, MatrixBase) else (right, left)
        right_filled = sympy.ones(*matrix.shape) * number
        return left - right_filled if matrix is left else right_filled * 1 - right
    return left - right


def _each(side: Side, change: Callable[[Side], Side]) -> Side:
    return side.applyfunc(change) if isinstance(side, MatrixBase) else change(side)


def _entries(side: Side) -> list[Side]:
    return list(side.flat()) if isinstance(side, MatrixBase) else [side]
