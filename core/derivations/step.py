r"""One step of a derivation: two sides, why they belong together, and the check that decides it.

The sides are kept apart, because `sympy.Eq(x + x, 2*x)` collapses to True and nothing would be left to print. The check
chooses the printed relation, so a page cannot claim more than was checked: a definition prints ``:=`` and gets no tick,
a series prints its :math:`O(h^n)`.

>>> x, h = sympy.symbols("x h")
>>> Step(x + x, 2 * x, "like terms", Identity()).verify().status
'proved'
>>> wrong = Step(sympy.sin(h), h - h**2, "Taylor", Series(h, 3)).verify()
>>> wrong.status, wrong.difference
('failed', h**2)
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import sympy
from sympy import Derivative, Expr, O, Symbol
from sympy.core.function import AppliedUndef

Status = Literal["defined", "proved", "failed", "undecided"]

_ROUNDS = 12
"""Bound on repeated substitution; each round lowers the order of a derivative by one."""


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    status: Status
    how: str
    """How it was decided, in words."""
    difference: Expr | None = None
    """Left side minus right side, simplified, where the check came that far and it is not zero."""


class Check(Protocol):
    """A way to decide a step, and the relation it may print."""

    def verdict(self, lhs: Expr, rhs: Expr) -> Verdict:
        """Decide it."""
        ...

    def latex(self, lhs: Expr, rhs: Expr) -> str:
        """Both sides, with the relation that this check can vouch for."""
        ...


@dataclass(frozen=True)
class Step:
    """`lhs` and `rhs` belong together as `check` says, because of `why`."""

    lhs: Expr
    rhs: Expr
    why: str
    """The reason, as Markdown."""
    check: Check

    def verify(self) -> Verdict:
        """Run the check."""
        return self.check.verdict(self.lhs, self.rhs)

    @property
    def latex(self) -> str:
        """The step as it was checked."""
        return self.check.latex(self.lhs, self.rhs)


@dataclass(frozen=True)
class Definition:
    """The left side is a new name, or a demand; there is nothing to prove."""

    def verdict(self, lhs: Expr, rhs: Expr) -> Verdict:
        """Defined, unless the name stands in its own definition."""
        if isinstance(lhs, Symbol | AppliedUndef) and rhs.has(lhs):
            return Verdict("failed", "the name is used in its own definition")
        return Verdict("defined", "a definition: nothing to check")

    def latex(self, lhs: Expr, rhs: Expr) -> str:
        """``lhs := rhs``."""
        return f"{_tex(lhs)} := {_tex(rhs)}"


@dataclass(frozen=True)
class Identity:
    """Both sides are equal for all values of their symbols and all (smooth) functions.

    Attributes:
        given: pairs (this, is that), used on both sides until nothing changes: what is known of the functions,
            such as (z'(t), f(z(t), t)).
    """

    given: tuple[tuple[Expr, Expr], ...] = ()

    def verdict(self, lhs: Expr, rhs: Expr) -> Verdict:
        """Simplify the difference."""
        how = "symbolically: the difference of both sides simplifies to 0"
        return _decide(apply(lhs, self.given) - apply(rhs, self.given), how)

    def latex(self, lhs: Expr, rhs: Expr) -> str:
        """``lhs = rhs``."""
        return f"{_tex(lhs)} = {_tex(rhs)}"


@dataclass(frozen=True)
class Series:
    """Both sides have the same Taylor series in `variable` around 0, up to but without its power `order`.

    Attributes:
        given: as for `Identity`; used on the coefficients.
    """

    variable: Symbol
    order: int
    given: tuple[tuple[Expr, Expr], ...] = ()

    def verdict(self, lhs: Expr, rhs: Expr) -> Verdict:
        """Expand both sides and compare."""
        try:
            sides = [apply(_expanded(side, self.variable, self.order), self.given) for side in (lhs, rhs)]
        except (NotImplementedError, ValueError):
            return Verdict("undecided", "sympy found no series")
        difference = sympy.expand(sides[0] - sides[1])
        kept = sum((difference.coeff(self.variable, n) * self.variable**n for n in range(self.order)), sympy.S.Zero)
        powers = f"all powers of {self.variable} below {self.order}"
        return _decide(kept, f"symbolically: {powers} of both sides' Taylor series agree")

    def latex(self, lhs: Expr, rhs: Expr) -> str:
        """``lhs = rhs + O(h^n)``."""
        return f"{_tex(lhs)} = {_tex(rhs)} + {sympy.latex(O(self.variable**self.order))}"


@dataclass(frozen=True)
class LimitOf:
    """The left side tends to the right side as `variable` goes to 0; the functions in it are differentiable.

    Attributes:
        given: as for `Identity`.
    """

    variable: Symbol
    given: tuple[tuple[Expr, Expr], ...] = ()

    def verdict(self, lhs: Expr, rhs: Expr) -> Verdict:
        """Expand the left side up to its constant term: sympy's `limit` gives up on undefined functions."""
        try:
            series = lhs.series(self.variable, 0, 1)
        except (NotImplementedError, ValueError):
            return Verdict("undecided", "sympy found no series")
        limit = apply(sympy.expand(series.removeO().doit()), self.given)
        difference = sympy.expand(limit - apply(rhs, self.given))
        return _decide(difference, f"symbolically: the Taylor series of the left side, at {self.variable} = 0")

    def latex(self, lhs: Expr, rhs: Expr) -> str:
        """``lim lhs = rhs``."""
        return rf"\lim_{{{sympy.latex(self.variable)} \to 0}} {_tex(lhs)} = {_tex(rhs)}"


def _tex(expression: Expr) -> str:
    """LaTeX with t before h in t + h, as people write it, and no derivative inside a fraction."""
    split = {"long_frac_ratio": 2} if expression.has(Derivative) else {}
    return sympy.latex(expression, order="rev-lex", **split)


def apply(expression: Expr, given: tuple[tuple[Expr, Expr], ...]) -> Expr:
    """`expression` with what is `given` put in, again and again until nothing changes.

    Derivatives are carried out in between, so z''(t) becomes d/dt f(z(t), t) and then its chain rule.
    """
    for _ in range(_ROUNDS):
        # A name that stands for a function's value goes in last: before, its derivative would vanish.
        derivatives = [pair for pair in given if isinstance(pair[0], Derivative)]
        changed = expression.doit().subs(derivatives).doit()
        if changed == expression:
            break
        expression = changed
    names = [pair for pair in given if not isinstance(pair[0], Derivative)]
    return expression.subs(names).doit()


def _expanded(side: Expr, variable: Symbol, order: int) -> Expr:
    return sympy.expand(side.series(variable, 0, order).removeO().doit()) if side.has(variable) else side


def _decide(difference: Expr, how: str) -> Verdict:
    """Proved if the difference is 0, failed if it surely is not, undecided otherwise."""
    difference = sympy.simplify(difference)
    if difference == 0:
        return Verdict("proved", how)
    if _surely_not_zero(difference):
        return Verdict("failed", "the difference of both sides is not 0", difference)
    return Verdict("undecided", "sympy could not decide whether the difference is 0", difference)


def _surely_not_zero(difference: Expr) -> bool:
    """Whether it has a value other than 0 where all its symbols, functions and derivatives have values of their own."""
    if difference.has(sympy.Subs):
        return False  # two of these can be equal and look different
    parts = sorted(difference.atoms(Derivative, AppliedUndef) | difference.free_symbols, key=sympy.default_sort_key)
    for shift in (1, 5):
        values = {part: sympy.Rational(sympy.prime(n + shift), sympy.prime(n + 9)) for n, part in enumerate(parts)}
        value = sympy.N(difference.xreplace(values), 30)
        if value.is_number and abs(value) > 1e-15:
            return True
    return False
