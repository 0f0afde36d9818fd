"""The derivation of the ODE from the residual block: what its steps rest on, and its local error."""

from dataclasses import replace

import sympy

from core.derivations import Step
from core.derivations.residual import BLOCK, ODE, f, h, steps, t, z


def failing(block: Step = BLOCK, ode: Step = ODE) -> list[int]:
    return [number for number, step in enumerate(steps(block, ode), 1) if step.verify().status == "failed"]


def test_the_steps_rest_on_both_definitions():
    assert failing() == []
    assert failing(block=replace(BLOCK, rhs=z + 2 * h * f(z, t))) == [2, 6, 7]
    assert failing(ode=replace(ODE, rhs=-ODE.rhs)) == [5, 6, 7]
    assert failing(ode=replace(ODE, rhs=2 * ODE.rhs)) == [5, 6, 7]


def test_the_local_error_of_a_field_that_is_known():
    """z' = z t: h^2/2 z'' of the derivation is the Taylor coefficient of the exact solution."""
    error = h**2 / 2 * steps()[4].rhs.subs(f(z, t), z * t).doit()
    exact = z * sympy.exp(t * h + h**2 / 2) - (z + h * z * t)
    assert sympy.simplify(exact.series(h, 0, 3).removeO() - error) == 0
