r"""The weights of Adams' formulas: integrals of the Lagrange polynomials of the nodes, in units of the step.

.. math:: w_j = \int_0^1 \prod_{i \ne j} \frac{s - x_i}{x_j - x_i} \, ds

Exactly, for equal steps once and for all; in float64 for nodes anywhere.

Source: Hairer, Norsett, Wanner, Solving ODEs I, III.1 (equal steps), III.5 (unequal steps).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

HIGHEST_ORDER = 12
"""Beyond it the explicit formulas amplify rounding too much to be of use."""


def exact_weights(nodes: Sequence[int | Fraction]) -> tuple[Fraction, ...]:
    r"""The integral from 0 to 1 of each Lagrange polynomial of distinct nodes (m,), exactly.

    >>> [str(w) for w in exact_weights([0, -1])]
    ['3/2', '-1/2']
    """
    weights = []
    for j, node in enumerate(nodes):
        others = [Fraction(x) for i, x in enumerate(nodes) if i != j]
        powers = [Fraction(1)]  # of prod (s - x_i), lowest first
        for x in others:
            powers = [low - x * high for low, high in zip([Fraction(0), *powers], [*powers, Fraction(0)], strict=True)]
        integral = sum((a / (n + 1) for n, a in enumerate(powers)), Fraction(0))
        weights.append(integral / math.prod((node - x for x in others), start=Fraction(1)))
    return tuple(weights)


@cache
def bashforth(slopes: int) -> tuple[Fraction, ...]:
    """Weights (slopes,) of Adams-Bashforth on equal steps, newest slope first.

    >>> [str(24 * w) for w in bashforth(4)]
    ['55', '-59', '37', '-9']
    """
    return exact_weights(range(0, -slopes, -1))


@cache
def moulton(slopes: int) -> tuple[Fraction, ...]:
    """Weights (slopes,) of Adams-Moulton on equal steps: of the unknown slope, then of the known ones, newest first.

    >>> [str(24 * w) for w in moulton(4)]
    ['9', '19', '-5', '1']
    """
    return exact_weights(range(1, 1 - slopes, -1))


@cache
def rounded(slopes: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictor (slopes,) and corrector (slopes + 1,) for equal steps."""
    pair = np.array(bashforth(slopes), np.float64), np.array(moulton(slopes + 1), np.float64)
    for weights in pair:
        weights.setflags(write=False)  # shared by every solver of this process
    return pair


_GAUSS = np.polynomial.legendre.leggauss(HIGHEST_ORDER // 2)
"""Nodes and weights on [-1, 1]: exact for all that HIGHEST_ORDER nodes interpolate."""

Vector = TypeVar("Vector", np.ndarray, Tensor)


def weights_at(nodes: Vector) -> Vector:
    """`exact_weights` in float64 for nodes (m,), m <= 12; of a tensor differentiable.

    By Gauss' rule, exact for these polynomials. No Lagrange polynomial changes sign between 0 and 1, so that each
    weight is a sum of terms of one sign: nothing cancels.
    """
    points, weights = _GAUSS
    xp: Any = np
    own: Any = np.eye(len(nodes), dtype=bool)
    if isinstance(nodes, Tensor):
        xp = torch
        points, weights, own = (torch.from_numpy(values).to(nodes.device) for values in (points, weights, own))
    above = ((points + 1) / 2)[:, None, None] - nodes  # (6, 1, m)
    below = nodes[:, None] - nodes
    factors = xp.where(own, 1.0, above / xp.where(own, 1.0, below))  # (6, m, m)
    return weights / 2 @ factors.prod(-1)
