"""What all charts have in common."""

import pytest

from core.figures.chart import chart, line


def test_ranges_of_logarithmic_axes_are_given_as_values():
    figure = chart([line([1, 10], [0.1, 1], "error", "#123456")], "h", "error", x_scale="log", x_range=(1.0, 100.0))
    spec = figure.to_plotly_json()
    assert spec["layout"]["xaxis"]["range"] == pytest.approx([0.0, 2.0])
    assert spec["layout"]["xaxis"]["title"]["text"] == "h"
    assert spec["layout"]["yaxis"]["type"] == "linear"
    assert spec["data"][0]["line"]["color"] == "#123456"


def test_further_layout_replaces_what_is_common():
    assert chart([], "x", "y", height=200, showlegend=False).to_plotly_json()["layout"]["showlegend"] is False
