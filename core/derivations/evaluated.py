"""A check with exact numbers: matrices of fractions, of numbers with a square root, or of fractions of polynomials.

The sides are formulas of `MatrixSymbol`s; what they stand for is put in, and the arithmetic is carried out without
rounding, in sympy's own domains. It is far quicker than sympy's matrices of expressions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy
from sympy import MatrixSymbol
from sympy.matrices import ImmutableDenseMatrix, MatrixBase
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.polys.matrices import DomainMatrix

from core.derivations.deciding import decide
from core.derivations.step import Side, Verdict

Entries = tuple[tuple[MatrixSymbol, Any], ...]
"""Pairs (name, `DomainMatrix`), all over one domain."""


@dataclass(frozen=True)
class Evaluated:
    """Both sides have the same value where these matrices stand for their names.

    Attributes:
        entries: the matrices, from `exact`.
        tolerance: above 0 where numbers in the matrices, or on the right, are themselves rounded: how far apart an
            entry's coefficients may be. The relation printed is then "about", and the verdict no proof.
        because: why there is a tolerance.
    """

    entries: Entries
    tolerance: Fraction | int = 0
    because: str = ""

    @property
    def kind(self) -> str:
        """Only exact equality is "evaluated"."""
        return "rounded" if self.tolerance else "evaluated"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        """Carry the arithmetic out."""
        try:
            difference = self._difference(lhs, rhs)
        except NotImplementedError as error:
            return Verdict("undecided", str(error))
        if not self.tolerance:
            return decide(difference, "exactly: the numbers put in, both sides have the same value")
        entries = [sympy.expand(entry) for entry in difference] if isinstance(difference, MatrixBase) else [difference]
        sizes = [abs(factor) for entry in entries for factor in sympy.expand(entry).as_coefficients_dict().values()]
        largest = max(sizes, default=sympy.S.Zero)
        if largest <= sympy.sympify(self.tolerance):
            within = f"the sides differ by {float(largest):.1e} at most"
            return Verdict("sampled", f"with the numbers put in: {within}; {self.because}")
        return Verdict("failed", "the sides have different values", difference)

    def latex(self, lhs: str, rhs: str) -> str:
        """``lhs = rhs``, or about so."""
        return rf"{lhs} \approx {rhs}" if self.tolerance else f"{lhs} = {rhs}"

    def _difference(self, lhs: Side, rhs: Side) -> Side:
        table = dict(self.entries)
        left = value(lhs, table)
        if isinstance(rhs, MatrixBase):
            return left.to_Matrix() - rhs
        return _plain(left - value(rhs, table)) if isinstance(rhs, MatrixExpr) else _plain(left) - rhs


def exact(matrices: Iterable[tuple[MatrixSymbol, Any]]) -> Entries:
    """Matrices of sympy's numbers, ready for exact arithmetic: all in the smallest domain that holds them all."""
    pairs = [(name, DomainMatrix.from_Matrix(sympy.Matrix(matrix), extension=True)) for name, matrix in matrices]
    domain = reduce(lambda one, other: one.unify(other), (matrix.domain for _, matrix in pairs))
    domain = domain.get_field()
    return tuple((name, matrix.convert_to(domain).to_dense()) for name, matrix in pairs)


def value(side: Side, known: dict[Any, Any]) -> Any:
    """The `DomainMatrix` that a formula of matrices stands for.

    Args:
        side: the formula.
        known: what its names stand for; the values of its parts are added.

    Raises:
        NotImplementedError: an operation other than sums, products and powers of named matrices.
    """
    if side not in known:
        known[side] = _value(side, known)
    return known[side]


def _value(side: Side, known: dict[Any, Any]) -> Any:
    if isinstance(side, sympy.MatMul):
        domain = next(iter(known.values())).domain
        numbers = [domain.from_sympy(factor) for factor in side.args if not isinstance(factor, MatrixExpr)]
        product = reduce(
            lambda one, other: one * other,
            (value(factor, known) for factor in side.args if isinstance(factor, MatrixExpr)),
        )
        return reduce(lambda one, number: one * number, numbers, product)
    if isinstance(side, sympy.MatAdd):
        return reduce(lambda one, other: one + other, (value(term, known) for term in side.args))
    if isinstance(side, sympy.HadamardProduct):
        return reduce(lambda one, other: one.mul_elementwise(other), (value(term, known) for term in side.args))
    if isinstance(side, sympy.HadamardPower):
        return reduce(lambda one, other: one.mul_elementwise(other), [value(side.base, known)] * int(str(side.exp)))
    if isinstance(side, sympy.MatPow):
        return reduce(lambda one, other: one * other, [value(side.base, known)] * int(str(side.exp)))
    raise NotImplementedError(f"no exact value for {type(side).__name__}")


def _plain(matrix: Any) -> Side:
    """Of sympy's expressions again; a matrix of one entry as that entry."""
    plain = ImmutableDenseMatrix(matrix.to_Matrix())
    return plain[0, 0] if plain.shape == (1, 1) else plain
