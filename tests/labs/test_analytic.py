"""Formulas from sympy against scipy, and errors against their definitions."""

import numpy as np
import pytest
import scipy.integrate
import sympy as sp
import torch

from core.labs import analytic
from core.labs.analytic import PROBLEMS, Params, compare, exact, solve_by_formula, solves


def params(name: str, method: str = "dopri5", steps: int = 32, tolerance: float = 1e-4, **more) -> Params:
    problem = PROBLEMS[name]
    values = tuple(setting.default for setting in problem.settings)
    return Params(name, more.get("values", values), more.get("z0", problem.starts[2]), method, steps, tolerance)


@pytest.fixture(scope="module", params=list(PROBLEMS))
def formula(request) -> analytic.Formula:
    return solve_by_formula(request.param)


def test_a_formula_is_checked_and_agrees_with_scipy(formula: analytic.Formula):
    assert {step.status for step in formula.report.steps} == {"proved"}
    problem = PROBLEMS[formula.problem]
    assert not formula.solution.has(sp.I)
    for pick in ("low", "high", "default"):
        values = tuple(getattr(setting, pick) for setting in problem.settings)
        asked = params(formula.problem, values=values)

        def field(t: float, z: np.ndarray, values=values) -> np.ndarray:
            return problem.field(torch.tensor(t), torch.tensor(z), *values).numpy()

        start = (asked.z0, 0.0)[: problem.order]
        times = np.linspace(0, problem.t1, 20)
        reference = scipy.integrate.solve_ivp(field, (0, problem.t1), start, "DOP853", times, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(exact(formula, asked, times).T, reference.y, rtol=1e-6, atol=1e-7)


def test_a_wrong_formula_is_refuted(formula: analytic.Formula):
    problem = PROBLEMS[formula.problem]
    for wrong in (formula.solution * sp.Rational(1001, 1000), formula.solution + analytic.T):
        assert "failed" in {step.verify().status for step in solves(problem, wrong).steps}


def test_errors_of_euler_are_those_by_hand():
    formula, asked = solve_by_formula("growth"), params("growth", "euler", 16)
    result = compare(formula, asked)
    h, n = 4.0 / 16, np.arange(1, 17)
    np.testing.assert_allclose(result.global_errors, np.abs((1 - h) ** n - np.exp(-h * n)), atol=1e-12)
    np.testing.assert_allclose(result.local_errors, np.exp(-h * (n - 1)) * abs(1 - h - np.exp(-h)), atol=1e-12)


@pytest.mark.parametrize("method", analytic.METHODS)
def test_single_steps_are_single(method: str):
    formula = solve_by_formula("growth")
    result = compare(formula, params("growth", method))
    # the first step starts on the exact solution in both
    np.testing.assert_allclose(result.local_errors[0], result.global_errors[0], rtol=1e-9, atol=1e-15)


def test_every_end_of_the_settings_gives_a_result(formula: analytic.Formula):
    problem = PROBLEMS[formula.problem]
    for method in analytic.METHODS:
        for pick, z0 in (("low", problem.starts[0]), ("high", problem.starts[1])):
            values = tuple(getattr(setting, pick) for setting in problem.settings)
            for steps, tolerance in ((4, 1e-2), (64, 1e-6)):
                result = compare(formula, params(formula.problem, method, steps, tolerance, values=values, z0=z0))
                assert np.isfinite(result.truth).all()
                assert result.run.finished or result.run.message
