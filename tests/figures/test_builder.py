"""The builder's figures show the table's numbers."""

from math import log2

import pytest

from core.conv.items import Network, item
from core.conv.presets import PRESETS
from core.figures import builder as figures
from core.figures.builder_field import framed, framed_in_words
from core.labs.builder import lay_out, share_out
from core.labs.builder_field import see

LENET = lay_out(PRESETS["lenet5"].network)


def test_boxes_are_as_high_as_the_cells_and_as_wide_as_the_channels():
    chart = figures.volumes(LENET).to_plotly_json()
    traces = {trace["name"]: trace for trace in chart["data"]}
    convolutions = traces["convolution"]
    xs, ys = convolutions["x"], convolutions["y"]
    for index, (channels, cells) in enumerate(((6, 28), (16, 10), (120, 1))):
        at = 18 * index  # three faces of five corners and a gap
        assert xs[at + 1] - xs[at] == pytest.approx(log2(channels) + 1, abs=0.02)
        assert ys[at + 2] - ys[at + 1] == pytest.approx(log2(cells) + 1, abs=0.02)
    assert list(chart["layout"]["xaxis"]["ticktext"]) == ["in", "1", "3", "4", "6", "7", "9", "10", "12"]
    said = figures.volumes_in_words(LENET)
    assert "the input: 1 of 32 x 32; layer 1: 6 of 28 x 28" in said


@pytest.mark.parametrize("network", [Network((1, 1, 1), ()), Network((1, 9, 9), (item("dense"),) * 200)])
def test_networks_without_a_volume_are_drawn_too(network: Network):
    assert len(figures.volumes(lay_out(network)).to_plotly_json()["data"]) == 1


def test_shares_are_those_of_the_lab():
    found = share_out(PRESETS["vgg16"].network)
    parameters, work = figures.shares_chart(found).to_plotly_json()["data"]
    assert list(parameters["y"]) == pytest.approx([100 * share.parameters for share in found.shares], abs=1e-3)
    assert list(work["y"]) == pytest.approx([100 * share.multiply_adds for share in found.shares], abs=1e-3)
    assert "Most parameters: layer 33, 74.3%" in figures.shares_in_words(found)


def test_the_frame_is_clipped_and_the_picture_upright():
    seen = see(PRESETS["resnet18"].network, 9, 0.0, 1.0, "data:,")
    assert seen is not None
    figure = framed(seen).to_plotly_json()
    dashed, inside, middle = figure["data"]
    (top, bottom), (left, right) = seen.rows.inside, seen.columns.inside
    assert top == 0
    assert right == 224
    assert (inside["x"][0], inside["x"][1], inside["y"][0], inside["y"][2]) == (left, right, top, bottom)
    assert dashed["y"][0] == seen.rows.whole[0] < 0
    assert middle["y"] == [seen.rows.middle]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low > high  # row 0 is at the top
    assert f"rows 0 to {bottom - 1}" in framed_in_words(seen)
