r"""The order conditions of every Runge-Kutta method, from the exact numbers of its tableau.

A method has order p when :math:`\mathbf b \mathbf u(\tau) = 1 / \gamma(\tau)` for each rooted tree of at most p
vertices; :math:`\mathbf u(\tau)` is the product, entry by entry, of the :math:`\mathbf A \mathbf u(\sigma)` of the
trees :math:`\sigma` that hang from its root, and :math:`\gamma` the product of the sizes of all its subtrees.

Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section II.2, theorem 2.13.
"""

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from typing import Any

from sympy import HadamardPower, HadamardProduct, MatrixSymbol, Rational, ones, sqrt, zeros
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.evaluated import Entries, Evaluated, exact, value
from core.derivations.step import Derivation, Step
from core.ode.surd import Exact, Surd
from core.ode.tableau import Tableau
from core.ode.tableaus import TABLEAUS
from core.ode.trees import Tree, density, size, trees

ONE_BY_ONE = 5
"""Trees up to this order have a step each; those above share one step for each order."""


def order_conditions(name: str = "rk4_classic") -> Derivation:
    """All order conditions of a method of `core.ode`, those of its embedded method, and one that it misses.

    Raises:
        KeyError: no tableau of this name.
    """
    tableau = TABLEAUS[name]
    names = Names(tableau)
    steps = [
        Step(
            names.A * names.one,
            names.c if any(tableau.c) else zeros(tableau.stages, 1),
            rf"The tableau of {name.replace('_', ' ')}: a matrix $\mathbf{{A}}$, a row $\mathbf{{b}}$ of weights, a "
            r"column $\mathbf{c}$ of nodes. Each node is the sum of its row in $\mathbf{A}$; $\mathbf{1}$ is a column "
            "of ones.",
            names.check(),
        ),
        *_conditions(names, names.b, tableau.order),
    ]
    if not tableau.tolerance:
        steps.append(_missed(names, tableau))
    if tableau.embedded is not None and tableau.embedded_order is not None:
        steps += _conditions(names, names.embedded, tableau.embedded_order)
    return Derivation(
        f"The order of {name}: {tableau.order}",
        f"The tableau of {name}, as `core.ode` computes with it{_rounded(tableau)}. That these conditions give the "
        "order, for every smooth f, is the theorem of the source.",
        f"Hairer, Norsett, Wanner 1993, section II.2, theorem 2.13; the tableau: {tableau.source}",
        tuple(steps),
    )


class Names:
    """The matrices of a tableau: their names and their numbers."""

    def __init__(self, tableau: Tableau) -> None:
        s = tableau.stages
        self.A, self.b = MatrixSymbol("A", s, s), MatrixSymbol("b", 1, s)
        self.c, self.one = MatrixSymbol("c", s, 1), MatrixSymbol("1", s, 1)
        self.embedded = MatrixSymbol(r"\hat{\mathbf{b}}", 1, s)
        matrices = [
            (self.A, ImmutableDenseMatrix([[number(x) for x in row] for row in tableau.a])),
            (self.b, ImmutableDenseMatrix([[number(x) for x in tableau.b]])),
            (self.c, ImmutableDenseMatrix([number(x) for x in tableau.c])),
            (self.one, ones(s, 1)),
        ]
        if tableau.embedded is not None:
            matrices.append((self.embedded, ImmutableDenseMatrix([[number(x) for x in tableau.embedded]])))
        self.entries: Entries = exact(matrices)
        self.known: dict[Any, Any] = dict(self.entries)
        """What formulas of them stand for, as far as they were evaluated."""
        self.tolerance = tableau.tolerance

    def check(self, more: Entries = ()) -> Evaluated:
        """Exact equality, up to the rounding of the numbers as published."""
        return Evaluated((*self.entries, *more), self.tolerance, "the published numbers are rounded")

    def vector(self, tree: Tree) -> Any:
        """u of a tree, written with A, c and 1."""
        if not tree:
            return self.one
        counted = sorted(Counter(tree).items(), key=lambda item: (size(item[0]), item[0]))
        factors = []
        for branch, times in counted:
            factor = self.c if not branch else self.A * self.vector(branch)
            factors.append(factor if times == 1 else HadamardPower(factor, times))
        return factors[0] if len(factors) == 1 else HadamardProduct(*factors)


def number(x: Exact) -> Any:
    """An exact coefficient as sympy's number."""
    if isinstance(x, Surd):
        return number(x.a) + number(x.b) * sqrt(x.d)
    return Rational(x.numerator, x.denominator)


def _conditions(names: Names, weights: MatrixSymbol, order: int) -> Iterator[Step]:
    which = "of the embedded weights " if weights == names.embedded else ""
    hat = r"$\hat{\mathbf{b}}$" if which else r"$\mathbf{b}$"
    for p in range(1, min(order, ONE_BY_ONE) + 1):
        for first, tree in enumerate(trees(p)):
            head = ""
            if not first:
                number_of = f"{len(trees(p))} condition" + "s" * (len(trees(p)) > 1)
                head = f"**Order {p}** {which}{hat}: {number_of}. " if which else f"**Order {p}**: {number_of}. "
            yield Step(weights * names.vector(tree), Rational(1, density(tree)), head + _about(tree), names.check())
    for p in range(ONE_BY_ONE + 1, order + 1):
        yield _together(names, weights, p)


def _together(names: Names, weights: MatrixSymbol, p: int) -> Step:
    """All conditions of one order, as one vector."""
    count = len(trees(p))
    left = MatrixSymbol(rf"\mathbf{{\Phi}}_{p}", count, 1)
    right = MatrixSymbol(rf"\mathbf{{\Gamma}}_{p}", count, 1)
    found = [value(weights * names.vector(tree), names.known) for tree in trees(p)]
    wanted = exact([(right, ImmutableDenseMatrix([Rational(1, density(tree)) for tree in trees(p)]))])[0][1]
    entries = (
        (left, reduce(lambda one, other: one.vstack(other), found)),
        (right, wanted.convert_to(found[0].domain)),
    )
    hat = r"\hat{\mathbf{b}}" if weights == names.embedded else r"\mathbf{b}"
    return Step(
        left,
        right,
        rf"**Order {p}**, all {count} trees together: $\mathbf{{\Phi}}_{p}$ is the column of their "
        rf"${hat}\,\mathbf{{u}}(\tau)$, formed as above, $\mathbf{{\Gamma}}_{p}$ that of their $1/\gamma(\tau)$.",
        names.check(entries),
    )


def _missed(names: Names, tableau: Tableau) -> Step:
    """A condition of the next order that is not met, the one with the shortest value."""
    missed = [tree for tree, residual in tableau.order_residuals(tableau.order + 1).items() if residual]
    values = {tree: value(names.b * names.vector(tree), names.known).to_Matrix()[0, 0] for tree in missed}
    tree = min(values, key=lambda tree: (len(str(values[tree])), tree))
    return Step(
        names.b * names.vector(tree),
        values[tree],
        f"Order {tableau.order + 1} would ask for $1/{density(tree)}$ here: missed, so the order of $\\mathbf{{b}}$ is "
        f"exactly {tableau.order}.",
        names.check(),
    )


def _about(tree: Tree) -> str:
    vertices = size(tree)
    text = rf"Tree ${_written(tree)}$ of {vertices} " + ("vertex" if vertices == 1 else "vertices")
    if tree == ():
        return rf"{text}, $\gamma = 1$: the weights' sum is $1/\gamma$."
    if tree == ((),):
        return rf"{text}, $\gamma = {density(tree)}$, the product of its subtrees' sizes."
    if tree == ((), ()):
        return rf"{text}, $\gamma = {density(tree)}$; $\circ$ is the product or power entry by entry."
    return rf"{text}, $\gamma = {density(tree)}$."


def _written(tree: Tree) -> str:
    """Hairer's notation: a vertex, and brackets around what hangs from one."""
    return rf"[{', '.join(_written(branch) for branch in tree)}]" if tree else r"\tau"


def _rounded(tableau: Tableau) -> str:
    if not tableau.tolerance:
        return ", without rounding"
    return f", up to {float(tableau.tolerance):.1e}: its numbers were published rounded"
