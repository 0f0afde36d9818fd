"""The tableaus' dense output: its order decided exactly and seen, its ends, and how two of them were derived."""

from fractions import Fraction

import numpy as np
import pytest

from core.ode.surd import Exact, Surd
from core.ode.tableaus import TABLEAUS
from core.ode.trees import StageWeights, density, size, trees
from tests.ode.exact_steps import largest, one_step, slopes, solution, within

DENSE = [name for name, tableau in TABLEAUS.items() if tableau.dense is not None]


# Dense output


@pytest.mark.parametrize("name", DENSE)
def test_the_continuous_conditions_hold_up_to_the_order_and_fail_beyond(name: str):
    tableau = TABLEAUS[name]
    order = tableau.dense_order
    assert order is not None
    held = [x for p in range(1, order + 1) for row in tableau.dense_residuals(p).values() for x in row]
    assert within(held, tableau.dense_tolerance)
    assert largest(held) >= float(tableau.dense_tolerance) / 2  # the bound that is stated is tight
    beyond = [x for row in tableau.dense_residuals(order + 1).values() for x in row]
    assert largest(beyond) > 1e-2


def test_the_dense_orders():
    assert {name: TABLEAUS[name].dense_order for name in DENSE} == {
        "adaptive_heun": 2, "fehlberg2": 2, "bosh3": 3, "dopri5": 4, "tsit5": 4, "dopri8": 7, "kencarp4": 4,
    }  # fmt: skip


@pytest.mark.parametrize("name", DENSE)
def test_the_dense_output_meets_both_ends(name: str):
    tableau = TABLEAUS[name]
    assert tableau.dense is not None
    weights = [*tableau.b, *[Fraction(0)] * len(tableau.extra_c)]
    for i, (row, b) in enumerate(zip(tableau.dense, weights, strict=True)):
        assert within([sum(row, Fraction(0)) - b], tableau.dense_tolerance)
        slope_at_1 = sum(((k + 1) * x for k, x in enumerate(row)), Fraction(0))
        assert within([slope_at_1 - (i == tableau.stages - 1)], 10 * tableau.dense_tolerance)
        if name != "kencarp4":  # there the first stage alone would not stay bounded
            assert row[0] == (i == 0)


def test_dopri5_has_the_quartic_that_scipy_uses():
    from scipy.integrate import RK45

    mine = TABLEAUS["dopri5"].numeric.dense
    assert mine is not None
    np.testing.assert_allclose(mine, RK45.P, rtol=1e-14)


@pytest.mark.parametrize("theta", [0.1, 0.5, 0.9])
def test_kencarp4_stays_bounded_between_its_ends_for_stiff_components(theta: float):
    numeric = TABLEAUS["kencarp4"].numeric
    assert numeric.dense is not None
    weights = numeric.dense @ theta ** np.arange(1, 5)
    for z in (-1e2, -1e4, -1e6, -1e8):
        inside = 1 + z * weights @ np.linalg.solve(np.eye(6) - z * numeric.a, np.ones(6))
        assert abs(inside) < 4  # one unit of b_1 alone would add |z|


def test_kencarp4s_dense_weights_vanish_on_what_its_stages_tend_to():
    tableau = TABLEAUS["kencarp4"]
    assert tableau.dense is not None
    # v with A v = 0, the limit of the stages as z goes to minus infinity
    v: list[Exact] = [Fraction(1)]
    for i in range(1, 6):
        v.append(-sum((a * x for a, x in zip(tableau.a[i], v, strict=False)), Fraction(0)) / tableau.a[i][i])
    for k in range(4):
        assert sum((row[k] * x for row, x in zip(tableau.dense, v, strict=True)), Fraction(0)) == 0


def test_dopri8s_extra_stages_are_values_of_order_6():
    tableau = TABLEAUS["dopri8"]
    stages = StageWeights(tableau.extended_a)
    for row, c in zip(tableau.extra_a, tableau.extra_c, strict=True):
        gaps = [stages.of(tree, row) - c**p / density(tree) for p in range(1, 7) for tree in trees(p)]
        assert within(gaps, Fraction(1, 10**18))
    root = Surd(0, Fraction(1, 14), 7)
    assert [float(c) for c in tableau.extra_c] == [float(Fraction(1, 2) - root), float(Fraction(1, 2) + root), 0.5]


def test_dopri8_alone_misses_one_continuous_condition_of_order_6():
    tableau = TABLEAUS["dopri8"]
    stages, unit = StageWeights(tableau.a), np.eye(14, dtype=int).tolist()
    wanted = [tree for p in range(1, 7) for tree in trees(p)]
    matrix = np.array([[float(stages.of(tree, row)) for row in unit] for tree in wanted])
    powers = np.array([[(size(tree) == p) / density(tree) for p in range(1, 7)] for tree in wanted])
    rest = powers - matrix @ np.linalg.lstsq(matrix, powers, rcond=1e-12)[0]
    sizes = np.linalg.svd(rest, compute_uv=False)
    assert sizes[0] > 1e-3
    assert sizes[1] < 1e-11
    # theta^2 (1 - theta)^2 (theta^2 - theta + 3/14), with zeros at the nodes of two extra stages
    shape = np.polynomial.Polynomial([0, 0, 1, -2, 1]) * np.polynomial.Polynomial([3 / 14, -1, 1])
    direction = rest[np.abs(rest).max(1).argmax()]
    np.testing.assert_allclose(direction / direction[-1], shape.coef[1:].astype(float), atol=1e-8)
    np.testing.assert_allclose(shape(np.array([float(c) for c in tableau.extra_c[:2]])), 0, atol=1e-15)


@pytest.mark.parametrize("name", DENSE)
def test_halving_the_step_shows_the_order_of_the_dense_output(name: str):
    tableau, errors = TABLEAUS[name], []
    dense, order = tableau.numeric.dense, tableau.dense_order
    assert dense is not None
    assert order is not None
    for h in (0.2, 0.1, 0.05) if order > 4 else (0.02, 0.01, 0.005):
        k = one_step(tableau, 0.5, h)
        inside = np.linspace(0.05, 0.95, 19)
        weights = [dense @ theta ** np.arange(1, dense.shape[1] + 1) for theta in inside]
        values = [solution(0.5) + h * sum(w * k_i for w, k_i in zip(row, k, strict=True)) for row in weights]
        gaps = [value - solution(0.5 + theta * h) for theta, value in zip(inside, values, strict=True)]
        errors.append(np.abs(gaps).max())
    assert slopes(errors)[-1] > order + 0.6
