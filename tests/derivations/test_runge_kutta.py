"""Order conditions of the tableaus: all trees, the numbers of `core.ode`, and a tableau that is spoilt."""

from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import HadamardProduct, MatrixSymbol, Rational, Symbol, sqrt
from sympy.matrices import ImmutableDenseMatrix

from core.derivations import Step
from core.derivations.evaluated import Evaluated, exact, value
from core.derivations.runge_kutta import ONE_BY_ONE, Names, number, order_conditions
from core.ode.tableaus import TABLEAUS
from core.ode.trees import density, trees


@pytest.mark.parametrize("name", TABLEAUS)
def test_no_tree_is_missing(name: str):
    derivation = order_conditions(name)
    tableau = TABLEAUS[name]
    orders = [tableau.order, *([tableau.embedded_order] if tableau.embedded_order else [])]
    single = sum(len(trees(p)) for order in orders for p in range(1, min(order, ONE_BY_ONE) + 1))
    together = sum(max(order - ONE_BY_ONE, 0) for order in orders)
    assert len(derivation.steps) == 1 + single + together + (not tableau.tolerance)


@pytest.mark.parametrize("name", ["dopri5", "radauIIA5", "dopri8"])
def test_formulas_of_trees_have_the_values_that_the_solver_s_own_code_finds(name: str):
    tableau, names = TABLEAUS[name], Names(TABLEAUS[name])
    for order in range(1, 6):
        for tree, residual in tableau.order_residuals(order).items():
            found = value(names.b * names.vector(tree), names.known).to_Matrix()[0, 0]
            gap = (found - Rational(1, density(tree)) - number(residual)).expand()
            assert abs(gap) <= 2 * number(tableau.tolerance)  # rounded nodes are not quite their rows' sums


def test_a_spoilt_tableau_fails_where_it_is_used(monkeypatch: pytest.MonkeyPatch):
    good = TABLEAUS["heun3"]
    a = (good.a[0], (good.a[1][0] * 2, *good.a[1][1:]), good.a[2])
    c = (good.c[0], good.c[1] * 2, good.c[2])
    monkeypatch.setitem(TABLEAUS, "heun3", replace(good, a=a, c=c))
    verdicts = [step.verify().status for step in order_conditions("heun3").steps]
    assert verdicts[:5] == ["proved", "proved", "proved", "proved", "failed"]  # b A c = 1/6 alone has a_21


def test_rounded_tableaus_claim_no_proof():
    steps = order_conditions("dopri8").steps
    assert {step.check.kind for step in steps} == {"rounded"}
    assert all(r"\approx" in step.latex for step in steps)
    assert "published" in steps[3].verify().how


def test_what_evaluated_cannot_do_is_undecided():
    A, b = MatrixSymbol("A", 2, 2), MatrixSymbol("b", 1, 2)
    entries = exact([(A, ImmutableDenseMatrix([[1, sqrt(2)], [0, 1]])), (b, ImmutableDenseMatrix([[1, 1]]))])
    assert Step(b * A.T, b, "", Evaluated(entries)).verify().status == "undecided"
    assert Step(b * A * b.T, b, "", Evaluated(entries)).verify().status == "undecided"
    assert Step(HadamardProduct(b, b * A), ImmutableDenseMatrix([[1, 1 + sqrt(2)]]), "", Evaluated(entries)).verify()
    tolerant = Evaluated(entries, Fraction(1, 10))
    assert Step(3 * b, ImmutableDenseMatrix([[3, 3 + Rational(1, 20)]]), "", tolerant).verify().status == "sampled"
    assert Step(3 * b, ImmutableDenseMatrix([[3, 4]]), "", tolerant).verify().status == "failed"
    assert Step(3 * b, ImmutableDenseMatrix([[3, Symbol("x")]]), "", tolerant).verify().status == "failed"
