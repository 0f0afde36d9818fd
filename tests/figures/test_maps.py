"""Panels, colour scales and the words that replace a picture."""

import numpy as np
import pytest
import torch

from core.cam import Explanation
from core.figures import maps, theme
from core.figures.cam import alpha_bars, alpha_in_words


@pytest.fixture
def explanation() -> Explanation:
    generator = torch.Generator().manual_seed(0)
    activation = torch.rand(1, 6, 3, 4, generator=generator)
    gradient = torch.randn(1, 6, 3, 4, generator=generator)
    return Explanation("layer", torch.tensor([2]), torch.randn(1, 5, generator=generator), activation, gradient)


@pytest.mark.parametrize("name", [*theme.SEQUENTIAL, theme.SIGNED, theme.GREY])
def test_colour_scales_are_whole_and_read_only(name: str):
    table = theme.lut(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


@pytest.mark.parametrize("name", [*theme.SEQUENTIAL, theme.GREY])
def test_sequential_scales_grow_lighter(name: str):
    lightness = theme.lut(name) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > -0.75).all()  # whole numbers: a step may be rounded away
    assert lightness[-1] > lightness[0] + 120


def test_an_unknown_scale_is_refused():
    with pytest.raises(KeyError):
        theme.lut("jet")


def test_the_signed_scale_is_neutral_at_zero(explanation: Explanation):
    (raw, kept) = maps.sum_panels(explanation, "gradcam", "inferno")
    assert raw.limits[0] == -raw.limits[1]
    assert kept.limits[0] == 0
    np.testing.assert_allclose(kept.values, np.maximum(raw.values, 0))


def test_panels_hold_the_values_of_the_result(explanation: Explanation):
    channels = maps.strongest(explanation, 4)
    share = explanation.alpha[0].abs() * explanation.activation[0].mean((1, 2))
    assert channels == share.argsort(descending=True)[:4].tolist()
    for k, a, g in zip(
        channels, maps.feature_panels(explanation, channels), maps.gradient_panels(explanation, channels), strict=True
    ):
        np.testing.assert_array_equal(a.values, explanation.activation[0, k])
        np.testing.assert_array_equal(g.values, explanation.gradient[0, k])
        assert f"{explanation.alpha[0, k]:+.3g}" in g.caption
        assert a.alt
        assert g.alt


def test_the_text_alternative_says_where_the_largest_value_is():
    values = np.zeros((6, 9))
    values[0, 8] = 2.5
    assert maps.in_words(values) == "6 by 9 cells, from 0 to 2.5, largest at the top, right."
    values[0, 8], values[3, 4] = 0, 2.5
    assert maps.place(values) == "in the middle, centre"
    assert maps.in_words(np.zeros((1, 1))) == "1 by 1 cells, all 0."


def test_a_blank_map_is_called_blank(explanation: Explanation):
    blank = Explanation(
        "layer", explanation.targets, explanation.scores, explanation.activation, -explanation.activation
    )
    panel = maps.class_panel(blank, "gradcam", "cat", "inferno")
    assert panel.limits == (0.0, 0.0)
    assert "blank" in panel.caption


def test_the_bars_show_alpha_and_name_their_axes(explanation: Explanation):
    channels = [4, 1, 0]
    figure = alpha_bars(explanation, channels).to_plotly_json()
    np.testing.assert_allclose(figure["data"][0]["y"], explanation.alpha[0, channels])
    assert "feature map" in figure["layout"]["xaxis"]["title"]["text"]
    assert "score per unit" in figure["layout"]["yaxis"]["title"]["text"]
    assert all(f"map {k}" in alpha_in_words(explanation, channels) for k in channels)
