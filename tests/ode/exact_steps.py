"""What the tests of tableaus share: exact comparisons, and one step of a method on a problem with a known solution."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np

from core.ode.surd import Exact, sign
from core.ode.tableau import Tableau


def within(values: list[Exact], bound: Fraction) -> bool:
    """Whether no magnitude is above the bound, decided without rounding."""
    return all(sign(x - bound) <= 0 and sign(x + bound) >= 0 for x in values)


def largest(values: list[Exact]) -> float:
    """The largest magnitude."""
    return max(abs(float(x)) for x in values)


def field(t: float, y: np.ndarray) -> np.ndarray:
    """A coupled nonlinear system with a known solution (Hairer, Norsett, Wanner I, II.2, exercise 1)."""
    y1, y2, y3, y4 = y
    return 2 * t * np.array([y2**0.2 * y4, 5 * np.exp(5 * (y3 - 1)) * y4, y4, -np.log(y1)])


def solution(t: float) -> np.ndarray:
    return np.array([np.exp(np.sin(t * t)), np.exp(5 * np.sin(t * t)), np.sin(t * t) + 1, np.cos(t * t)])


def one_step(tableau: Tableau, t: float, h: float) -> list[np.ndarray]:
    """The stages of one step from the exact solution; implicit ones by fixed-point iteration."""
    n, y = tableau.numeric, solution(t)
    k = [field(t, y)] * tableau.stages
    for _ in range(1 if tableau.explicit else 60):
        for i in range(tableau.stages):
            k[i] = field(t + n.c[i] * h, y + h * sum(a * k_j for a, k_j in zip(n.a[i], k, strict=True)))
    for row, c in zip(n.extra_a, n.extra_c, strict=True):
        k.append(field(t + c * h, y + h * sum(a * k_j for a, k_j in zip(row, k, strict=False))))
    return k


def slopes(errors: list[float]) -> list[float]:
    return [math.log2(x / y) for x, y in pairwise(errors)]
