r"""z' = k t z from t = 0 to t1, with the loss L = z(t1)^2 / 2, differentiated in four ways.

Source: Chen et al. 2018, section 2 and appendix B.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import torch
from jaxtyping import Float
from torch import Tensor

from core.derivations import five_minutes as hand
from core.derivations.printing import latex
from core.derivations.symbols import t, t1
from core.ode import odeint, solve

TOLERANCE = 1e-11
METHOD = "dopri8"
SAMPLES = 201
MOST_DIGITS = 12
WAYS = ("by hand", "sympy", "adjoint", "autograd")
QUANTITIES = ("L", "dL/dz0", "dL/dk")


@dataclass(frozen=True)
class Params:
    """What the sliders set."""

    k: float
    z0: float
    t1: float


@dataclass(frozen=True)
class Formulas:
    """What sympy finds, printed and as expressions of k, z_0 and t_1."""

    solution_latex: str
    start_latex: str
    rate_latex: str
    expressions: tuple[Any, Any, Any]  # of sympy: L, dL/dz0, dL/dk


def by_sympy() -> Formulas:
    """Solve and differentiate, for all k, z0 and t1 at once."""
    z = sympy.Function("z")
    equation = sympy.Eq(z(t).diff(t), hand.k * t * z(t))
    solution: Any = sympy.dsolve(equation, z(t), ics={z(0): hand.z0})
    loss = solution.rhs.subs(t, t1) ** 2 / 2
    start, rate = sympy.diff(loss, hand.z0), sympy.diff(loss, hand.k)
    return Formulas(latex(solution), latex(start), latex(rate), (loss, start, rate))


def adjoint(params: Params, end: Tensor) -> Any:
    """Solve for (z, a, g) from t1 back to 0: g starts at 0 and arrives at dL/dk."""
    k = params.k

    def augmented(t: Tensor, state: Tensor) -> Tensor:
        z, a, _ = state
        return torch.stack([k * t * z, -a * k * t, -a * t * z])  # f, -a df/dz, -a df/dk

    start = torch.stack([end, end, torch.zeros_like(end)])  # a(t1) = dL/dz(t1) = z(t1)
    return solve(augmented, start, params.t1, 0.0, method=METHOD, rtol=TOLERANCE, atol=TOLERANCE, dense=True)


def autograd(params: Params) -> tuple[float, float, float]:
    """L and its gradients, by running the solver's own operations backwards."""
    k, z0 = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (params.k, params.z0))
    times = torch.tensor([0.0, params.t1], dtype=torch.float64)
    z = odeint(lambda t, z: k * t * z, z0, times, method=METHOD, rtol=TOLERANCE, atol=TOLERANCE)
    loss = z[-1] ** 2 / 2
    start, rate = torch.autograd.grad(loss, (z0, k))
    return float(loss.detach()), float(start), float(rate)


@dataclass(frozen=True, eq=False)
class Result:
    """All four ways, and what the adjoint method solved."""

    params: Params
    table: Float[np.ndarray, "4 3"]
    """A row for each of `WAYS`, a column for each of `QUANTITIES`."""
    times: Float[np.ndarray, " n"]
    """From t1 down to 0."""
    z: Float[np.ndarray, " n"]
    a: Float[np.ndarray, " n"]
    gathered: Float[np.ndarray, " n"]
    """The area under the integrand from t to t1."""
    nfe: int
    """Of the solve backwards."""

    @property
    def integrand(self) -> Float[np.ndarray, " n"]:
        """a df/dk = a t z."""
        return self.a * self.times * self.z

    @property
    def end(self) -> float:
        """z(t1)."""
        return float(self.z[0])

    def digits(self, quantity: int) -> int:
        """To how many significant digits all four agree, as printed; at most `MOST_DIGITS`."""
        for count in range(MOST_DIGITS, 0, -1):
            if len({shown(value, count) for value in self.table[:, quantity]}) == 1:
                return count
        return 0


def shown(value: float, digits: int) -> str:
    """A number to so many significant digits, all of them written.

    >>> shown(0.5, 3), shown(-1234567.0, 4), shown(-0.0, 2)
    ('0.500', '-1.235e+06', '0.0')
    """
    return f"{value + 0.0:#.{digits}g}"


def four_ways(formulas: Formulas, params: Params) -> Result:
    """Compute all of it; `formulas` are those of `by_sympy`."""
    values = {hand.k: params.k, hand.z0: params.z0, t1: params.t1}
    found = tuple(hand.value(expression, values) for expression in formulas.expressions)
    state = torch.tensor(params.z0, dtype=torch.float64)
    forward: Any = solve(
        lambda t, z: params.k * t * z, state, 0.0, params.t1, method=METHOD, rtol=TOLERANCE, atol=TOLERANCE
    )
    end = forward.states[-1]
    backward = adjoint(params, end)
    _, first, gradient = backward.states[-1].tolist()
    times = torch.linspace(params.t1, 0.0, SAMPLES, dtype=torch.float64)
    states = backward(times).numpy()
    solved = (float(end**2 / 2), first, gradient)
    return Result(
        params=params,
        table=np.array([hand.by_hand(values), found, solved, autograd(params)]),
        times=times.numpy(),
        z=states[:, 0],
        a=states[:, 1],
        gathered=states[:, 2],
        nfe=backward.nfe,
    )
