"""Equilibria against eigenvalues and planted roots, nullclines against the field, bad formulas in words."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.expression import parse_field
from core.labs import fields
from core.labs.equilibria import MOST, classify, equilibria, nullcline

BOX = ((-3.0, 3.0), (-2.0, 2.0))
ENTRIES = st.lists(st.integers(-50, 50), min_size=4, max_size=4)


def plane(first: str, second: str, **values: float) -> fields.Plane:
    return fields.plane(fields.Params(fields.Flow((first, second), tuple(values.items())), BOX))


@settings(deadline=None)
@given(ENTRIES)
def test_the_kind_is_what_the_eigenvalues_say(entries: list[int]):
    matrix = np.array(entries, dtype=float).reshape(2, 2) / 7
    kind, eigenvalues = classify(matrix), np.linalg.eigvals(matrix)
    a, b, c, d = entries
    if a * d == b * c:
        assert kind == "degenerate"
    elif a * d < b * c:
        assert kind == "saddle"
        assert min(eigenvalues.real) < 0 < max(eigenvalues.real)
    elif a + d == 0:
        assert kind == "centre (linearly)"
        assert np.abs(eigenvalues.real).max() < 1e-6
    else:
        assert kind.startswith("stable" if max(eigenvalues.real) < 0 else "unstable")
        assert kind.endswith("spiral") == ((a - d) ** 2 + 4 * b * c < 0)
        if kind.endswith("spiral"):
            assert np.abs(eigenvalues.imag).min() > 0


@settings(deadline=None)
@given(ENTRIES, st.floats(-2.9, 2.9), st.floats(-1.9, 1.9))
def test_newton_finds_a_planted_root(entries: list[int], x: float, y: float):
    matrix = np.array(entries, dtype=float).reshape(2, 2) / 7
    assume(abs(np.linalg.det(matrix)) > 1e-2)
    root = np.array([x, y])
    found, more = equilibria(lambda z: (z - root) @ matrix.T, lambda z: np.broadcast_to(matrix, (len(z), 2, 2)), BOX)
    assert not more
    (only,) = found
    np.testing.assert_allclose(only.place, root, atol=1e-8)
    np.testing.assert_allclose(sorted(only.eigenvalues, key=_order), sorted(np.linalg.eigvals(matrix), key=_order))
    assert only.trace == pytest.approx(sum(only.eigenvalues).real, abs=1e-9)
    assert only.determinant == pytest.approx(np.prod(only.eigenvalues).real, abs=1e-9)


def _order(value: complex) -> tuple[float, float]:
    return round(value.real, 9), round(value.imag, 9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-6, 6)), min_size=2, max_size=2, unique=True))
def test_both_roots_of_a_product_are_found(roots: list[tuple[int, int]]):
    (a, b), (c, d) = [(round(x / 3.3, 6), round(y / 3.3, 6)) for x, y in roots]
    assume(abs(a - c) > 0.2)
    slope = round((d - b) / (c - a), 12)
    found = plane(f"(z1 - ({a!r}))*(z1 - ({c!r}))", f"z2 - ({b!r}) - ({slope!r})*(z1 - ({a!r}))").equilibria
    np.testing.assert_allclose([one.place for one in found], sorted([(a, b), (c, d)]), atol=1e-6)
    assert sorted(one.kind for one in found)[0] == "saddle"


def test_a_double_root_is_found_and_called_degenerate():
    (one,) = plane("z1^2 + z2^2", "z2").equilibria
    np.testing.assert_allclose(one.place, (0, 0), atol=1e-4)
    assert one.kind == "degenerate"


def test_no_equilibrium_where_there_is_none():
    assert plane("1 + z1^2", "z2").equilibria == ()
    assert plane("1/z1", "1/z2").equilibria == ()  # both change their sign, across a pole
    assert plane("sign(z1)", "sign(z2)").vanishing == (False, False)


def test_equilibria_that_fill_a_curve_are_cut_off_and_said_to_be_so():
    shown = plane("z2", "2*z2")
    assert shown.more
    assert len(shown.equilibria) == MOST
    assert {one.kind for one in shown.equilibria} == {"degenerate"}
    nothing = plane("0", "0")
    assert nothing.vanishing == (True, True)
    assert np.all(nothing.vectors == 0)


@pytest.mark.parametrize(
    ("first", "second"), [("z2", "-sin(3*z1)"), ("z1^2 + z2^2 - 1", "z1*z2 - 0.3"), ("log(z1) + z2", "sqrt(z2) - z1")]
)
def test_nullclines_lie_where_the_component_is_0(first: str, second: str):
    shown = plane(first, second)
    field = parse_field((first, second))
    for component, line in enumerate(shown.nullclines):
        points = torch.from_numpy(line[np.isfinite(line).all(axis=1)])
        assert len(points) > 20
        value = field(0.0, points)[:, component]
        slope = field.jacobian(0.0, points)[:, component].norm(dim=1)
        assert float((value / slope).abs().max()) < 0.02  # how far the curve is, to first order: a cell is 0.05


@pytest.mark.parametrize("text", ["1/(z1 - 0.01)", "sign(z1 - 0.01)*(1 + z2^2)", "tan(z1)"])
def test_a_nullcline_does_not_follow_a_pole_or_a_jump(text: str):
    field = parse_field((text, "z2"))
    line, everywhere = nullcline(lambda z: field(0.0, torch.from_numpy(z)).numpy(), 0, BOX)
    assert not everywhere
    points = line[np.isfinite(line).all(axis=1)]
    assert len(points) == (121 if text == "tan(z1)" else 0)
    np.testing.assert_allclose(points[:, 0], 0, atol=1e-12)


def test_arrows_have_the_fields_direction_and_stay_in_their_cells():
    shown = plane("z2", "1/z1 - z2")
    assert np.isfinite(shown.vectors).all()
    true = np.stack([shown.points[:, 1], 1 / shown.points[:, 0] - shown.points[:, 1]], axis=1)
    cross = shown.vectors[:, 0] * true[:, 1] - shown.vectors[:, 1] * true[:, 0]
    np.testing.assert_allclose(cross / np.linalg.norm(true, axis=1), 0, atol=1e-12)
    assert ((shown.vectors * true).sum(axis=1) >= 0).all()
    assert np.abs(shown.vectors / [6.0, 4.0]).max() <= 1 / fields.ARROWS


def test_portrait_curves_of_a_rotation_are_circles():
    curves = fields.portrait(fields.Params(fields.Flow(("-z2", "z1")), ((-2.0, 2.0), (-2.0, 2.0))))
    assert len(curves) == 24
    for curve in curves:
        radius = np.linalg.norm(curve[np.isfinite(curve).all(axis=1)], axis=1)
        np.testing.assert_allclose(radius, radius[0], rtol=5e-3)


@pytest.mark.parametrize("formulas", [("z1^2", "-z2^2"), ("log(z1)", "sqrt(z2)"), ("sign(z1)", "1/z2"), ("0", "0")])
def test_a_portrait_never_fails(formulas: tuple[str, str]):
    for curve in fields.portrait(fields.Params(fields.Flow(formulas), BOX)):
        assert curve.shape == (121, 2)


def test_a_formula_that_cannot_be_read_is_pointed_at():
    reading = fields.read(("z2", "sin(z1"))
    assert reading.field is None
    assert reading.message
    assert reading.pointed.splitlines()[0] == "sin(z1"
    assert "^" in reading.pointed.splitlines()[1]
    assert fields.read(("z2", "-z1")).message == ""
