"""Whether two sides are equal: what is given put in, the difference simplified, or shown not to be 0."""

import sympy
from sympy import Derivative, Integral, MatrixSymbol, Symbol
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.matrices import ImmutableDenseMatrix, MatrixBase
from sympy.matrices.expressions.matexpr import MatrixExpr

from core.derivations.step import Side, Verdict

Given = tuple[tuple[Side, Side], ...]
"""Pairs (this, is that): a derivative of a function, a name, or a `MatrixSymbol` and its entries."""

_ROUNDS = 12
"""Bound on repeated substitution; each round lowers the order of a derivative by one."""

SHORT = 40
"""Operations up to which a difference that is not 0 is simplified, to be read."""


def apply(side: Side, given: Given) -> Side:
    """`side` with what is `given` put in, again and again until nothing changes.

    Matrices are opened first. Derivatives are carried out in between, so z''(t) becomes d/dt f(z(t), t) and then its
    chain rule. A name that stands for a function's value goes in last: before, its derivative would vanish.
    """
    side = explicit(side, given)
    derivatives = [pair for pair in given if isinstance(pair[0], Derivative)]
    for _ in range(_ROUNDS):
        changed = side.doit().subs(derivatives).doit()
        if changed == side:
            break
        side = changed
    names = [pair for pair in given if not isinstance(pair[0], Derivative | MatrixSymbol)]
    return side.subs(names).doit()


def explicit(side: Side, given: Given) -> Side:
    """A matrix expression with its entries written out; anything else as it is.

    Raises:
        ValueError: the entries of a `MatrixSymbol` are not given.
    """
    if not isinstance(side, MatrixExpr | MatrixBase) and not side.has(MatrixSymbol):
        return side
    entries: dict[Side, Side] = {name: value for name, value in given if isinstance(name, MatrixSymbol)}
    for _ in range(_ROUNDS):  # entries may be matrix expressions themselves
        if not side.atoms(MatrixSymbol).intersection(entries):
            break
        side = side.subs(entries)
    side = side.doit()
    if isinstance(side, MatrixExpr):
        side = side.as_explicit()
    if side.atoms(MatrixSymbol):
        raise ValueError(f"the entries of {side.atoms(MatrixSymbol)} are not given")
    return ImmutableDenseMatrix(side) if isinstance(side, MatrixBase) else side


def opened_up(side: Side, given: Given, variable: Symbol) -> Side:
    """`side` ready to be expanded in `variable`: matrices explicit, names that stand for what depends on it put in."""
    names = [pair for pair in given if isinstance(pair[0], Symbol) and variable in sympy.S(pair[1]).free_symbols]
    return explicit(side, given).subs(names)


def decide(difference: Side, how: str) -> Verdict:
    """Proved if the difference is 0, failed if it surely is not, undecided otherwise."""
    if isinstance(difference, MatrixBase):
        return _decide_entries(ImmutableDenseMatrix(difference), how)
    difference = sympy.expand(difference)
    if difference == 0:
        return Verdict("proved", how)
    if surely_not_zero(difference):  # before any simplification, which may take long and can only end the same way
        return Verdict("failed", "the difference of both sides is not 0", _shorter(difference))
    if sympy.cancel(sympy.together(difference)) == 0:  # sooner than simplify, and it never takes long
        return Verdict("proved", how)
    difference = sympy.simplify(difference)
    if difference == 0:
        return Verdict("proved", how)
    if surely_not_zero(difference):
        return Verdict("failed", "the difference of both sides is not 0", difference)
    return Verdict("undecided", "sympy could not decide whether the difference is 0", difference)


def _shorter(difference: Side) -> Side:
    if sympy.count_ops(difference) >= SHORT:
        return difference
    # simplify may take minutes where there is a tanh of a tanh
    return sympy.factor(difference) if difference.has(HyperbolicFunction) else sympy.simplify(difference)


def _decide_entries(difference: ImmutableDenseMatrix, how: str) -> Verdict:
    verdicts = [decide(entry, how) for entry in difference.flat()]
    for status in ("failed", "undecided"):
        for verdict in verdicts:
            if verdict.status == status:
                left = [found.difference or sympy.S.Zero for found in verdicts]
                return Verdict(status, verdict.how, ImmutableDenseMatrix(*difference.shape, left))
    return Verdict("proved", f"{how}, in each of {len(verdicts)} entries" if len(verdicts) > 1 else how)


def surely_not_zero(difference: Side) -> bool:
    """Whether it has a value other than 0 where all its symbols, functions and derivatives have values of their own."""
    if difference.has(sympy.Subs, Integral):
        return False  # two of these can be equal and look different
    parts = sorted(
        difference.atoms(Derivative, AppliedUndef).union(difference.free_symbols), key=sympy.default_sort_key
    )
    for shift in (1, 5):
        values = {part: sympy.Rational(sympy.prime(n + shift), sympy.prime(n + 9)) for n, part in enumerate(parts)}
        value = sympy.N(difference.xreplace(values), 30)
        if value.is_number and abs(value) > 1e-15:
            return True
    return False


def is_name(side: Side) -> bool:
    """Whether a definition may define this."""
    return isinstance(side, Symbol | AppliedUndef | MatrixSymbol)
