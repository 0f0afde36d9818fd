"""The tableaus' claims: rooted trees counted, orders decided exactly, coefficients as the peers have them."""

import math
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from core.ode.tableaus import TABLEAUS
from core.ode.trees import Tree, density, size, trees
from tests.ode.exact_steps import largest, one_step, slopes, solution, within

PAIRS = [name for name, tableau in TABLEAUS.items() if tableau.embedded is not None]
ROUNDED = {"tsit5", "dopri8"}
"""Methods whose source gives rounded coefficients; all others hold exactly."""


@cache
def symmetry(tree: Tree) -> int:
    """The number of ways to permute equal branches, written here anew as an oracle."""
    value = 1
    for branch in set(tree):
        count = tree.count(branch)
        value *= symmetry(branch) ** count * math.factorial(count)
    return value


def test_there_are_as_many_rooted_trees_as_cayley_counted():
    assert [len(trees(order)) for order in range(1, 10)] == [1, 1, 2, 4, 9, 20, 48, 115, 286]
    assert all(size(tree) == order for order in range(1, 10) for tree in trees(order))
    with pytest.raises(ValueError, match="got order 0"):
        trees(0)


@pytest.mark.parametrize("order", range(1, 10))
def test_the_densities_count_the_monotonic_labellings(order: int):
    # p! / (gamma sigma) labellings of each tree; all trees together have (p - 1)! of them (HNW II.2)
    labellings = [Fraction(math.factorial(order), density(tree) * symmetry(tree)) for tree in trees(order)]
    assert all(x.denominator == 1 for x in labellings)
    assert sum(labellings) == math.factorial(order - 1)


def test_the_first_conditions_are_those_of_the_textbook():
    a, b, c = (np.array(x, dtype=object) for x in (TABLEAUS["heun2"].a, TABLEAUS["heun2"].b, TABLEAUS["heun2"].c))
    residuals = TABLEAUS["heun2"].order_residuals(3)
    assert residuals[((), ())] == b @ c**2 - Fraction(1, 3)
    assert residuals[(((),),)] == b @ a @ c - Fraction(1, 6)


@pytest.mark.parametrize("name", TABLEAUS)
def test_the_order_conditions_hold_up_to_the_order_and_fail_beyond(name: str):
    tableau = TABLEAUS[name]
    held = [x for order in range(1, tableau.order + 1) for x in tableau.order_residuals(order).values()]
    assert within(held, tableau.tolerance)
    assert largest(list(tableau.order_residuals(tableau.order + 1).values())) > 1e-6


@pytest.mark.parametrize("name", PAIRS)
def test_the_embedded_weights_have_their_order_and_no_more(name: str):
    tableau = TABLEAUS[name]
    weights, order = tableau.embedded, tableau.embedded_order
    assert weights is not None
    assert order is not None
    assert within(
        [x for p in range(1, order + 1) for x in tableau.order_residuals(p, weights).values()], tableau.tolerance
    )
    assert largest(list(tableau.order_residuals(order + 1, weights).values())) > 1e-4


def test_only_rounded_tableaus_have_a_tolerance_and_it_is_tight():
    assert {name for name, tableau in TABLEAUS.items() if tableau.tolerance} == ROUNDED
    assert {name for name, tableau in TABLEAUS.items() if tableau.dense_tolerance} == ROUNDED
    for name in ROUNDED:
        tableau = TABLEAUS[name]
        sums = [x - y for row, y in zip(tableau.a, tableau.c, strict=True) for x in [sum(row, Fraction(0))]]
        conditions = [x for p in range(1, tableau.order + 1) for x in tableau.order_residuals(p).values()]
        assert largest([*sums, *conditions]) > float(tableau.tolerance) / 2
        assert float(tableau.tolerance) < 2e-17


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_ends_where_the_next_step_begins(name: str):
    tableau = TABLEAUS[name]
    assert tableau.a[-1] == tableau.b
    assert tableau.c[-1] == 1
    assert tableau.fsal


def test_moving_weight_within_a_row_is_seen_by_the_conditions_alone():
    exact = TABLEAUS["rk4_classic"]
    bit = Fraction(1, 10**30)
    row = (bit, exact.a[2][1] - bit, *exact.a[2][2:])
    moved = replace(exact, a=(*exact.a[:2], row, *exact.a[3:]))
    assert not any(any(moved.order_residuals(p).values()) for p in (1, 2))
    assert any(moved.order_residuals(3).values())


@pytest.mark.parametrize("name", TABLEAUS)
def test_halving_the_step_shows_the_order(name: str):
    tableau, errors = TABLEAUS[name], []
    for h in (0.16, 0.08, 0.04) if tableau.order > 4 else (0.02, 0.01, 0.005):
        k = one_step(tableau, 0.5, h)
        end = solution(0.5) + h * sum(b * k_i for b, k_i in zip(tableau.numeric.b, k, strict=False))
        errors.append(np.abs(end - solution(0.5 + h)).max())
    assert slopes(errors)[-1] > tableau.order + 0.6


@pytest.mark.parametrize("name", TABLEAUS)
def test_the_arrays_are_the_exact_numbers_rounded_once(name: str):
    tableau, numeric = TABLEAUS[name], TABLEAUS[name].numeric
    e, s = len(tableau.extra_c), tableau.stages
    assert (numeric.a.shape, numeric.b.shape, numeric.c.shape) == ((s, s), (s,), (s,))
    assert (numeric.extra_a.shape, numeric.extra_c.shape) == ((e, s + e), (e,))
    assert numeric is tableau.numeric
    assert numeric.a.dtype == np.float64
    assert not numeric.a.flags.writeable
    assert numeric.a.tolist() == [[float(x) for x in row] for row in tableau.a]
    if tableau.embedded is not None:
        assert numeric.error is not None
        assert numeric.error.tolist() == [float(x - y) for x, y in zip(tableau.b, tableau.embedded, strict=True)]


@pytest.mark.parametrize(
    ("name", "module", "theirs", "sign"),
    [
        ("adaptive_heun", "adaptive_heun", "_ADAPTIVE_HEUN_TABLEAU", -1),
        ("fehlberg2", "fehlberg2", "_FEHLBERG2_TABLEAU", 1),
        ("bosh3", "bosh3", "_BOGACKI_SHAMPINE_TABLEAU", 1),
        ("dopri5", "dopri5", "_DORMAND_PRINCE_SHAMPINE_TABLEAU", 1),
        ("dopri8", "dopri8", "_DOPRI8_TABLEAU", 1),
    ],
)
def test_the_coefficients_are_torchdiffeqs(name: str, module: str, theirs: str, sign: int):
    peers = pytest.importorskip(f"torchdiffeq._impl.{module}")
    tableau, mine = getattr(peers, theirs), TABLEAUS[name].numeric
    k = len(tableau.c_sol)  # torchdiffeq's adaptive_heun and fehlberg2 leave the appended stage out
    np.testing.assert_allclose(mine.b[:k], tableau.c_sol, rtol=1e-15)
    np.testing.assert_allclose(mine.c[1 : len(tableau.alpha) + 1], tableau.alpha, rtol=1e-15)
    for row, given_row in zip(mine.a[1:], tableau.beta, strict=False):
        np.testing.assert_allclose(row[: len(given_row)], given_row, rtol=1e-15)
    assert mine.error is not None
    np.testing.assert_allclose(sign * mine.error[:k], tableau.c_error, rtol=1e-11, atol=1e-16)
