"""What all charts have in common."""

import pytest

from core.figures.chart import chart, line, numbers


def test_ranges_of_logarithmic_axes_are_given_as_values():
    figure = chart([line([1, 10], [0.1, 1], "error", "#123456")], "h", "error", x_scale="log", x_range=(1.0, 100.0))
    spec = figure.to_plotly_json()
    assert spec["layout"]["xaxis"]["range"] == pytest.approx([0.0, 2.0])
    assert spec["layout"]["xaxis"]["title"]["text"] == "h"
    assert spec["layout"]["yaxis"]["type"] == "linear"
    assert spec["data"][0]["line"]["color"] == "#123456"


def test_further_layout_replaces_what_is_common():
    assert chart([], "x", "y", height=200, showlegend=False).to_plotly_json()["layout"]["showlegend"] is False


def test_the_numbers_of_a_chart_are_those_that_it_draws():
    one, two = line([1, 10], [0.1, 1], "Euler", "#123456"), line([1, 2, 3], [5, 6, 7], "rk4", "#654321")
    two["y"][1] = None  # a gap
    assert numbers(chart([one, two], "step h", "error")) == {
        "name": ["Euler", "Euler", "rk4", "rk4"],
        "step h": [1, 10, 1, 3],
        "error": [0.1, 1, 5, 7],
    }
    assert numbers(chart([], "x", "y")) == {}


def test_each_cell_of_a_heatmap_is_a_point():
    heat = {"type": "heatmap", "x": ["a", "b"], "y": [1, 2], "z": [[1.0, 2.0], [3.0, 4.0]]}
    assert numbers(chart([heat], "row", "column")) == {
        "name": ["", "", "", ""],
        "row": ["a", "b", "a", "b"],
        "column": [1, 1, 2, 2],
        "value": [1.0, 2.0, 3.0, 4.0],
    }
