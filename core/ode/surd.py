r"""Exact arithmetic in a quadratic field, :math:`\mathbb{Q}(\sqrt d)`.

Gauss, Radau and L-stable SDIRK tableaus hold one square root each. Kept as :math:`a + b\sqrt d` with
rational a and b, their order conditions and stability functions come out exactly, as for a tableau of fractions.

>>> root = Surd(0, 1, 2)
>>> gamma = 1 - 1 / root
>>> gamma, gamma**2 - 2 * gamma + Fraction(1, 2)
(Surd(1, -1/2, 2), Fraction(0, 1))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt


@dataclass(frozen=True, eq=False, repr=False)
class Surd:
    r"""The number :math:`a + b\sqrt d`, with d > 1 an integer without a square factor.

    Arithmetic mixes with `int` and `Fraction`; a result without a root is a plain `Fraction`. Numbers with
    different roots are not mixed: that raises ValueError, as their sum lies in a larger field.
    """

    a: Fraction
    b: Fraction
    d: int

    def __init__(self, a: int | Fraction, b: int | Fraction, d: int):
        if d < 2 or any(d % (k * k) == 0 for k in range(2, isqrt(d) + 1)):
            raise ValueError(f"`d` must be an integer above 1 without a square factor; got {d}")
        object.__setattr__(self, "a", Fraction(a))
        object.__setattr__(self, "b", Fraction(b))
        object.__setattr__(self, "d", d)

    def __repr__(self) -> str:
        return f"Surd({self.a}, {self.b}, {self.d})"

    def __float__(self) -> float:
        # 128 binary digits of the root, so that cancellation between a and b sqrt(d) costs nothing
        return float(self.a + self.b * Fraction(isqrt(self.d << 256), 1 << 128))

    def __bool__(self) -> bool:
        return bool(self.a or self.b)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Surd):
            return (self.a, self.b) == (other.a, other.b) and (self.d == other.d or self.b == 0)
        if isinstance(other, (int, Fraction)):
            return self.b == 0 and self.a == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.a, self.b, self.d)) if self.b else hash(self.a)

    def __neg__(self) -> Exact:
        return _reduced(-self.a, -self.b, self.d)

    def __add__(self, other: Exact | int) -> Exact:
        if (pair := self._same_field(other)) is None:
            return NotImplemented
        a, b, d = pair
        return _reduced(self.a + a, self.b + b, d)

    __radd__ = __add__

    def __sub__(self, other: Exact | int) -> Exact:
        return self + (-other) if isinstance(other, (int, Fraction, Surd)) else NotImplemented

    def __rsub__(self, other: Exact | int) -> Exact:
        return -self + other if isinstance(other, (int, Fraction, Surd)) else NotImplemented

    def __mul__(self, other: Exact | int) -> Exact:
        if (pair := self._same_field(other)) is None:
            return NotImplemented
        a, b, d = pair
        return _reduced(self.a * a + self.b * b * d, self.a * b + self.b * a, d)

    __rmul__ = __mul__

    def __truediv__(self, other: Exact | int) -> Exact:
        return self * _inverse(other) if isinstance(other, (int, Fraction, Surd)) else NotImplemented

    def __rtruediv__(self, other: Exact | int) -> Exact:
        return _inverse(self) * other if isinstance(other, (int, Fraction, Surd)) else NotImplemented

    def __pow__(self, exponent: int) -> Exact:
        base: Exact = self if exponent >= 0 else _inverse(self)
        power: Exact = Fraction(1)
        for _ in range(abs(exponent)):
            power = power * base
        return power

    def sign(self) -> int:
        """-1, 0 or 1, decided without rounding."""
        a, b = _sign(self.a), _sign(self.b)
        if a * b >= 0:
            return a or b
        # opposite signs: the larger of a^2 and b^2 d decides
        return a if self.a * self.a > self.b * self.b * self.d else b

    def _same_field(self, other: object) -> tuple[Fraction, Fraction, int] | None:
        if isinstance(other, (int, Fraction)):
            return Fraction(other), Fraction(0), self.d
        if not isinstance(other, Surd):
            return None
        if self.d != other.d and self.b and other.b:
            raise ValueError(f"Numbers of different fields: sqrt({self.d}) in {self!r}, sqrt({other.d}) in {other!r}")
        return other.a, other.b, self.d if self.b else other.d


Exact = Fraction | Surd
"""A coefficient without rounding: rational, or rational plus a rational multiple of one square root."""


def sign(x: Exact) -> int:
    """-1, 0 or 1, decided without rounding."""
    return x.sign() if isinstance(x, Surd) else _sign(x)


def total(values: Iterable[Exact]) -> Exact:
    """The sum, without rounding; 0 of nothing."""
    result: Exact = Fraction(0)
    for x in values:
        result = result + x
    return result


def _sign(x: Fraction) -> int:
    return (x > 0) - (x < 0)


def _reduced(a: Fraction, b: Fraction, d: int) -> Exact:
    return Surd(a, b, d) if b else a


def _inverse(x: Exact | int) -> Exact:
    if not isinstance(x, Surd):
        return 1 / Fraction(x)
    norm = x.a * x.a - x.b * x.b * x.d  # 0 only for x = 0, as d is no square
    if norm == 0:
        raise ZeroDivisionError(f"{x!r} has no inverse")
    return _reduced(x.a / norm, -x.b / norm, x.d)
