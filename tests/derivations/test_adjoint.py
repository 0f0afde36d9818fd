"""The derivations of the adjoint method: other dimensions, formulas that are typed, and each mistake."""

from collections.abc import Callable

import pytest

from core.derivations import Derivation, Step
from core.derivations.adjoint import (
    BREAKS,
    Break,
    adjoint_equation,
    adjoint_gradients,
    adjoint_invariant,
    adjoint_losses,
    augmented_adjoint,
    discrete_adjoint,
)

BUILDERS: dict[str, Callable[..., Derivation]] = {
    "adjoint-equation": adjoint_equation,
    "adjoint-augmented": augmented_adjoint,
    "adjoint-gradients": adjoint_gradients,
    "adjoint-invariant": adjoint_invariant,
    "adjoint-losses": adjoint_losses,
    "adjoint-discrete": discrete_adjoint,
}
TYPED = [
    ("theta*z1*(1-z1) + t*sin(z1)",),
    ("z2", "mu*(1-z1^2)*z2 - z1*cos(t)"),
    ("s*(z2-z1) + t", "z1*(r-z3) - z2", "z1*z2 - t*z3"),
]
SIZES = [(1, 1, ()), (2, 0, ()), (2, 2, ()), (3, 1, ()), *((0, 0, formulas) for formulas in TYPED)]
EXPECTED = {"definition": "defined", "core": "sampled"}
CASES = [(slug, one) for slug, breaks in BREAKS.items() for one in breaks]


def holds(step: Step) -> bool:
    verdict = step.verify(60)
    return verdict.status == EXPECTED.get(step.check.kind, "proved")


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("slug", BUILDERS)
def test_each_step_holds_in_other_dimensions_and_for_formulas(slug: str, size: tuple):
    for number, step in enumerate(BUILDERS[slug](*size).steps, 1):
        assert holds(step), f"step {number}, {step.latex}: {step.verify()}"


def test_the_dimensions_are_said():
    assert adjoint_equation(3, 2).holds == "Every smooth f of 3 states and 2 parameters."
    assert adjoint_equation(1, 0).holds == "Every smooth f of 1 state."
    assert "1 state and 1 parameter" in adjoint_equation(3, 2, TYPED[0]).holds


@pytest.mark.parametrize(
    "size",
    [
        (1, 1, ()),
        (2, 1, ()),
        (0, 0, TYPED[1]),
        *(pytest.param(size, marks=pytest.mark.slow) for size in ((3, 1, ()), (0, 0, TYPED[2]))),
    ],
    ids=str,
)
@pytest.mark.parametrize(("slug", "one"), CASES, ids=lambda case: case.name if isinstance(case, Break) else case)
def test_each_mistake_fails_where_it_was_made_and_nowhere_else(slug: str, one: Break, size: tuple):
    assert one.says.endswith(".")
    n = len(size[2]) or size[0]
    if n < one.least_n:
        with pytest.raises(ValueError, match="no mistake"):
            BUILDERS[slug](*size, one.name)
        return
    right, wrong = BUILDERS[slug](*size).steps, BUILDERS[slug](*size, one.name).steps
    assert len(right) == len(wrong)
    changed = [pair for pair in zip(right, wrong, strict=True) if pair[0] != pair[1]]
    found = [step.verify(60) for _, step in changed]
    assert "undecided" not in [verdict.status for verdict in found]
    failed = [verdict for verdict in found if verdict.status == "failed"]
    assert failed
    assert all(verdict.difference is not None for verdict in failed)
    for (before, after), verdict in zip(changed, found, strict=True):
        if verdict.status == "failed":
            assert before.latex != after.latex or before.check != after.check


def test_a_mistake_with_the_parameters_needs_some():
    for slug, one in CASES:
        if one.least_m:
            with pytest.raises(ValueError, match="0 parameters this is no mistake"):
                BUILDERS[slug](2, 0, (), one.name)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0,), "1, 2 or 3 states; got 0"),
        ((4,), "1, 2 or 3 states; got 4"),
        ((2, 3), "0, 1 or 2 parameters; got 3"),
        ((2, -1), "0, 1 or 2 parameters; got -1"),
        ((2, 1, (), "nothing"), "can be broken by sign, transpose"),
        ((2, 1, ("z1 +",)), "expected a number"),
        ((2, 1, ("z1",) * 4), "1 to 3 components"),
        ((2, 1, ("abs(z1)",)), "kink"),
        ((2, 1, ("a*z1 + b + c + d + g",)), "at most 4 parameters; there are 5: a, b, c, d, g"),
        ((2, 1, ("+".join(f"sin({i}*z1)" for i in range(2, 27)),)), "operations"),
        ((2, 1, ("log(-1)*z1",)), "no finite real value"),
        ((2, 1, ("z1/0",)), "no finite real value"),
    ],
    ids=str,
)
def test_what_cannot_be_derived_is_refused_in_a_sentence(arguments: tuple, says: str):
    with pytest.raises(ValueError, match=says):
        adjoint_equation(*arguments)


def test_numbers_too_large_to_write_down_are_refused_in_time():
    with pytest.raises(ValueError, match=r"too long|operations|finite"):
        adjoint_equation(2, 1, ("z1*sign(exp(exp(1e9)) - 2)",))


@pytest.mark.slow
@pytest.mark.parametrize("slug", BUILDERS)
def test_parameters_may_have_the_names_that_the_derivations_use(slug: str):
    for name in ("h", "c", "k", "N"):
        assert all(holds(step) for step in BUILDERS[slug](1, 1, (f"{name}*z1 + t*z1",)).steps), name
    for name in ("a", "L", "epsilon", "S00"):
        assert all(holds(step) for step in BUILDERS[slug](1, 1, (f"{name}*z1^2",)).steps), name


def test_a_product_that_is_constant_is_shown_only_where_it_is():
    assert len(adjoint_invariant(1, 1, ("k*z1",)).steps) == len(adjoint_invariant().steps)
    assert len(adjoint_invariant(1, 1, ("k*t*z1",)).steps) == len(adjoint_invariant().steps) - 2
