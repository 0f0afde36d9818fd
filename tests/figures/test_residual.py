"""The figures of residual networks hold what the labs computed."""

import numpy as np
import pytest

from core.figures import residual as figures
from core.figures.scene import Arrows, Dots, Line
from core.figures.theme import MUTED, STATE
from core.labs import depth_limit, residual
from core.labs.depth_limit import SCALES, WEIGHTS, Chosen


@pytest.fixture(scope="module")
def compared() -> residual.Comparison:
    return residual.compare(residual.Params("wave", 5))


@pytest.fixture(scope="module")
def limits() -> depth_limit.Limits:
    return depth_limit.limits(depth_limit.Params(1))


def test_each_frame_holds_one_networks_states(compared: residual.Comparison):
    (scene,) = figures.paths_scenes(compared)
    clock = figures.paths_clock()
    assert clock.frames[0] == "h = 1, 4 blocks"
    assert clock.frames[-1] == "h = 1/64, 256 blocks"
    for frame, path in enumerate(compared.paths[: len(clock.frames)]):
        (line,) = [layer for layer in scene.layers if isinstance(layer, Line) and layer.frame == frame]
        (dots,) = [layer for layer in scene.layers if isinstance(layer, Dots) and layer.frame == frame]
        curves = line.points.reshape(5, path.blocks + 2, 2)
        np.testing.assert_array_equal(curves[:, :-1, 1].T, path.states)
        np.testing.assert_array_equal(curves[:, :-1, 0], np.broadcast_to(path.times, (5, path.blocks + 1)))
        assert np.isnan(curves[:, -1]).all()
        assert len(dots.points) == 5 * (path.blocks + 1)
    assert f"{compared.paths[0].error:.2g}" in scene.alt


def test_solution_and_field_are_always_there(compared: residual.Comparison):
    (scene,) = figures.paths_scenes(compared)
    (arrows,) = [layer for layer in scene.layers if isinstance(layer, Arrows)]
    np.testing.assert_allclose(arrows.vectors[:, 1] / arrows.vectors[:, 0], compared.slopes)
    (truth,) = [layer for layer in scene.layers if isinstance(layer, Line) and layer.frame is None]
    values = truth.points[:, 1]
    np.testing.assert_array_equal(values[np.isfinite(values)], compared.truth.T.ravel())
    assert np.nanmax(np.abs(values)) < scene.y.high


def test_all_paths_stay_inside_the_axes():
    for name in residual.FIELDS:
        result = residual.compare(residual.Params(name, 15))
        (scene,) = figures.paths_scenes(result)
        for path in result.paths:
            assert scene.y.low < path.states.min()
            assert path.states.max() < scene.y.high


def test_the_error_chart_shows_the_errors(compared: residual.Comparison):
    measured, fit = figures.error_chart(compared).to_dict()["data"]
    np.testing.assert_array_equal(measured["y"], compared.errors)
    slope = np.diff(np.log(fit["y"])) / np.diff(np.log(fit["x"]))
    np.testing.assert_allclose(slope, compared.order)
    assert f"{compared.errors[-1]:.2g}" in figures.errors_in_words(compared)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("scale", SCALES)
def test_limits_are_drawn_as_they_are(limits: depth_limit.Limits, weights: str, scale: str):
    chosen = Chosen(limits, weights, scale)
    (scene,) = figures.limit_scenes(chosen)
    for frame, path in enumerate(chosen.setting.paths):
        (line,) = [layer for layer in scene.layers if isinstance(layer, Line) and layer.frame == frame]
        values = line.points[:, 1]
        np.testing.assert_array_equal(values[np.isfinite(values)], path.T.ravel())
        assert np.nanmax(np.abs(values)) <= scene.y.high
    traces = figures.doubling_chart(chosen).to_dict()["data"]
    for setting, trace in zip(limits.settings, traces, strict=True):
        np.testing.assert_array_equal(trace["y"], setting.change)
        assert trace["line"]["color"] == (STATE if setting is chosen.setting else MUTED)
    assert len({trace["marker"]["symbol"] for trace in traces}) == 4
    assert f"{limits.settings[0].change_slope:+.2f}" in figures.doubling_in_words(limits)
