r"""The stability function of a Runge-Kutta method, and what it decides.

On :math:`y' = \lambda y` a step with :math:`z = h\lambda` multiplies y by

.. math:: R(z) = 1 + z\, b^T (I - zA)^{-1} \mathbf{1} = \frac{\det(I - zA + z \mathbf{1} b^T)}{\det(I - zA)} .

Both polynomials are exact here, so that A- and L-stability are decided, not sampled. A polynomial is the tuple of
its coefficients, the constant first.

Source: Hairer, Wanner, Solving Ordinary Differential Equations II, IV.3, propositions 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

import numpy as np

from core.ode.surd import Exact, sign

Polynomial = tuple[Exact, ...]
Z = TypeVar("Z", complex, np.ndarray)


@dataclass(frozen=True)
class StabilityFunction:
    """R = numerator / denominator, without a common factor, both 1 at z = 0."""

    numerator: Polynomial
    denominator: Polynomial

    def __call__(self, z: Z) -> Z:
        """R at a complex number or at each entry of an array, where it is infinite at a pole.

        Raises ZeroDivisionError for a number that is a pole.
        """
        with np.errstate(divide="ignore", invalid="ignore"):  # a grid may hold a pole
            return evaluate(self.numerator, z) / evaluate(self.denominator, z)

    @cached_property
    def a_stable(self) -> bool:
        r""":math:`|R(z)| \le 1` in the whole left half plane.

        By the maximum principle: all poles lie in the right half plane, and
        :math:`E(y) = |Q(iy)|^2 - |P(iy)|^2 \ge 0` for every real y (Hairer, Wanner, IV.3).
        """
        reflected = tuple(x if k % 2 == 0 else -x for k, x in enumerate(self.denominator))
        return _is_hurwitz(reflected) and _is_nonnegative(
            _difference(_squared_on_axis(self.denominator), _squared_on_axis(self.numerator))
        )

    @cached_property
    def l_stable(self) -> bool:
        r"""A-stable with :math:`R(\infty) = 0` (Hairer, Wanner, IV.3, definition 3.7)."""
        return self.a_stable and len(self.numerator) < len(self.denominator)


def stability_function(a: Sequence[Sequence[Exact]], powers: Sequence[Exact]) -> StabilityFunction:
    r"""R from the (s, s) matrix a and the s numbers :math:`b^T A^{k-1} \mathbf{1}`, k = 1 to s.

    These are the coefficients of R's power series; its product with the denominator ends at degree s.
    """
    denominator = _reversed_characteristic(a)
    series = (Fraction(1), *powers)
    numerator = _product(denominator, series)[: len(series)]
    return _reduced(_trimmed(numerator), denominator)


def evaluate(polynomial: Polynomial, z: Z) -> Z:
    """The value at a complex number or at each entry of an array, by Horner's rule."""
    value = z * 0.0
    for x in reversed(polynomial):
        value = value * z + float(x)
    return value


def _reversed_characteristic(a: Sequence[Sequence[Exact]]) -> Polynomial:
    r""":math:`\det(I - zA)` by the algorithm of Faddeev and LeVerrier, which divides by integers only."""
    s = len(a)
    if all(not x for i, row in enumerate(a) for x in row[i:]):
        return (Fraction(1),)
    coefficients: list[Exact] = [Fraction(1)]
    m: list[list[Exact]] = [[Fraction(0)] * s for _ in range(s)]
    for k in range(1, s + 1):
        for i in range(s):
            m[i][i] = m[i][i] + coefficients[-1]
        m = [[_dot(row, column) for column in zip(*m, strict=True)] for row in a]
        coefficients.append(-_dot([Fraction(1)] * s, [m[i][i] for i in range(s)]) / k)
    return _trimmed(coefficients)


def _dot(row: Sequence[Exact], column: Sequence[Exact]) -> Exact:
    total: Exact = Fraction(0)
    for x, y in zip(row, column, strict=True):
        if x and y:
            total = total + x * y
    return total


def _squared_on_axis(polynomial: Polynomial) -> Polynomial:
    r""":math:`|P(iy)|^2` as a polynomial in :math:`x = y^2`: even part squared plus x times odd part squared."""
    even, odd = (tuple(-x if k % 2 else x for k, x in enumerate(polynomial[start::2])) for start in (0, 1))
    return _difference(_product(even, even), tuple(-x for x in (Fraction(0), *_product(odd, odd))))


def _is_hurwitz(polynomial: Polynomial) -> bool:
    """Whether all roots have a negative real part: Routh's scheme, whose first column must stay positive."""
    if sign(polynomial[-1]) < 0:
        polynomial = tuple(-x for x in polynomial)
    upper, lower = list(polynomial[::-1][0::2]), list(polynomial[::-1][1::2])
    while lower:
        if sign(lower[0]) <= 0:
            return False
        ratio = upper[0] / lower[0]
        lower_padded = [*lower, Fraction(0)]
        rest = [upper[k + 1] - ratio * lower_padded[k + 1] for k in range(len(upper) - 1)]
        upper, lower = lower, rest
    return True


def _is_nonnegative(polynomial: Polynomial) -> bool:
    """Whether the values at all x >= 0 are: no root of odd multiplicity in x > 0, and a positive leading term."""
    p = _trimmed(polynomial)
    while p and not p[0]:
        p = p[1:]
    return not p or (sign(p[-1]) > 0 and _positive_roots(_odd_part(p)) == 0)


def _odd_part(p: Polynomial) -> Polynomial:
    """The product of the distinct factors of odd multiplicity, by Musser's square-free factorisation."""
    repeated = _common_factor(p, _derivative(p))
    distinct = _divided(p, repeated)[0]
    odd: Polynomial = (Fraction(1),)
    multiplicity = 1
    while len(distinct) > 1:
        still = _common_factor(distinct, repeated)
        if multiplicity % 2:
            odd = _product(odd, _divided(distinct, still)[0])
        distinct, repeated = still, _divided(repeated, still)[0]
        multiplicity += 1
    return odd


def _positive_roots(p: Polynomial) -> int:
    """How many roots a square-free polynomial has in x > 0, by Sturm's theorem."""
    chain = [p, _derivative(p)]
    while chain[-1]:
        chain.append(tuple(-x for x in _divided(chain[-2], chain[-1])[1]))
    chain.pop()

    def changes(signs: list[int]) -> int:
        kept = [x for x in signs if x]
        return sum(x != y for x, y in pairwise(kept))

    return changes([sign(q[0]) for q in chain]) - changes([sign(q[-1]) for q in chain])


def _reduced(p: Polynomial, q: Polynomial) -> StabilityFunction:
    factor = _common_factor(p, q)
    p, q = _divided(p, factor)[0], _divided(q, factor)[0]
    return StabilityFunction(tuple(x / q[0] for x in p), tuple(x / q[0] for x in q))


def _trimmed(p: Sequence[Exact]) -> Polynomial:
    p = tuple(p)
    while p and not p[-1]:
        p = p[:-1]
    return p


def _product(p: Polynomial, q: Polynomial) -> Polynomial:
    values: list[Exact] = [Fraction(0)] * max(len(p) + len(q) - 1, 0)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            values[i + j] = values[i + j] + x * y
    return tuple(values)


def _difference(p: Polynomial, q: Polynomial) -> Polynomial:
    size = max(len(p), len(q))
    p, q = (r + (Fraction(0),) * (size - len(r)) for r in (p, q))
    return _trimmed([x - y for x, y in zip(p, q, strict=True)])


def _derivative(p: Polynomial) -> Polynomial:
    return _trimmed([k * x for k, x in enumerate(p)][1:])


def _divided(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder."""
    rest = list(p)
    quotient: list[Exact] = [Fraction(0)] * max(len(p) - len(q) + 1, 0)
    for shift in reversed(range(len(quotient))):
        ratio = quotient[shift] = rest[shift + len(q) - 1] / q[-1]
        for k, x in enumerate(q):
            rest[shift + k] = rest[shift + k] - ratio * x
    return _trimmed(quotient), _trimmed(rest)


def _common_factor(p: Polynomial, q: Polynomial) -> Polynomial:
    """The greatest common divisor, with leading coefficient 1."""
    while q:
        p, q = q, _divided(p, q)[1]
    return tuple(x / p[-1] for x in p)
