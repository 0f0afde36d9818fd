"""The figures of Jacobians hold what the labs computed."""

import numpy as np
import pytest

from core.figures import jacobians as figures
from core.figures.scene import Arrows, Line, Scene
from core.labs import jacobian_cost, jacobian_products, jacobians
from core.labs.jacobian_cost import SIZES, Costs, Way
from core.labs.jacobian_maps import MAPS
from core.labs.jacobians import Point


def picture(name: str, radius: float = 0.4) -> jacobians.Picture:
    about = MAPS[name]
    return jacobians.picture(jacobians.Params(Point(about.formulas, about.start), about.box, radius, about.units))


def lines(scene: Scene, name: str) -> list[np.ndarray]:
    return [layer.points for layer in scene.layers if isinstance(layer, Line) and layer.name == name]


@pytest.mark.parametrize("name", MAPS)
def test_planes_hold_grid_circle_and_both_images(name: str):
    found = picture(name)
    inside, output, magnified = figures.picture_scenes(found)
    assert inside.handle == MAPS[name].start
    np.testing.assert_array_equal(lines(inside, "circle")[0], found.circle)
    np.testing.assert_array_equal(lines(output, "f of the circle")[0], found.image)
    np.testing.assert_array_equal(lines(output, "linear map of the circle")[0], found.ellipse)
    for drawn, image in zip(lines(output, "f of the grid"), found.images, strict=True):
        np.testing.assert_array_equal(drawn, image)
        assert len(drawn) <= 1000
    (curve,) = lines(magnified, "f of the circle")
    np.testing.assert_allclose(curve, (found.image - found.linear.value) / 0.4)
    assert np.nanmax(np.abs(curve)) <= magnified.x.high
    assert f"{abs(found.linear.determinant):.3g}" in output.alt


def test_the_linear_maps_grid_has_the_corners_of_the_box():
    found = picture("turn")
    _, output, _ = figures.picture_scenes(found)
    for drawn, image in zip(lines(output, "linear map of the grid"), found.images, strict=True):
        ends = image.reshape(jacobians.LINES, -1, 2)[:, [0, -2]]
        np.testing.assert_allclose(drawn.reshape(jacobians.LINES, 3, 2)[:, :2], ends, atol=1e-12)


def test_half_axes_are_those_of_the_ellipse():
    found = picture("tanh")
    inside, _, magnified = figures.picture_scenes(found)
    before, after = ([x.vectors[0] for x in one.layers if isinstance(x, Arrows)] for one in (inside, magnified))
    for direction, axis, stretch in zip(before, after, found.linear.stretches, strict=True):
        np.testing.assert_allclose(found.linear.jacobian @ direction / 0.4, axis, atol=1e-12)
        assert np.hypot(*axis) == pytest.approx(stretch)


def test_the_shrinking_chart_leaves_out_what_is_exact():
    found = jacobians.shrink(Point(MAPS["fold"].formulas, (-1.0, 0.5)))
    gaps, areas = figures.shrink_chart(found).to_dict()["data"]
    np.testing.assert_allclose(gaps["y"], found.gaps)
    assert gaps["name"].endswith("slope 1.00")
    assert areas["name"].endswith("exact but for rounding")
    assert f"{found.gaps[0]:.2g}" in figures.shrink_in_words(found)


def test_products_are_drawn_as_arrows():
    params = jacobian_products.ProductParams(Point(MAPS["square"].formulas, (1.0, 0.6)), (1.0, 0.5), (3.0, -3.0))
    found = jacobian_products.products(params)
    drawn = [[x.vectors[0] for x in scene.layers if isinstance(x, Arrows)] for scene in figures.product_scenes(found)]
    np.testing.assert_allclose(drawn[0], np.array([params.v, found.backward.tolist()]))
    np.testing.assert_allclose(drawn[1], np.array([found.forward.tolist(), params.a]))
    assert [scene.handle for scene in figures.product_scenes(found)] == [params.v, None]


def test_costs_are_drawn_in_milliseconds():
    ways = [Way(name, (place + 1) * 1e-3 * np.array(SIZES)) for place, name in enumerate("abcde")]
    costs = Costs(*ways, apart=0.0)
    traces = figures.cost_chart(costs).to_dict()["data"]
    for place, trace in enumerate(traces):
        np.testing.assert_allclose(trace["y"], (place + 1) * np.array(SIZES))
        assert trace["name"] == f"{'abcde'[place]}: slope 1.0"
    assert len({trace["marker"]["symbol"] for trace in traces}) == 5
    assert f"n = {jacobian_cost.SIZES[-1]}" in figures.cost_in_words(costs)
