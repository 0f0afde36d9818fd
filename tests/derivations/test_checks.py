"""Matrices, samples, agreement with core, and an end in time."""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Derivative, Function, Matrix, MatrixSymbol, symbols

from core.derivations import Definition, Identity, LimitOf, Matches, Sampled, Series, Step, integers, numbers
from core.derivations.deadline import OutOfTime, within
from core.derivations.deciding import surely_not_zero
from core.derivations.step import Side, Verdict
from core.derivations.symbols import fields, functions_of_time, jacobian, row, states
from tests.derivations.disturb import disturbed

x, y, h, t = symbols("x y h t", real=True)
n, k = symbols("n k", integer=True)


def fails_when_disturbed(step: Step) -> None:
    wrong = list(disturbed(step))
    assert wrong
    for how, other in wrong:
        assert other.verify().status == "failed", how


def test_named_matrices_are_checked_entry_by_entry_and_printed_by_name():
    f, z, a = fields(2, 1), states(2), functions_of_time("a", 2)
    name, product, matrix = row("a", 2), row(r"\mathbf{v}", 2), MatrixSymbol("J", 2, 2)
    entries = tuple(sum(a[i] * f[i].diff(z[j]) for i in range(2)) for j in range(2))
    given_ = ((name, Matrix([a])), (matrix, jacobian(f, z)), (product, Matrix([entries])))
    step = Step(product, name * matrix, "the product", Identity(given_))
    assert step.verify() == Verdict(
        "proved", "symbolically: the difference of both sides simplifies to 0, in each of 2 entries"
    )
    assert step.latex == r"\mathbf{v} = \mathbf{a} \mathbf{J}"
    fails_when_disturbed(step)
    transposed = Step(product, name * matrix.T, "transposed", step.check).verify()
    assert transposed.status == "failed"
    assert transposed.difference is not None
    assert transposed.difference.shape == (1, 2)


def test_a_matrix_whose_entries_are_not_given_is_no_proof():
    with pytest.raises(ValueError, match="not given"):
        Step(row("a", 2), row("b", 2), "", Identity()).verify()


def test_series_and_limits_of_matrices():
    f, z = fields(2, 1), states(2)
    moved = Matrix([[z[i] + h * f[i] for i in range(2)]])
    by_z = moved.jacobian(z)
    step = Step(by_z, sympy.eye(2) + h * jacobian(f, z), "the step's Jacobian", Series(h, 2))
    assert step.verify().status == "proved"
    limit = Step((by_z - sympy.eye(2)) / h, jacobian(f, z), "its change", LimitOf(h))
    assert limit.verify().status == "proved"
    fails_when_disturbed(limit)


def test_a_pole_is_no_taylor_series():
    """Its negative powers must not be overlooked."""
    assert Step(1 / h + 1, sympy.S.One, "", Series(h, 3)).verify().status == "undecided"
    assert Step(Matrix([[1 / h + 1, h]]), Matrix([[1, h]]), "", Series(h, 2)).verify().status == "undecided"


def test_a_name_that_depends_on_the_variable_is_put_in_before_the_limit():
    e = sympy.Symbol("e")
    assert Step(e / h, sympy.S.Zero, "", LimitOf(h, ((e, h**2),))).verify().status == "proved"
    assert Step(e / h, sympy.S.Zero, "", LimitOf(h, ((e, sympy.sin(h)),))).verify().status == "failed"


def test_samples_agree_or_fail_with_the_place():
    draws = {n: integers(1, 20), k: integers(1, 5)}
    step = Step(sympy.floor(n / k) * k + sympy.Mod(n, k), n, "division", Sampled(draws))
    assert step.verify() == Verdict("sampled", "numerically, 100 samples, tolerance 1e-12, seed 0")
    fails_when_disturbed(step)
    verdict = Step(n / k, sympy.floor(n / k), "", Sampled(draws)).verify()
    assert verdict.status == "failed"
    assert "n = " in verdict.how
    only_divisible = Sampled(draws, valid=lambda values: values[n] % values[k] == 0)
    assert Step(n / k, sympy.floor(n / k), "", only_divisible).verify().status == "sampled"


def test_samples_that_have_no_value_decide_nothing():
    f = Function("f")
    assert Step(f(x), f(x) + y, "", Sampled()).verify().status == "undecided"


def test_the_same_seed_draws_the_same():
    failed = [Step(x, x**2, "", Sampled(seed=seed)).verify().how for seed in (3, 3, 4)]
    assert failed[0] == failed[1] != failed[2]


def test_a_formula_matches_what_a_function_computes():
    sampled = Sampled({x: numbers(0.5, 2)}, samples=20, tolerance=1e-14)
    step = Step(y, sympy.sqrt(x), "", Matches(lambda values: float(values[x]) ** 0.5, "`pow`", sampled))
    assert step.verify().status == "sampled"
    assert step.verify().how == "numerically, 20 samples, tolerance 1e-14, seed 0: equal to what `pow` computes"
    fails_when_disturbed(step)
    not_a_number = Matches(lambda _: float("nan"), "`nan`", sampled)
    assert Step(y, sympy.sqrt(x), "", not_a_number).verify().status == "failed"


@dataclass(frozen=True)
class Endless:
    """A check that would never come back."""

    kind = "identity"

    def verdict(self, lhs: Side, rhs: Side) -> Verdict:
        while True:
            try:
                sympy.expand((x + 1) ** 3)
            except Exception:  # as sympy does here and there
                continue

    def latex(self, lhs: str, rhs: str) -> str:
        return f"{lhs} = {rhs}"


def test_what_takes_too_long_is_undecided_in_any_thread():
    verdicts = []
    step = Step(x, x, "", Endless())
    thread = threading.Thread(target=lambda: verdicts.append(step.verify(0.05)))
    thread.start()
    verdicts.append(step.verify(0.05))
    thread.join(timeout=30)
    assert [verdict.status for verdict in verdicts] == ["undecided"] * 2
    assert verdicts[0].how == "sympy found no answer within 0.05 s"


def busy(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sympy.expand((x + 1) ** 3)


def test_a_deadline_leaves_nothing_behind():
    before = threading.active_count()
    with pytest.raises(OutOfTime):
        within(0.02, lambda: busy(30))
    for seconds in [0.0, 1e-5, 1e-4, *[0.002] * 50]:  # ordered at the very start or end: raised inside, or never
        with suppress(OutOfTime):
            within(seconds, lambda: busy(0.002))
        busy(0.001)
    assert within(30, lambda: 1) == 1
    busy(0.5)
    assert threading.active_count() == before


def test_it_is_raised_again_where_the_first_was_lost():
    def deaf() -> None:
        with suppress(OutOfTime):
            busy(30)
        busy(30)

    with pytest.raises(OutOfTime):
        within(0.02, deaf)
    busy(0.5)


@pytest.mark.parametrize("body", ["pass", "while True: pass"])
def test_code_after_a_deadline_can_be_traced(body: str):
    """An order left behind in the interpreter sends Python 3.11 into an endless loop under a tracer."""
    code = f"""
import sys
from contextlib import suppress
from core.derivations.deadline import OutOfTime, within
def work():
    {body}
with suppress(OutOfTime):
    within(0.01, work)
seen = []
sys.settrace(lambda *event: seen.append(event))
(lambda: None)()
sys.settrace(None)
assert seen
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_deadlines_are_not_nested():
    with pytest.raises(RuntimeError, match="inside of a deadline"):
        within(60, lambda: within(1, lambda: None))
    within(60, lambda: None)


def test_a_definition_must_not_use_its_own_name():
    assert Step(x, x + 1, "", Definition()).verify().status == "failed"
    assert Step(row("a", 2), 2 * row("a", 2), "", Definition()).verify().status == "failed"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=3, max_size=3), st.lists(st.integers(-3, 3), min_size=3, max_size=3))
def test_polynomials_are_equal_only_if_their_coefficients_are(first: list[int], second: list[int]):
    """Never a wrong tick, and never a wrong cross: written in two different forms."""
    f = Function("f")(x, y)
    parts = (f, Derivative(f, x), sympy.sin(x) ** 2)
    left = sum((a * part for a, part in zip(first, parts, strict=True)), sympy.S.Zero)
    right = sum((a * part for a, part in zip(second, parts, strict=True)), sympy.S.Zero)
    right = right.subs(sympy.sin(x) ** 2, 1 - sympy.cos(x) ** 2)
    verdict = Step(left, right, "", Identity()).verify()
    assert verdict.status == ("proved" if first == second else "failed")


def test_integrals_that_look_different_are_never_called_different():
    f = Function("f")
    first, second = sympy.Integral(f(x), (x, 0, 1)), sympy.Integral(f(y), (y, 0, 1))
    assert not surely_not_zero(first - second)
