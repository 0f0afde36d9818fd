"""Picard's iterates against integrals done by sympy, Taylor polynomials and the theorem's bound."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from core.labs import picard
from core.labs.picard import PROBLEMS, Params, T, Z, iterate


@pytest.mark.parametrize("name", PROBLEMS)
def test_iterates_are_the_integrals(name: str):
    problem, s = PROBLEMS[name], sp.Symbol("s")
    phi = sp.Integer(problem.z0)
    for found in picard.picard(problem.field, problem.z0, 4):
        assert sp.expand(found.as_expr() - phi) == 0
        phi = problem.z0 + sp.integrate(
            sp.expand(problem.field.subs({Z: phi, T: s}, simultaneous=True).subs(T, s)), (s, 0, T)
        )


def test_iterates_of_growth_are_taylor_polynomials():
    assert all(iterate(Params("growth", 1.0)).equal_taylor)
    assert not all(iterate(Params("square", 0.2)).equal_taylor)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_exact_solutions_solve_their_problems(name: str):
    problem = PROBLEMS[name]
    assert sp.simplify(problem.solution.diff(T) - problem.field.subs(Z, problem.solution)) == 0
    assert problem.solution.subs(T, 0) == problem.z0
    at = np.linspace(0, 0.9, 7)
    np.testing.assert_allclose(problem.exact(at), [complex(problem.solution.evalf(subs={T: t})).real for t in at])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(PROBLEMS)), st.floats(0.05, 2.0))
def test_the_bound_bounds(name: str, h: float):
    result = iterate(Params(name, h))
    problem, bound = PROBLEMS[name], result.bound
    if not bound.applies:
        assert h > {"square": 0.25, "tangent": 0.5}[name]
        return
    assert (result.errors <= np.array(result.bounds) * (1 + 1e-9) + 1e-14).all()
    slopes = [
        float(problem.field.subs({T: t, Z: z})) for t, z in zip(result.times[::60], result.truth[::60], strict=True)
    ]
    assert max(map(abs, slopes)) <= bound.m * (1 + 1e-9)
    if np.isfinite(bound.b):
        assert h <= bound.b / bound.m * (1 + 1e-9)


def test_past_the_end_there_is_no_error_to_measure():
    result = iterate(Params("square", 1.5))
    assert np.isinf(result.errors).all()
    assert np.isnan(result.truth[-1])
    assert np.isfinite(result.values).all()
