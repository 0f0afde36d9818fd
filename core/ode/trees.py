r"""Rooted trees and the order conditions of Runge-Kutta methods.

A tree is the sorted tuple of the trees that hang from its root: `()` is the single vertex, `((),)` the chain of two.
A method has order p when, for every tree :math:`\tau` with at most p vertices,

.. math:: \sum_i b_i u_i(\tau) = \frac{1}{\gamma(\tau)}, \qquad u_i(\tau) = \prod_{\sigma \in \tau} (A\, u(\sigma))_i,

with the density :math:`\gamma(\tau) = |\tau| \prod_{\sigma \in \tau} \gamma(\sigma)`. The first trees say
:math:`\sum b_i = 1` and :math:`\sum b_i c_i = 1/2`.

Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, II.2, theorem 2.13; for the continuous
conditions II.6, theorem 6.1.

>>> [len(trees(order)) for order in range(1, 9)]
[1, 1, 2, 4, 9, 20, 48, 115]
>>> [(size(tree), density(tree)) for tree in trees(3)]
[(3, 3), (3, 6)]
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import lcm, prod

from core.ode.surd import Exact

Tree = tuple["Tree", ...]


@cache
def trees(order: int) -> tuple[Tree, ...]:
    """All rooted trees with `order` vertices, each once.

    Raises ValueError for an order below 1.
    """
    if order < 1:
        raise ValueError(f"A rooted tree has at least one vertex; got order {order}")
    return tuple(sorted(_forests(order - 1, order - 1)))


@cache
def _forests(vertices: int, largest: int) -> tuple[Tree, ...]:
    """Sorted tuples of trees with `vertices` in all, no tree larger than `largest`."""
    if vertices == 0:
        return ((),)
    found: set[Tree] = set()
    for root_size in range(1, min(vertices, largest) + 1):
        for tree in trees(root_size):
            for rest in _forests(vertices - root_size, root_size):
                found.add(tuple(sorted((tree, *rest))))
    return tuple(found)


@cache
def size(tree: Tree) -> int:
    """The number of vertices."""
    return 1 + sum(size(branch) for branch in tree)


@cache
def density(tree: Tree) -> int:
    r""":math:`\gamma(\tau)`; the exact solution's coefficient is its reciprocal."""
    return size(tree) * prod(density(branch) for branch in tree)


def chain(order: int) -> Tree:
    r"""The tree without branching, whose :math:`u(\tau)` is :math:`A^{|\tau| - 1} \mathbf{1}`."""
    return (chain(order - 1),) if order > 1 else ()


class StageWeights:
    r"""The vectors :math:`u(\tau)` of one matrix A, each computed once.

    `a` has shape (s, s). A rational A is multiplied by its common denominator D, so that the work is
    done in integers: :math:`u(\tau)` is then :math:`D^{|\tau| - 1}` times too large, which `of` undoes.
    """

    def __init__(self, a: Sequence[Sequence[Exact]]):
        self._scale, self._rows = _integral(a)
        self._known: dict[Tree, tuple] = {(): (1,) * len(a)}

    def of(self, tree: Tree, weights: Sequence[Exact]) -> Exact:
        r""":math:`\sum_i w_i u_i(\tau)` for weights of shape (s,)."""
        total = sum((w * u for w, u in zip(weights, self._vector(tree), strict=True) if w and u), Fraction(0))
        return total / self._scale ** (size(tree) - 1)

    def _vector(self, tree: Tree) -> tuple:
        if tree not in self._known:
            branches = [self._advance(self._vector(branch)) for branch in tree]
            self._known[tree] = tuple(prod(column) for column in zip(*branches, strict=True))
        return self._known[tree]

    @staticmethod
    def _dot(row: Sequence, vector: Sequence):
        return sum(x * u for x, u in zip(row, vector, strict=True) if x)

    def _advance(self, vector: tuple) -> tuple:
        return tuple(self._dot(row, vector) for row in self._rows)


def _integral(a: Sequence[Sequence[Exact]]) -> tuple[int, list[list]]:
    """The common denominator of a rational matrix, and the matrix times it; 1 and the matrix itself with a surd."""
    rational = [[x for x in row if isinstance(x, (int, Fraction))] for row in a]
    if [len(row) for row in rational] != [len(row) for row in a]:
        return 1, [list(row) for row in a]
    scale = lcm(*(x.denominator for row in rational for x in row))
    return scale, [[int(x * scale) for x in row] for row in rational]
