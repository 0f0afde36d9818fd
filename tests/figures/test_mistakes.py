"""Figures of the common mistakes: their data are the results'."""

import numpy as np
import pytest

from core.figures import mistakes as figures
from core.figures.scene import Shade
from core.labs import mistakes
from core.labs.mistakes import MISTAKES
from core.labs.mistakes_data import Settled

FOUND = {mistake.name: mistake.settle(mistake.control.default) for mistake in MISTAKES}


@pytest.mark.parametrize("name", [name for name, found in FOUND.items() if found.plot])
def test_curves_are_the_results_and_within_the_axes(name: str):
    found = FOUND[name]
    assert found.plot is not None
    figure = figures.plot(found).to_plotly_json()
    assert [trace["name"] for trace in figure["data"]] == [curve.name for curve in found.plot.curves]
    for trace, curve in zip(figure["data"], found.plot.curves, strict=True):
        np.testing.assert_array_equal(trace["x"], curve.x)
        np.testing.assert_array_equal(trace["y"], curve.y)
        assert f"{curve.y[-1]:.3g}" in figures.plot_in_words(found)
    layout = figure["layout"]
    assert layout["xaxis"]["title"]["text"]
    assert layout["yaxis"]["title"]["text"]
    low, high = layout["yaxis"]["range"]
    largest = max(value for curve in found.plot.curves for value in curve.y)
    assert low < (np.log10(largest) if found.plot.y_log else largest) < high
    looks = [(trace.get("mode"), trace["marker"].get("symbol"), trace["line"].get("dash")) for trace in figure["data"]]
    assert len(set(looks)) == len(looks)  # told apart without colour


@pytest.mark.parametrize("name", [name for name, found in FOUND.items() if found.grids])
def test_maps_are_the_results_with_row_0_on_top(name: str):
    for scene, grid in zip(figures.maps(FOUND[name]), FOUND[name].grids, strict=True):
        (shade,) = scene.layers
        assert isinstance(shade, Shade)
        np.testing.assert_array_equal(shade.values, grid.values[::-1])
        assert shade.limits == (grid.low, grid.high)
        assert (shade.scale == "signed") == (grid.low < 0)
        assert f"{grid.values.shape[0]} x {grid.values.shape[1]} cells" in scene.alt


def test_pictures_stand_where_a_picture_settles_it():
    plotted = {name for name, found in FOUND.items() if found.plot}
    mapped = {name for name, found in FOUND.items() if found.grids}
    assert plotted == {"stacking", "always-euler", "tolerance", "even-kernels", "cubic-zoom"}
    assert mapped == {"filter-or-map", "relu-softmax", "normalised"}


def test_nothing_to_plot_is_an_error():
    with pytest.raises(ValueError, match="nothing to plot"):
        figures.plot(Settled("", ""))


def test_every_extreme_can_be_drawn():
    for number, mistake in enumerate(MISTAKES, 1):
        for value in (mistake.control.low, mistake.control.high):
            found = mistakes.settle(number, value)
            if found.plot:
                figures.plot(found)
            figures.maps(found)
