"""LaTeX of checked expressions reads like a textbook's."""

import sympy
from sympy import BlockMatrix, Function, MatrixSymbol, Symbol, ZeroMatrix
from sympy.matrices import ImmutableDenseMatrix

from core.derivations.printing import latex
from core.derivations.symbols import eps, fields, functions_of_time, jacobian, parameters, states, t

COLOURS = {"z": "#00f", "a": "#f80", "theta": "#f0f"}


def test_functions_of_plain_letters_have_plain_parentheses():
    (a,) = functions_of_time("a", 1)
    assert latex(a) == "a(t)"
    assert latex(a.subs(t, t + eps)) == r"a(t + \epsilon)"
    f = Function("f")
    assert latex(f(f(t))) == "f(f(t))"
    assert latex(f(t / eps)) == r"f\left(\frac{t}{\epsilon}\right)"


def test_each_letter_of_a_name_has_its_own_colour():
    assert latex(MatrixSymbol("a", 1, 2), COLOURS) == r"\textcolor{#f80}{\mathbf{a}}"
    assert latex(MatrixSymbol("f", 2, 1), COLOURS) == r"\mathbf{f}"
    later = MatrixSymbol(r"\mathbf{z}(t+\epsilon)", 2, 1)
    assert latex(later, COLOURS) == r"\textcolor{#00f}{\mathbf{z}}(t+\epsilon)"
    dotted = MatrixSymbol(r"\dot{\mathbf{a}}_\theta", 1, 1)
    assert latex(dotted, COLOURS) == r"\textcolor{#f80}{\dot{\mathbf{a}}_\theta}"
    time = MatrixSymbol(r"\dot{a}_{\mathit{t}}", 1, 1)
    assert latex(time, COLOURS) == r"\textcolor{#f80}{\dot{a}_{\mathit{t}}}"
    other = MatrixSymbol(r"\tilde{\mathbf{a}}_k", 1, 1)
    assert latex(other, COLOURS) == r"\textcolor{#f80}{\tilde{\mathbf{a}}_k}"
    partial = MatrixSymbol(r"\frac{\partial \mathbf{f}}{\partial \theta}", 2, 1)
    assert latex(partial, COLOURS) == r"\frac{\partial \mathbf{f}}{\partial \textcolor{#f0f}{\theta}}"
    assert latex(partial) == partial.name


def test_a_name_in_latex_is_otherwise_left_alone():
    for name in (r"\frac{d}{d\epsilon} \frac{\partial \mathbf{T}_\epsilon}{\partial \mathbf{x}}", r"\mathbf{M}^{\top}"):
        assert latex(MatrixSymbol(name, 2, 2), COLOURS) == name


def test_a_quotient_of_matrices_is_a_fraction():
    a, b = MatrixSymbol("a", 1, 2), MatrixSymbol("b", 1, 2)
    assert latex((a - b) / eps) == r"\frac{\mathbf{a} - \mathbf{b}}{\epsilon}"
    assert latex((b - a) / eps) == r"\frac{\mathbf{b} - \mathbf{a}}{\epsilon}"
    assert latex(2 * a) == r"2 \mathbf{a}"
    assert latex(eps * (a + b)) == r"\epsilon \left(\mathbf{a} + \mathbf{b}\right)"
    assert latex(a - 2 * b) == r"\mathbf{a} - 2 \mathbf{b}"


def test_small_matrices_have_large_fractions():
    f, z = fields(2, 1), states(2)
    printed = latex(jacobian(f, z))
    assert printed.count(r"\dfrac{\partial f_{") == 4
    assert printed.count(r"\rule") == 2  # one for each row
    wide = latex(jacobian(f, (*z, *parameters(1), t)))
    assert wide.count(r"\frac{\partial f_{") == 8
    assert r"\dfrac" not in wide
    assert latex(ImmutableDenseMatrix([[0], [0]])) == "0"
    assert latex(ImmutableDenseMatrix([[t]])) == "t"
    assert latex(ImmutableDenseMatrix([[t + eps]])) == r"\begin{bmatrix} t + \epsilon \end{bmatrix}"
    assert latex(ImmutableDenseMatrix([[1, 2]])) == r"\begin{bmatrix} 1 & 2 \end{bmatrix}"


def test_blocks_are_parted_by_lines_where_there_are_rows_and_columns():
    m = MatrixSymbol("M", 2, 2)
    printed = latex(BlockMatrix([[m, ZeroMatrix(2, 1)], [ZeroMatrix(1, 2), ZeroMatrix(1, 1)]]))
    assert printed == (
        r"{\def\arraystretch{1.25}\left[\begin{array}{c|c} \mathbf{M} & 0 \\ \hline 0 & 0 \end{array}\right]}"
    )
    row = latex(BlockMatrix([[m, ZeroMatrix(2, 1)]]))
    assert row == r"\begin{bmatrix} \mathbf{M} & 0 \end{bmatrix}"
    assert r"\\" in latex(BlockMatrix([[m], [ZeroMatrix(1, 2)]]))


def test_numbers_and_letters_are_as_ever():
    x = Symbol("x")
    assert latex(sympy.Rational(1, 2) * x) == r"\frac{x}{2}"
    assert latex(parameters(2)[1], COLOURS) == r"\textcolor{#f0f}{\theta_{2}}"


def test_sums_begin_with_what_is_added_and_follow_the_indices():
    k, time = sympy.symbols("k t")
    a, b, start = sympy.symbols("a_1 a_2 t_0")
    assert latex(k - 1) == "k - 1"
    assert latex(1 - k) == "1 - k"
    assert latex(time - start) == "t - t_{0}"
    assert latex(b + a) == "a_{1} + a_{2}"
    assert latex(-a - b) == "- a_{1} - a_{2}"
    f = fields(2, 1)
    assert latex(f[1] - f[0]) == "f_{2} - f_{1}"


def test_a_fraction_does_not_become_an_exponent():
    x = Symbol("x")
    assert latex(sympy.exp(x / 2)) == r"\exp\left(\frac{x}{2}\right)"
    assert latex(sympy.exp(2 * x)) == "e^{2 x}"
    assert latex(sympy.Pow(sympy.exp(x / 2), 2, evaluate=False)) == r"\exp^{2}\left(\frac{x}{2}\right)"


def test_a_derivative_through_one_argument_has_the_function_alone_above():
    x, y = sympy.symbols("x y")
    inside = Function("h")(x, y)
    assert latex(Function("L")(inside).diff(inside)) == r"\frac{\partial L}{\partial h}"
    assert latex(sympy.Derivative(Function("L")(inside), x)) == r"\frac{\partial L}{\partial x}"
    assert "L(" in latex(sympy.Derivative(Function("L")(inside, x), x))  # of two ways, which?


def test_what_is_subtracted_from_a_matrix_has_one_sign():
    j, m = MatrixSymbol("J", 2, 2), MatrixSymbol("M", 2, 2)
    assert latex(j - eps * m) == r"\mathbf{J} - \epsilon \mathbf{M}"
