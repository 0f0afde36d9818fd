"""Formulas: values against Python's own arithmetic, autograd and sympy; print and typesetting; notation."""

import math
import warnings

import numpy as np
import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.expression import FUNCTIONS, FormulaError, parse
from core.expression.evaluate import TORCH
from core.expression.printing import SYMPY, to_text
from core.expression.tree import CONSTANTS, SLOPES, Node

AT = {"z1": 0.7, "z2": -1.3, "t": 0.4, "mu": 1.9, "k": -0.6}
ATOMS = st.sampled_from(["z1", "z2", "t", "mu", "k", "pi", "e", "1", "2", "3", "0.5", "1.25", "1e-2"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts with every operand in parentheses, in Python's notation too."""
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]}){p[1]}({p[2]})"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, st.sampled_from([-2, -1, 0, 1, 2, 3])).map(lambda p: f"({p[0]})**({p[1]})"),
        inner.map(lambda a: f"-({a})"),
    )


TEXTS = st.recursive(ATOMS, grown, max_leaves=8)


def python(text: str, at: dict[str, float] = AT) -> float:
    """The oracle: Python's own reading of the text, in tests alone, of texts made here."""
    try:
        value = eval(text, {"__builtins__": {}}, {**FUNCTIONS, **CONSTANTS, **at, "log": math.log, "sqrt": math.sqrt})
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
    return math.nan if isinstance(value, complex) else float(value)


def read(text: str):
    try:
        return parse(text)
    except FormulaError:  # such as a division by zero among numbers
        assume(False)
        raise


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_values_are_pythons(text):
    formula = read(text)
    expected = python(text)
    assume(math.isfinite(expected) and abs(expected) < 1e8)
    assert float(formula(AT)) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_printed_text_reads_back_to_the_same_tree(text):
    tree = read(text).tree
    printed = to_text(tree)
    assert shape(parse(printed).tree) == shape(tree)
    assert to_text(parse(printed).tree) == printed


def shape(node: Node) -> tuple:
    return node.op, node.name, *map(shape, node.parts)


@given(TEXTS, st.sampled_from(["z1", "t", "mu"]))
@settings(max_examples=200, deadline=None)
def test_derivatives_are_autograds(text, name):
    formula = read(text)
    values = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in AT.items()}
    out = formula(values)
    expected = torch.zeros(())
    if out.requires_grad:
        (expected,) = torch.autograd.grad(out, values[name], allow_unused=True, materialize_grads=True)
    slope = formula.derivative(name)
    # a derivative's text says all that is in it, wherever it fits
    if len(slope.text) <= 300:
        assert parse(slope.text) == slope
    assume(torch.isfinite(expected) and abs(float(expected)) < 1e8 and torch.isfinite(out))
    assert float(slope(AT)) == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_sympy_says_the_same(text):
    formula = read(text)
    expected = float(formula(AT))
    assume(math.isfinite(expected) and abs(expected) < 1e8)
    names = [sympy.Symbol(name, real=True) for name in AT]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, of parts that are not finite
        value = sympy.lambdify(names, formula.sympy, "numpy")(*map(np.float64, AT.values()))
    assert float(value) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "z1^3*z2-mu*sin(z1*t)",
        "exp(-z1^2)/(1+z2^2)",
        "tanh(mu*z1)+atan(z2/z1)",
        "z1^(1/3)*log(z1)",
        "2^(z1*t)+e^(-z1)",
        "sqrt(1+z1^2)*cosh(z1)-sinh(z1)*tan(z1)",
        "asin(z1)*acos(z1)+cos(z1)",
        "abs(z2*z1)",
    ],
)
def test_derivatives_are_sympys(text):
    formula = parse(text)
    z1 = sympy.Symbol("z1", real=True)
    at = [(sympy.Symbol(name, real=True), value) for name, value in AT.items()]
    expected = formula.sympy.doit().diff(z1).subs(at).evalf()
    assert float(formula.derivative("z1")(AT)) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("z1^2", "2*z1"),
        ("3*z1^2*2", "12*z1"),
        ("z1", "1"),
        ("z2+1", "0"),
        ("-z1", "-1"),
        ("sin(2*z1)", "2*cos(2*z1)"),
        ("cos(z1)", "-sin(z1)"),
        ("exp(-z1)", "-exp(-z1)"),
        ("log(z1)", "1/z1"),
        ("sqrt(z1)", "1/(2*sqrt(z1))"),
        ("1/z1", "-1/z1^2"),
        ("mu*(1-z1^2)*z2-z1", "-2*mu*z1*z2-1"),
        ("0.1*z1*3", "0.3"),
        ("abs(z1)", "sign(z1)"),
        ("sign(z1)", "0"),
        ("z1^1", "1"),
        ("z1^0", "0"),
    ],
)
def test_derivatives_are_readable(text, slope):
    got = parse(text).derivative("z1").text
    assert got == slope


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("2^3^2", 512),
        ("-2^-2", -0.25),
        ("2**3", 8),
        ("8/4/2", 1),
        ("8-4-2", 2),
        ("8/4*2", 4),
        ("2*-3*4", -24),
        ("-2*3+1", -5),
        ("2--2", 4),
        ("+3", 3),
        ("2z1", 1.4),
        ("2z1^2", 0.98),
        ("-2z1^2", -0.98),
        ("2(z1+1)", 3.4),
        ("(z1)(z2)", -0.91),
        ("(z1+1)z2", -2.21),
        ("3*2z1", 4.2),
        ("2z1/7", 0.2),
        ("2 sin(0)", 0),
        ("2e", 2 * math.e),
        ("2e3", 2000),
        ("2e-1", 0.2),
        ("2pi", 2 * math.pi),
        ("z1²", 0.49),
        ("−z1·2", -1.4),
        ("3×2", 6),
        ("μ*2", 3.8),
        ("π", math.pi),
        (".5+1.", 1.5),
        ("ln(e)", 1),
        ("sin (t)", math.sin(0.4)),
        ("(-8)^3", -512),
        ("2^t", 2**0.4),
        ("1e-3", 0.001),
    ],
)
def test_notation(text, value):
    assert float(parse(text)(AT)) == pytest.approx(value, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("-z2 + sin(t)", r"-z_2 + \sin\left(t\right)"),
        ("mu*(1-z1^2)*z2-z1", r"\mu \left(1 - z_1^{2}\right) z_2 - z_1"),
        ("z2/(1+z1^2)", r"\frac{z_2}{1 + z_1^{2}}"),
        ("2*3*z1", r"2 \cdot 3 z_1"),
        ("z1*2", r"z_1 \cdot 2"),
        ("1/2*z1", r"\frac{1}{2} z_1"),
        ("z1-(z2-t)", r"z_1 - \left(z_2 - t\right)"),
        ("(z1+z2)^2", r"\left(z_1 + z_2\right)^{2}"),
        ("2*(1/2)", r"2 \cdot \frac{1}{2}"),
        ("z1*(z2/3)", r"z_1 \frac{z_2}{3}"),
        ("sin(t)^2", r"\sin^{2}\left(t\right)"),
        ("sin(t)^-1", r"\left(\sin\left(t\right)\right)^{-1}"),
        ("e^(-t)", "e^{-t}"),
        ("exp(-t)", r"\exp\left(-t\right)"),
        ("log(z1)", r"\ln\left(z_1\right)"),
        ("abs(z1)", r"\left|z_1\right|"),
        ("sqrt(z1)", r"\sqrt{z_1}"),
        ("asin(z1)", r"\arcsin\left(z_1\right)"),
        ("sign(z1)", r"\operatorname{sign}\left(z_1\right)"),
        ("rate2*omega12", r"\mathrm{rate}_2 \omega_{12}"),
        ("1e-3*z1", r"1 \cdot 10^{-3} z_1"),
        ("2*pi", r"2 \pi"),
        ("z1*-z2", r"z_1 \left(-z_2\right)"),
        ("z1^(1/3)", r"z_1^{\frac{1}{3}}"),
    ],
)
def test_latex(text, latex):
    assert parse(text).latex == latex


def test_tables_name_the_same_functions():
    assert FUNCTIONS.keys() == TORCH.keys() == SYMPY.keys() == SLOPES.keys()


def test_a_formula_is_its_text_and_variables():
    formula = parse("mu*z1 + a")
    assert formula.parameters == ("a", "mu")
    assert repr(formula) == "Formula(text='mu*z1 + a', variables=('z1', 'z2', 't'))"
    assert {formula: 1}[parse("mu*z1 + a")] == 1
    assert formula != parse("mu*z1 + a", ("z1",))
    assert parse("x^2", ("x",))({"x": 3.0}) == 9
    with pytest.raises(ValueError, match="name"):
        parse("1", ("sin",))
    with pytest.raises(ValueError, match="no value for mu"):
        formula({"z1": 1.0, "a": 1.0})
    with pytest.raises(TypeError, match="complex"):
        parse("z1")({"z1": torch.ones(2, dtype=torch.complex64)})


def test_values_broadcast_and_keep_their_precision():
    z1, z2 = torch.rand(5, 1), torch.rand(4)
    out = parse("mu*z1 - z2")({"z1": z1, "z2": z2, "mu": 0.1})
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, 0.1 * z1 - z2)
    assert parse("2")({"z1": z1, "z2": z2}).shape == (5, 4)
    assert parse("z1")({"z1": 3}).dtype == torch.float64
    assert parse("z1")({"z1": torch.arange(3)}).tolist() == [0.0, 1.0, 2.0]
    same = parse("z1")({"z1": z2})
    same.zero_()
    assert z2.any()  # a result is nobody's input


@pytest.mark.parametrize(("text", "value"), [("log(z1)", math.nan), ("sqrt(z1)", math.nan), ("z1^0.5", math.nan)])
def test_outside_of_a_domain_is_nan_in_silence(text, value):
    assert math.isnan(parse(text)({"z1": -1.0}))
    assert parse("1/z1")({"z1": 0.0}) == math.inf
    assert parse("2/z1")({"z1": -0.0}) == -math.inf
    assert parse("exp(z1)")({"z1": 1e4}) == math.inf


def test_powers_have_exact_values_and_finite_gradients_at_zero():
    z = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    cube = parse("z1^3")({"z1": z})
    assert cube.tolist() == [-8.0, 0.0, 27.0]
    (gradient,) = torch.autograd.grad(cube.sum(), z)
    assert gradient.tolist() == [12.0, 0.0, 27.0]
    for n in (0, 1, 2):
        (gradient,) = torch.autograd.grad(parse(f"z1^{n}")({"z1": z}).sum(), z)
        assert torch.isfinite(gradient).all()
