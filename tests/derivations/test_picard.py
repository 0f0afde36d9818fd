"""Picard's iteration: the derivation and the lab agree."""

import pytest
import sympy

from core.derivations.picard import COUNT, PROBLEMS, picard
from core.derivations.symbols import t
from core.labs import picard as lab


def test_the_problems_and_iterates_are_those_of_the_lesson():
    assert list(PROBLEMS) == list(lab.PROBLEMS)
    for name, problem in PROBLEMS.items():
        known = lab.PROBLEMS[name]
        assert sympy.simplify(problem.solution.subs(t, lab.T) - known.solution) == 0
        iterates = lab.picard(known.field, known.z0, COUNT)
        carried_out = [step.rhs for step in picard(name).steps if step.check.kind == "series"]
        pairs = zip(carried_out, iterates[1:], strict=True)
        assert [sympy.expand(x.subs(t, lab.T) - phi.as_expr()) for x, phi in pairs] == [0] * COUNT


def test_an_unknown_problem_is_refused():
    with pytest.raises(KeyError):
        picard("pendulum")
