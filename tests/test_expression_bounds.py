"""Any text at all: a formula within bounds that can be evaluated anywhere, or a mistake with its place."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.expression import MAX_PARAMETERS, Formula, FormulaError, parse
from core.expression.parser import MAX_DEGREE, MAX_NODES
from core.expression.tree import MAX_DEPTH, MAX_SIZE


def within_bounds(formula: Formula) -> None:
    assert formula.tree.size <= MAX_NODES
    assert formula.tree.degree <= MAX_DEGREE
    assert len(formula.parameters) <= MAX_PARAMETERS
    points = torch.tensor([0.0, -1.0, 1.0, 1e200, -1e-300, math.inf, math.nan], dtype=torch.float64)
    values = dict.fromkeys((*formula.variables, *formula.parameters), points)
    assert formula(values).shape == points.shape
    assert formula.latex.isascii()
    assert formula.sympy is not None
    for name in formula.names:
        slope = formula.derivative(name)
        assert slope.tree.size <= MAX_SIZE
        assert slope.tree.depth <= MAX_DEPTH
        assert slope(values).shape == points.shape


PIECES = ["z1", "z2", "t", "mu", "k", "pi", "e", "2", "0.5", "1e3", "(", ")", "+", "-", "*", "/", "^", " ", "²", "μ"]
PIECES += ["sin(", "exp(", "log(", "sqrt(", "^2", "^(1/3)", "2^", "x", "z3", "é", "_", "\0", "**", "·", "1/", "abs("]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)))
@settings(max_examples=1500, deadline=None)
def test_any_text_is_a_formula_within_bounds_or_pointed_at(text):
    try:
        formula = parse(text)
    except FormulaError as caught:
        error = caught
    else:
        within_bounds(formula)
        return
    assert 1 <= error.position <= len(text) + 1
    assert str(error).isprintable()
    assert error.pointed().count("\n") == 1


OPERANDS = ["z1", "z2", "t", "a", "2", "pi", "(z1+t)", "sin(z1)", "z1^2", "exp(z2)", "1/(1+z1)", "tan(z1*t)"]


@given(st.lists(st.tuples(st.sampled_from("+-*/"), st.sampled_from(OPERANDS)), min_size=1, max_size=70), st.data())
@settings(max_examples=200, deadline=None)
def test_long_formulas_are_within_bounds(pairs, data):
    text = "1" + "".join(operator + operand for operator, operand in pairs)
    wrapper = data.draw(st.sampled_from(["{}", "sin({})", "1/({})", "-({})", "({})^2", "tanh(1+({})/2)"]))
    for _ in range(data.draw(st.integers(0, 8))):
        text = wrapper.format(text)
    try:
        formula = parse(text)
    except FormulaError:
        return
    within_bounds(formula)


EXTREMES = {
    "product": "z1*" * 39 + "z1",
    "sum": "1+" * 99 + "z1",
    "difference": "1-" * 99 + "z1",
    "quotient": "/".join(["z1"] * 40),
    "numbers": "1*" * 99 + "z1",
    "numbers below": "z1" + "/2" * 99,
    "nested": "sin(" * 40 + "z1" + ")" * 40,
    "nested tangents": "tan(" * 40 + "z1" + ")" * 40,
    "nested fractions": "1/(" * 38 + "z1" + ")" * 38,
    "nested continued": "1+1/(" * 38 + "z1" + ")" * 38,
    "nested signs": "-(" * 19 + "z1" + ")" * 19,
    "products of functions": "*".join(["sin(z1)"] * 37),
    "powers of two": "2^(" * 20 + "z1" + ")" * 20,
    "numbers cancelled": "sign(exp(exp(1e100+0*z1))-2)+2^(1e99+z1-z1)",
}


@pytest.mark.parametrize("text", EXTREMES.values(), ids=EXTREMES)
def test_the_largest_formulas_are_within_bounds(text):
    within_bounds(parse(text))


def test_derivatives_of_derivatives_end():
    formula = parse("*".join(["tan(z1*t)"] * 20))
    with pytest.raises(FormulaError, match="too many terms"):  # noqa: PT012 - which of them is the first is no matter
        for _ in range(20):
            formula = formula.derivative("z1")
