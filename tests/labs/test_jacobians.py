"""Linear maps at points, matrices in three ways, and products, against numpy and formulas worked out by hand."""

import numpy as np
import pytest

from core.derivations.deadline import OutOfTime
from core.labs import jacobian_maps, jacobian_products, jacobian_ways, jacobian_words, jacobians
from core.labs.jacobian_maps import MAPS, Formulas, read
from core.labs.jacobian_ways import symbolic, three_ways
from core.labs.jacobians import Point, linear, picture, shrink

BOX = ((-2.0, 2.0), (-2.0, 2.0))


def point(name: str) -> Point:
    return Point(MAPS[name].formulas, MAPS[name].start)


def shown(formulas: Formulas, place: tuple[float, float], radius: float = 0.4) -> jacobians.Picture:
    return picture(jacobians.Params(Point(formulas, place), BOX, radius, ("z1", "z2")))


BY_HAND = {
    "square": [[2.0, -1.2], [1.2, 2.0]],
    "polar": [[np.cos(0.7), -1.4 * np.sin(0.7)], [np.sin(0.7), 1.4 * np.cos(0.7)]],
    "fold": [[-2.0, 0.0], [0.0, 1.0]],
    "turn": [[1.2, -0.9], [0.9, 1.2]],
    "shear": [[1.0, 1.0], [0.0, 1.0]],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_jacobian_is_the_one_worked_out_by_hand(name: str):
    fit = linear(point(name))
    np.testing.assert_allclose(fit.jacobian, BY_HAND[name], rtol=1e-14)
    assert fit.determinant == pytest.approx(np.linalg.det(np.array(BY_HAND[name])))


@pytest.mark.parametrize("name", MAPS)
def test_all_three_ways_agree(name: str):
    ways = three_ways(symbolic(MAPS[name].formulas), point(name))
    assert ways.symbolic is not None
    np.testing.assert_allclose(ways.automatic, ways.symbolic, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(ways.differences, ways.symbolic, atol=1e-9)
    np.testing.assert_allclose(ways.symbolic, linear(point(name)).jacobian, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", MAPS)
def test_the_area_factor_tends_to_the_determinant(name: str):
    found = shrink(point(name))
    assert found.differentiable
    assert found.ratios[-1] == pytest.approx(found.linear.determinant, abs=1e-4)
    assert found.gap_slope is None or found.gap_slope == pytest.approx(1, abs=0.02)
    assert found.area_slope is None or found.area_slope == pytest.approx(2, abs=0.02)
    assert (found.gap_slope is None) == (name in ("turn", "shear"))


def test_the_square_bends_by_its_second_derivative():
    """(z + d)^2 - z^2 - 2 z d = d^2, whose size is r^2; the area gains 2 r^2."""
    found = shrink(point("square"))
    np.testing.assert_allclose(found.gaps, jacobians.RADII, rtol=1e-9)
    np.testing.assert_allclose(found.area_gaps, 2 * np.array(jacobians.RADII) ** 2, rtol=1e-3)


def test_orientation_is_the_determinants_sign():
    for x in (-1.0, 1.0):
        found = shown(MAPS["fold"].formulas, (x, 0.5), 0.1)
        assert found.area is not None
        assert found.area == pytest.approx(2 * x)
        assert found.linear.determinant == 2 * x


@pytest.mark.parametrize("name", ["turn", "shear"])
def test_a_linear_map_is_its_own_linear_map(name: str):
    found = picture(jacobians.Params(point(name), BOX, 0.8, ("z1", "z2")))
    np.testing.assert_allclose(found.image, found.ellipse, atol=1e-14)


def test_singular_points_are_told():
    flat = linear(Point(MAPS["fold"].formulas, (0.0, 1.0)))
    gone = linear(Point(MAPS["square"].formulas, (0.0, 0.0)))
    assert flat.singular
    assert gone.singular
    assert "to a line" in (jacobian_words.about_singular(flat) or "")
    assert "to a point" in (jacobian_words.about_singular(gone) or "")
    assert jacobian_words.about_singular(linear(point("square"))) is None


@pytest.mark.parametrize("formulas", [("abs(z1)", "z2"), ("sign(z1)", "z2"), ("z1 + abs(z2)", "z2")])
def test_a_corner_is_not_differentiable_whatever_the_formula_says(formulas: Formulas):
    found = shrink(Point(formulas, (0.0, 0.0)))
    assert not found.differentiable
    assert "no derivative here" in jacobian_words.about_shrinking(found)
    assert shrink(Point(formulas, (0.5, 0.5))).differentiable


def test_a_corner_of_the_derivative_alone_is_differentiable():
    assert shrink(Point(("abs(z1)^1.5", "z2"), (0.0, 0.0))).differentiable


@pytest.mark.parametrize(
    ("formulas", "says"),
    [
        (("z1 +", "z2"), "In the formula for f1: expected a number"),
        (("z1", "z2 + a"), "In the formula for f2: a is neither z1 nor z2"),
        (("z1 + t", "z2"), "In the formula for f1: t is neither z1 nor z2"),
        (("__import__('os')", "z2"), "In the formula for f1"),
        (("log(-1 - z1^2)", "z2"), "no value with finite slopes anywhere"),
        (("1e90*z1", "z2"), "no value with finite slopes anywhere"),
    ],
)
def test_formulas_that_cannot_be_used(formulas: Formulas, says: str):
    reading = read(formulas, BOX, (0.5, 0.5))
    assert reading.place is None
    assert says in reading.message


def test_a_singular_start_moves_to_the_nearest_place_with_a_value():
    reading = read(("1/z1", "z2"), BOX, (0.0, 0.0))
    assert reading.place is not None
    assert 0 < abs(reading.place[0]) < 0.3
    assert jacobian_maps.finite_at(reading.formulas, reading.place)
    assert not jacobian_maps.finite_at(("1/z1", "z2"), (0.0, 0.0))
    assert not jacobian_maps.finite_at(("sqrt(z1)", "z2"), (0.0, 0.0))


STRANGE = [
    ("1", "2"),
    ("1/z1", "1/z2"),
    ("log(z1)", "sqrt(z2)"),
    ("exp(exp(z1))", "z2"),
    ("z1^20", "(z1 + z2)^20"),
    ("exp(50*z1^2)", "z2"),
    ("sign(z1)*sqrt(abs(z2))", "asin(z1)"),
    ("abs(sqrt(z1))", "tan(50*z2)"),
    ("tan(" * 12 + "z1" + ")" * 12, "z2"),
]


@pytest.mark.parametrize("formulas", STRANGE)
def test_strange_maps_have_results_too(formulas: Formulas):
    reading = read(formulas, BOX, (0.5, 0.5))
    assert reading.place is not None
    at, found = Point(formulas, reading.place), symbolic(formulas)
    ways = three_ways(found, at)
    assert np.isfinite(ways.automatic).all()
    assert ways.symbolic is None or np.allclose(ways.symbolic, ways.automatic, rtol=1e-6)
    assert len(found.latex) <= jacobian_ways.LONGEST
    assert jacobian_words.about_ways(ways)
    assert jacobian_words.about_shrinking(shrink(at))
    (left, right), (low, high) = shown(formulas, reading.place, 0.8).view
    assert left < right
    assert low < high


def test_sympy_without_an_end_is_said(monkeypatch: pytest.MonkeyPatch):
    def over(*_: object) -> None:
        raise OutOfTime

    monkeypatch.setattr(jacobian_ways, "within", over)
    found = symbolic(MAPS["tanh"].formulas)
    assert not found.entries
    assert "did not finish" in found.message
    assert three_ways(found, point("tanh")).symbolic is None


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize(("a", "v"), [((1.0, 0.5), (1.0, -0.5)), ((0.0, 0.0), (3.0, -3.0)), ((-3.0, 2.9), (0.1, 0.0))])
def test_products_without_the_matrix_are_those_with_it(name: str, a: tuple, v: tuple):
    found = jacobian_products.products(jacobian_products.ProductParams(point(name), a, v))
    np.testing.assert_allclose(found.backward, found.row, atol=1e-14)
    np.testing.assert_allclose(found.forward, found.column, atol=1e-14)
    assert found.from_left == pytest.approx(found.from_right, abs=1e-13)
    question, answer, tolerance, _ = jacobian_words.exercise(found)
    assert answer == pytest.approx(float((np.array([2.0, -1.0]) @ found.jacobian)[1]))
    assert tolerance > 0
    assert "(2, -1)" in question


def test_products_of_a_constant_map_are_zero():
    at = Point(("1", "2"), (0.5, 0.5))
    found = jacobian_products.products(jacobian_products.ProductParams(at, (1.0, 2.0), (3.0, -1.0)))
    assert not np.concatenate([found.backward, found.forward, found.row, found.column]).any()


def test_the_pictures_range_does_not_depend_on_the_point():
    formulas = MAPS["square"].formulas
    assert shown(formulas, (1.0, 0.6)).view == shown(formulas, (-0.3, 1.9), 0.02).view
