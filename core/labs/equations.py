r"""An equation of order n as a system of first order.

:math:`a_1 z + a_2 z' + \dots + a_{n+1} z^{(n)} = 0`, solved for its highest derivative, becomes z' = f(z, t) for the
stacked state (z, z', ..., z^(n-1)); where it is linear, f(z) = C z with the companion matrix C. Source: Coddington and
Levinson, Theory of Ordinary Differential Equations (1955), chapter 1, section 6, and chapter 3, section 6.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any, Literal

import numpy as np
import sympy as sp
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from core.ode import Solution, SolverError, solve

Name = Literal["oscillator", "pendulum", "driven", "linear"]

T1 = 10.0
"""End of the interval."""
SAMPLES = 401
CHECKED = 101
"""Times at which the solution is put back into the equation."""


@dataclass(frozen=True)
class Params:
    """An equation: a_1 g(z) + a_2 z' + ... + a_{n+1} z^(n) = d(t)."""

    coefficients: tuple[float, ...]
    """a_1 ... a_{n+1}, the last of them not 0; taken to 3 decimals."""
    name: Name = "linear"
    """The pendulum has g(z) = sin z, the driven equation d(t) = cos t; else g(z) = z and d = 0."""

    @property
    def order(self) -> int:
        """n, the order of the equation and the number of its stacked states."""
        return len(self.coefficients) - 1

    @property
    def exact(self) -> list[Fraction]:
        """The coefficients as fractions."""
        return [Fraction(f"{value:.3f}") for value in self.coefficients]

    @property
    def start(self) -> tuple[float, ...]:
        """z(0) = 1 and all derivatives 0; the pendulum starts nearly upside down."""
        return (2.5 if self.name == "pendulum" else 1.0, *[0.0] * (self.order - 1))


@dataclass(frozen=True, eq=False)
class Linear:
    """What the companion matrix tells."""

    matrix: list[list[Fraction]]
    matrix_latex: str
    polynomial_latex: str
    """det(lambda I - C), computed from the matrix."""
    eigenvalues: Complex[np.ndarray, " n"]
    """Of the matrix in floating point, by numpy."""
    roots: Complex[np.ndarray, " n"]
    """Of the polynomial, by sympy, in the same order; a root of multiplicity m stands m times."""
    difference: float
    """Largest distance of an eigenvalue from its root."""
    multiple: bool
    """Whether a root is repeated: then rounding moves eigenvalues by about the m-th root of 1e-16."""


@dataclass(frozen=True, eq=False)
class Stacked:
    """The system, its solution, and whether that solves the equation."""

    params: Params
    equation_latex: str
    rows_latex: tuple[str, ...]
    """z_1' = ..., ..., z_n' = ..."""
    times: Float[np.ndarray, " m"]
    states: Float[np.ndarray, "m n"]
    check_times: Float[np.ndarray, " c"]
    residual: Float[np.ndarray, " c"]
    """Of the equation along the dense output, over the largest sum of its terms' sizes."""
    stacking: float
    """Largest |d z_i / dt - z_{i+1}| over the largest |z_{i+1}|: whether the states are each other's derivatives."""
    nfe: int
    linear: Linear | None
    message: str = ""
    """The solver's words where it did not reach the end."""


def companion(coefficients: list[Fraction]) -> list[list[Fraction]]:
    """The matrix C with which (z, z', ...)' = C (z, z', ...); rows say: the derivative of each is the next.

    >>> companion([Fraction(2), Fraction(3), Fraction(1)])
    [[Fraction(0, 1), Fraction(1, 1)], [Fraction(-2, 1), Fraction(-3, 1)]]

    Raises:
        ValueError: fewer than two coefficients, or the last is 0, so that the order is lower.
    """
    if len(coefficients) < 2 or coefficients[-1] == 0:
        raise ValueError(f"expected a_1 ... a_n+1 with a_n+1 not 0; got {[str(a) for a in coefficients]}")
    n = len(coefficients) - 1
    rows = [[Fraction(int(column == row + 1)) for column in range(n)] for row in range(n - 1)]
    return [*rows, [-a / coefficients[-1] for a in coefficients[:-1]]]


def field(params: Params) -> Any:
    """f(t, z) of the stacked system, for states (n,)."""
    *lower, top = [float(a) for a in params.exact]
    weights = torch.tensor(lower, dtype=torch.float64)

    def func(t: Tensor, z: Tensor) -> Tensor:
        terms = torch.cat([z[:1].sin(), z[1:]]) if params.name == "pendulum" else z
        drive = t.cos() if params.name == "driven" else 0.0
        highest = (drive - (weights * terms).sum()) / top
        return torch.cat([z[1:], highest.reshape(1)])  # z_i' = z_{i+1}, and the last from the equation

    return func


def stack(params: Params) -> Stacked:
    """Rewrite the equation, solve the system, and put the solution back into the equation."""
    message = ""
    try:
        solution = solve(
            field(params),
            torch.tensor(params.start, dtype=torch.float64),
            0.0,
            T1,
            method="dopri5",
            rtol=1e-8,
            atol=1e-10,
            dense=True,
            max_steps=4000,
        )
    except SolverError as error:
        if not isinstance(error.partial, Solution):
            raise
        solution, message = error.partial, str(error)
    times = torch.linspace(0.0, solution.t, SAMPLES, dtype=torch.float64)
    checked = torch.linspace(0.0, solution.t, CHECKED, dtype=torch.float64, requires_grad=True)
    states, at = solution(times), solution(checked)
    if not isinstance(states, Tensor) or not isinstance(at, Tensor):
        raise TypeError("expected one tensor of states")
    slopes = [torch.autograd.grad(at[:, i].sum(), checked, retain_graph=True)[0] for i in range(params.order)]
    residual, stacking = _residual(params, checked.detach().numpy(), at.detach().numpy(), slopes)
    plain = params.name in ("oscillator", "linear")
    return Stacked(
        params=params,
        equation_latex=equation_latex(params),
        rows_latex=rows_latex(params),
        times=times.numpy(),
        states=states.numpy(),
        check_times=checked.detach().numpy(),
        residual=residual,
        stacking=stacking,
        nfe=solution.nfe,
        linear=_linear(params.exact) if plain else None,
        message=message,
    )


def _residual(
    params: Params, t: np.ndarray, z: np.ndarray, slopes: list[Tensor]
) -> tuple[Float[np.ndarray, " c"], float]:
    """The equation's two sides, with z^(n) the slope of the last state, which the solver never used as such."""
    derivatives = np.column_stack([z, slopes[-1].numpy()])  # (m, n + 1): z, z', ..., z^(n)
    if params.name == "pendulum":
        derivatives[:, 0] = np.sin(derivatives[:, 0])
    terms = derivatives * np.array([float(a) for a in params.exact])
    drive = np.cos(t) if params.name == "driven" else np.zeros_like(t)
    size = (np.abs(terms).sum(1) + np.abs(drive)).max() or 1.0
    following = range(params.order - 1)
    gaps = [np.abs(slopes[i].numpy() - z[:, i + 1]).max() / (np.abs(z[:, i + 1]).max() or 1.0) for i in following]
    return (terms.sum(1) - drive) / size, float(max(gaps, default=0.0))


def _linear(exact: list[Fraction]) -> Linear:
    rows = companion(exact)
    lam = sp.Symbol("lambda")
    matrix = sp.Matrix([[sp.Rational(entry.numerator, entry.denominator) for entry in row] for row in rows])
    polynomial = (lam * sp.eye(len(rows)) - matrix).det(method="berkowitz")
    _, factors = sp.Poly(polynomial, lam).sqf_list()  # nroots needs simple roots
    roots = np.array([complex(r) for factor, times in factors for r in factor.nroots(n=15) for _ in range(times)])
    eigenvalues = np.linalg.eigvals(np.array([[float(entry) for entry in row] for row in rows])).astype(complex)
    orders = [eigenvalues[list(order)] for order in permutations(range(len(roots)))]
    paired = min(orders, key=lambda values: float(np.abs(values - roots).max()))
    return Linear(
        matrix=rows,
        matrix_latex=sp.latex(matrix),
        polynomial_latex=sp.latex(sp.Poly(polynomial, lam).as_expr()),
        eigenvalues=paired,
        roots=roots,
        difference=float(np.abs(paired - roots).max()),
        multiple=any(times > 1 for _, times in factors),
    )


def primed(order: int, letter: str = "z") -> str:
    """z, z', z'', ... as LaTeX."""
    return letter + "'" * order if order < 4 else f"{letter}^{{({order})}}"


def equation_latex(params: Params) -> str:
    """The equation as it is given."""
    terms = [(a, r"\sin z" if params.name == "pendulum" and i == 0 else primed(i)) for i, a in enumerate(params.exact)]
    drive = r"\cos t" if params.name == "driven" else "0"
    return f"{_sum(terms[::-1])} = {drive}"


def rows_latex(params: Params) -> tuple[str, ...]:
    """The system, one row for each stacked state."""
    *lower, top = params.exact
    names = [f"z_{i + 1}" for i in range(params.order)]
    if params.name == "pendulum":
        names[0] = r"\sin z_1"
    terms = [(-a / top, name) for a, name in zip(lower, names, strict=True)]
    if params.name == "driven":
        terms.append((1 / top, r"\cos t"))
    chain = [f"z_{i}' = z_{i + 1}" for i in range(1, params.order)]
    return (*chain, f"z_{params.order}' = {_sum(terms)}")


def _sum(terms: list[tuple[Fraction, str]]) -> str:
    text = ""
    for factor, name in terms:
        if factor == 0:
            continue
        size = abs(factor)
        number = "" if size == 1 else f"{sp.latex(sp.Rational(size.numerator, size.denominator))}\\,"
        sign = ("-" if factor < 0 else "") if not text else (" - " if factor < 0 else " + ")
        text += f"{sign}{number}{name}"
    return text or "0"
