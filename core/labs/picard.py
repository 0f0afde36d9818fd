r"""Picard's iteration: the sequence with which existence and uniqueness are proved, carried out exactly.

.. math:: \varphi_0(t) = z_0, \qquad \varphi_{k+1}(t) = z_0 + \int_0^t f(s, \varphi_k(s)) \, ds

Where |f| <= M and f is Lipschitz in z with L, :math:`|\varphi - \varphi_k| \le M L^k h^{k+1} / (k+1)!` on [0, h].
Sources: Coddington and Levinson, Theory of Ordinary Differential Equations (1955), chapter 1, section 3; Hairer,
Norsett, Wanner, Solving ODEs I, section I.8.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp
from jaxtyping import Float

T, Z = sp.Symbol("t"), sp.Symbol("z")
MOST = 6
"""Iterates beyond the start."""
POINTS = 241
SHOWN_TERMS = 6


@dataclass(frozen=True)
class Problem:
    """z' = f(t, z) with f a polynomial, and the exact solution to hold the iterates against."""

    latex: str
    field: sp.Expr
    z0: int
    solution: sp.Expr
    exact: Callable[[np.ndarray], np.ndarray]
    end: float = math.inf
    """Where the solution ceases to exist."""


PROBLEMS: dict[str, Problem] = {
    "growth": Problem(r"z' = z,\; z(0) = 1", Z, 1, sp.exp(T), np.exp),
    "gauss": Problem(r"z' = t z,\; z(0) = 1", T * Z, 1, sp.exp(T**2 / 2), lambda t: np.exp(t**2 / 2)),
    "square": Problem(r"z' = z^2,\; z(0) = 1", Z**2, 1, 1 / (1 - T), lambda t: 1 / (1 - t), 1.0),
    "tangent": Problem(r"z' = 1 + z^2,\; z(0) = 0", 1 + Z**2, 0, sp.tan(T), np.tan, math.pi / 2),
}


@dataclass(frozen=True)
class Params:
    """Which problem, on which interval."""

    problem: str
    h: float
    """Errors and the bound are those on [0, h]."""


@dataclass(frozen=True)
class Bound:
    """The numbers of the theorem."""

    applies: bool
    m: float = math.nan
    """|f| is at most M along the solution."""
    lipschitz: float = math.nan
    b: float = math.inf
    """Half the height of the rectangle around z0; infinite where f is Lipschitz on the whole strip."""

    def of(self, k: int, h: float) -> float:
        """M L^k h^(k+1) / (k+1)!"""
        return self.m * self.lipschitz**k * h ** (k + 1) / math.factorial(k + 1)


@dataclass(frozen=True, eq=False)
class Iterates:
    """phi_0 to phi_6."""

    params: Params
    latex: tuple[str, ...]
    """Each iterate's formula, cut after its first terms."""
    degrees: tuple[int, ...]
    agrees: tuple[int, ...]
    """The highest m such that all coefficients up to t^m are those of the solution's Taylor series."""
    equal_taylor: tuple[bool, ...]
    """Whether phi_k is the Taylor polynomial of degree k itself."""
    times: Float[np.ndarray, " n"]
    values: Float[np.ndarray, "k n"]
    truth: Float[np.ndarray, " n"]
    """NaN from where the solution has ceased to exist."""
    errors: Float[np.ndarray, " k"]
    """Largest error on [0, h]; infinite where the solution does not exist on all of it."""
    bound: Bound

    @property
    def bounds(self) -> list[float]:
        """The theorem's bound for each iterate."""
        return [self.bound.of(k, self.params.h) for k in range(len(self.latex))]


def picard(field: sp.Expr, z0: int, count: int) -> list[sp.Poly]:
    """The iterates phi_0 ... phi_count of a polynomial field in the symbols `T` and `Z`.

    >>> [str(phi.as_expr()) for phi in picard(Z, 1, 2)]
    ['1', 't + 1', 't**2/2 + t + 1']
    """
    parts = sp.Poly(field, Z).all_coeffs()  # f = parts[0] z^d + ... + parts[d], each a polynomial in t
    phi = sp.Poly(z0, T, domain="QQ")
    iterates = [phi]
    for _ in range(count):
        inside = sp.Poly(0, T, domain="QQ")
        for part in parts:  # Horner's rule: f(s, phi(s))
            inside = inside * phi + sp.Poly(part, T, domain="QQ")
        phi = inside.integrate(T) + z0  # the integral from 0 to t
        iterates.append(phi)
    return iterates


def bound(problem: str, h: float) -> Bound:
    """M and L of the theorem on [0, h].

    A field linear in z is Lipschitz on the whole strip, and M = max |f(t, z0)| exp(L h) bounds |f| along the solution
    (Gronwall). Else M and L are those of the smallest rectangle |z - z0| <= b with h <= b / M, if there is one.
    """
    if problem == "growth":
        return Bound(True, math.exp(h), 1.0)
    if problem == "gauss":
        return Bound(True, h * math.exp(h * h), h)
    if problem == "square":  # h (1 + b)^2 <= b
        if 4 * h > 1:
            return Bound(False)
        b = (1 - 2 * h - math.sqrt(1 - 4 * h)) / (2 * h)
        return Bound(True, (1 + b) ** 2, 2 * (1 + b), b)
    if 2 * h > 1:  # h (1 + b^2) <= b
        return Bound(False)
    b = (1 - math.sqrt(1 - 4 * h * h)) / (2 * h)
    return Bound(True, 1 + b * b, 2 * b, b)


def iterate(params: Params) -> Iterates:
    """Carry the iteration out and measure it."""
    problem = PROBLEMS[params.problem]
    found = picard(problem.field, problem.z0, MOST)
    series = sp.Poly(sp.series(problem.solution, T, 0, MOST + 2).removeO(), T, domain="QQ")
    taylor = [series.coeff_monomial(T**m) for m in range(MOST + 2)]
    agrees = []
    for phi in found:
        same = [phi.coeff_monomial(T**m) == taylor[m] for m in range(MOST + 2)]
        agrees.append((same.index(False) if False in same else len(same)) - 1)
    times = np.linspace(0.0, params.h, POINTS)
    values = np.stack([np.polyval([float(c) for c in phi.all_coeffs()], times) for phi in found])
    alive = times < problem.end
    truth = np.full(POINTS, np.nan)
    truth[alive] = problem.exact(times[alive])
    errors = np.abs(values - truth).max(1) if alive.all() else np.full(len(found), np.inf)
    cut = [taylor[: k + 1] for k in range(len(found))]
    return Iterates(
        params=params,
        latex=tuple(_latex(phi) for phi in found),
        degrees=tuple(int(phi.degree()) if not phi.is_zero else 0 for phi in found),
        agrees=tuple(agrees),
        equal_taylor=tuple(
            phi == sp.Poly(sum(c * T**m for m, c in enumerate(part)), T, domain="QQ")
            for phi, part in zip(found, cut, strict=True)
        ),
        times=times,
        values=values,
        truth=truth,
        errors=errors,
        bound=bound(params.problem, params.h),
    )


def _latex(phi: sp.Poly) -> str:
    """The terms of lowest degree first."""
    terms = sorted(phi.terms(), key=lambda term: term[0])
    shown = sp.latex(sp.Add(*[c * T**m for (m,), c in terms[:SHOWN_TERMS]]), order="rev-lex")
    if len(terms) <= SHOWN_TERMS:
        return shown
    return rf"{shown} + \dots"
