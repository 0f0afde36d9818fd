"""The five-minute scenes hold what was solved, backwards."""

import numpy as np
import pytest

from core.figures import five_minutes as figures
from core.figures.scene import Line
from core.labs.five_minutes import Params, by_sympy, four_ways


@pytest.mark.parametrize("params", [Params(0.5, 1.0, 2.0), Params(-2.0, -2.0, 0.5), Params(0.0, 0.0, 1.0)], ids=str)
def test_curves_run_from_the_end_to_the_start(params: Params):
    result = four_ways(by_sympy(), params)
    clock = figures.backwards_clock(result)
    assert (clock.low, clock.high) == (params.t1, 0.0)
    curves, area, gathered = figures.all_scenes(result)
    drawn = [layer for scene in (curves, area, gathered) for layer in scene.layers if isinstance(layer, Line)]
    for line in drawn:
        assert line.times is not None
        assert (np.diff(line.times) <= 0).all()
    for line, values in zip(drawn[:2], (result.z, result.a), strict=True):
        np.testing.assert_array_equal(line.points[:, 1], values)
    hatched, integrand, total = drawn[2:]
    np.testing.assert_array_equal(integrand.points[:, 1], result.integrand)
    np.testing.assert_array_equal(total.points[:, 1], result.gathered)
    assert np.isin(hatched.points[:, 1], [0.0, *result.integrand]).all()
    for scene in (curves, area, gathered):
        assert scene.y.low < 0 < scene.y.high
        assert not scene.alt.count("nan")
