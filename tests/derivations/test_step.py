"""Steps of derivations: what each check accepts, refuses and prints."""

import pytest
import sympy
from sympy import Derivative, Function, cos, exp, sin, symbols

from core.derivations import Definition, Identity, LimitOf, Series, Step

x, h, t = symbols("x h t", real=True)
f, u = Function("f"), Function("u")


@pytest.mark.parametrize(
    ("lhs", "rhs", "check"),
    [
        (sin(x) ** 2 + cos(x) ** 2, sympy.Integer(1), Identity()),
        (x + x, 2 * x, Identity()),
        (Derivative(u(t), t, t), u(t), Identity(((Derivative(u(t), t), u(t)),))),
        (exp(h), 1 + h + h**2 / 2, Series(h, 3)),
        (x, x, Series(h, 3)),
        ((f(t + h) - f(t - h)) / (2 * h), Derivative(f(t), t), LimitOf(h)),
        (sin(h) / h, sympy.Integer(1), LimitOf(h)),
    ],
    ids=str,
)
def test_what_holds_is_proved(lhs, rhs, check):
    verdict = Step(lhs, rhs, "", check).verify()
    assert (verdict.status, verdict.difference) == ("proved", None)


@pytest.mark.parametrize(
    ("lhs", "rhs", "check", "difference"),
    [
        (x + x, 3 * x, Identity(), -x),
        (f(x), f(t), Identity(), f(x) - f(t)),
        (exp(h), 1 + h, Series(h, 3), h**2 / 2),
        (exp(h), 1 + h + h**2 / 2, Series(h, 4), h**3 / 6),
        ((f(t + h) - f(t)) / h, 2 * Derivative(f(t), t), LimitOf(h), -Derivative(f(t), t)),
        (cos(h), sympy.Integer(0), LimitOf(h), sympy.Integer(1)),
    ],
    ids=str,
)
def test_what_does_not_hold_fails_with_its_difference(lhs, rhs, check, difference):
    verdict = Step(lhs, rhs, "", check).verify()
    assert verdict.status == "failed"
    assert verdict.difference is not None
    assert sympy.simplify(verdict.difference - difference) == 0


def test_a_quotient_without_a_limit_fails():
    assert Step((1 + h) / h, sympy.Integer(1), "", LimitOf(h)).verify().status == "failed"


def test_what_sympy_cannot_decide_is_neither():
    """Equal, but written in two forms that sympy does not bring together."""
    z = symbols("z", real=True)
    one = sympy.Subs(Derivative(f(z, t), t), z, u(t))
    other = sympy.diff(f(u(t), t), t) - Derivative(u(t), t) * Derivative(f(u(t), t), u(t))
    assert Step(one, other, "", Identity()).verify().status == "undecided"


def test_a_series_that_sympy_has_not_is_undecided():
    assert Step(sympy.Abs(h) ** x, x, "", Series(h, 2)).verify().status in ("undecided", "failed")


def test_a_definition_claims_no_tick_and_may_not_use_itself():
    assert Step(x, t + 1, "", Definition()).verify().status == "defined"
    assert Step(x, x + 1, "", Definition()).verify().status == "failed"


def test_the_check_chooses_the_relation():
    assert Step(x, t, "", Definition()).latex == "x := t"
    assert Step(x + x, 2 * x, "", Identity()).latex == "2 x = 2 x"
    assert Step(exp(h), 1 + h, "", Series(h, 2)).latex == r"e^{h} = 1 + h + O\left(h^{2}\right)"
    assert Step(sin(h) / h, sympy.Integer(1), "", LimitOf(h)).latex.startswith(r"\lim_{h \to 0}")
