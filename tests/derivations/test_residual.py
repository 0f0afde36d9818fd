"""The derivation of the ODE from the residual block: each step holds, and none holds when it is disturbed."""

from dataclasses import replace

import pytest
import sympy

from core.derivations import Step
from core.derivations.residual import BLOCK, ODE, f, h, steps, t, z

NUMBERED = list(enumerate(steps(), 1))
CHECKED = [(number, step) for number, step in NUMBERED if step.verify().status != "defined"]


@pytest.mark.parametrize(("number", "step"), NUMBERED)
def test_each_step_holds(number: int, step: Step):
    assert step.verify().status == ("defined" if step in (BLOCK, ODE) else "proved")


@pytest.mark.parametrize(("number", "step"), CHECKED)
@pytest.mark.parametrize("by", ["added", "doubled", "sign", "zero"])
def test_each_step_fails_when_its_right_side_is_disturbed(number: int, step: Step, by: str):
    power = (
        step.rhs.as_independent(h)[1] if step.rhs.has(h) else 1
    )  # as high a power as the step has, so that it counts
    disturbed = {
        "added": step.rhs + power * sympy.Symbol("q"),
        "doubled": 2 * step.rhs,
        "sign": -step.rhs,
        "zero": sympy.S.Zero,
    }[by]
    verdict = replace(step, rhs=disturbed).verify()
    assert verdict.status == "failed"
    assert verdict.difference != 0


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
