r"""How a flow changes volumes and densities: the trace of the Jacobian.

Source: Chen et al. 2018, appendix A (instantaneous change of variables); Coddington and Levinson 1955, chapter 1,
theorem 7.3 (Liouville's formula).
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

import torch
from sympy import Derivative, Determinant, Function, MatrixSymbol, Symbol, Trace, eye, log
from sympy.matrices import ImmutableDenseMatrix
from torch import Tensor

from core.derivations.checks import Definition, Identity, LimitOf, Matches, Sampled, Series, numbers
from core.derivations.deciding import Given
from core.derivations.step import Derivation, Step
from core.derivations.symbols import eps, fields, jacobian, states, t
from core.ode import odeint

MOST = 3
before, after = Symbol("p", positive=True), Symbol("p^{+}", positive=True)
"""Density at a point, and where the flow has carried it."""
SAMPLES = 3


def change_of_variables(n: int = 2) -> Derivation:
    """Instantaneous change of variables and Liouville's formula for every smooth f of n states, 1 to 3.

    Raises:
        ValueError: n out of range.
    """
    if not 1 <= n <= MOST:
        raise ValueError(f"expected 1 to {MOST} states, got {n}")
    return Derivation(
        "The instantaneous change of variables",
        f"Every smooth f of {n} state" + "s" * (n > 1) + "; the last step for linear f of 2 states.",
        "Chen et al. 2018, section 4 and appendix A; Coddington and Levinson 1955, chapter 1, section 7",
        (*_density(n), *_liouville(n), _measured()),
    )


def _density(n: int) -> tuple[Step, ...]:
    z, f = states(n), fields(n, 0)
    J, one, moved = MatrixSymbol("J", n, n), MatrixSymbol("I", n, n), MatrixSymbol(r"\mathbf{J}^{+}", n, n)
    carried = [name + eps * value for name, value in zip(z, f, strict=True)]
    unit = ImmutableDenseMatrix(eye(n))
    given: Given = ((moved, jacobian(carried, z)), (J, jacobian(f, z)), (one, unit))
    volume = Determinant(one + eps * J)
    return (
        Step(J, jacobian(f, z), r"The field $f$ has the Jacobian $\mathbf{J}$.", Definition()),
        Step(
            moved,
            jacobian(carried, z),
            r"For a short time $\epsilon$ a point moves to $z + \epsilon f$. This map's Jacobian is $\mathbf{J}^{+}$:",
            Definition(),
        ),
        Step(
            moved,
            one + eps * J,
            r"the unit matrix $\mathbf{I}$ and a little of $\mathbf{J}$.",
            Identity(given),
        ),
        Step(
            volume,
            1 + eps * Trace(J),
            "It multiplies a small volume by its determinant. To first order only the *trace*, the sum of the "
            "diagonal, counts.",
            Series(eps, 2, given),
        ),
        Step(
            log(after),
            log(before) - log(volume),
            "What is inside a volume stays inside: the density $p$ is divided by that factor; its logarithm loses the "
            "factor's.",
            Definition(),
        ),
        Step(
            (log(before) - log(volume) - log(before)) / eps,
            -Trace(J),
            r"So along the flow $\log p$ changes at the rate of minus the trace: "
            r"$\frac{d}{dt} \log p = -\operatorname{tr} \mathbf{J}$, as $\epsilon$ tends to 0.",
            LimitOf(eps, given),
        ),
    )


def _liouville(n: int) -> tuple[Step, ...]:
    """The same for a finite time: the determinant of the derivative of the flow."""
    index = list(product(range(1, n + 1), repeat=2))
    entries: list[Any] = [Function(rf"\Phi_{i}{j}" if n > 1 else r"\Phi", real=True)(t) for i, j in index]
    along: list[Any] = [Function(f"J_{i}{j}" if n > 1 else "J", real=True)(t) for i, j in index]
    phi, matrix = ImmutableDenseMatrix(n, n, entries), ImmutableDenseMatrix(n, n, along)
    slopes = ImmutableDenseMatrix(n, n, [entry.diff(t) for entry in entries])
    D: Any = Function("D", real=True)(t)
    J, P, slope = MatrixSymbol("J", n, n), MatrixSymbol(r"\mathbf{\Phi}", n, n), MatrixSymbol(_SLOPE, n, n)
    names: Given = ((J, matrix), (P, phi), (slope, slopes))
    variational: Given = tuple(zip(slopes.flat(), (matrix * phi).flat(), strict=True))
    determinant: Any = phi.det(method="berkowitz")
    return (
        Step(
            slope,
            J * P,
            r"For longer times: $\mathbf{\Phi}(t)$, the derivative of the state at $t$ by the start, obeys this "
            r"equation, with $\mathbf{J}$ along the solution.",
            Definition(),
        ),
        Step(D, Determinant(P), r"Its determinant is the volume, with 1 at the start.", Definition()),
        Step(
            Derivative(D, t),
            Trace(J) * D,
            r"**Liouville's formula**: the volume grows at the rate of the trace. With $\log p = -\log D$ up to a "
            "constant, it is the formula above again, for all times.",
            Identity((*names, (Derivative(D, t), determinant.diff(t)), *variational, (D, determinant))),
        ),
    )


_SLOPE = r"\dot{\mathbf{\Phi}}"


def _measured() -> Step:
    """A linear field for a time of 1, where the trace is a constant."""
    entries = [Symbol("A_11", real=True), Symbol("A_22", real=True)]

    def lost(values: Mapping[Symbol, Any]) -> float:
        diagonal = torch.tensor([float(values[entry]) for entry in entries], dtype=torch.float64)
        beside = torch.tensor([[0.0, 0.7], [-0.4, 0.0]], dtype=torch.float64)
        matrix = torch.diag(diagonal) + beside

        def flow(start: Tensor) -> Tensor:
            times = torch.tensor([0.0, 1.0], dtype=torch.float64)
            states_found = odeint(lambda _, z: matrix @ z, start, times, rtol=1e-10, atol=1e-12)
            if not isinstance(states_found, Tensor):
                raise TypeError("expected one tensor")
            return states_found[-1]

        derivative = torch.autograd.functional.jacobian(flow, torch.ones(2, dtype=torch.float64))
        if not isinstance(derivative, Tensor):
            raise TypeError("expected one matrix")
        return -float(torch.linalg.slogdet(derivative).logabsdet)

    sampled = Sampled({entry: numbers(-2, 2) for entry in entries}, samples=SAMPLES, tolerance=1e-8)
    return Step(
        Symbol(r"\log p(1) - \log p(0)"),
        -(entries[0] + entries[1]),
        r"Measured: for $z' = \mathbf{A} z$ the solver is differentiated by its start, from 0 to 1, and the "
        r"determinant taken. Beside the diagonal $\mathbf{A}$ holds 0.7 and $-0.4$; they do not matter.",
        Matches(lost, "back-propagation through `core.ode.odeint`", sampled),
    )
