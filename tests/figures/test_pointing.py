"""Rates as they are drawn are those of the result."""

import numpy as np
import pytest

from core.figures import pointing as figures
from core.labs import pointing


@pytest.fixture
def result() -> pointing.Result:
    random = np.random.default_rng(0)
    names = tuple(pointing.TITLES)
    shape = (60, len(names))
    trials = pointing.Trials(
        names,
        np.arange(60) // 2,
        random.normal(size=60),
        random.random(shape) < 0.7,
        random.random(shape) < 0.9,
        random.random(shape),
    )
    return pointing.join(pointing.Params(30), [trials])


def test_dots_and_intervals_are_the_results(result: pointing.Result):
    for figure, axis, unit in (
        (figures.pointing_chart(result), figures.AXES["pointing"], 100),
        (figures.iou_chart(result), figures.AXES["iou"], 1),
    ):
        drawn = figure.to_dict()
        maps, baselines = drawn["data"]
        assert baselines["y"] == [pointing.TITLES[name] for name in pointing.BASELINES]
        assert len(maps["y"]) == len(result.rows) - 2
        for trace in (maps, baselines):
            bars = trace["error_x"]
            for x, up, down, title in zip(trace["x"], bars["array"], bars["arrayminus"], trace["y"], strict=True):
                row = next(row for row in result.rows if pointing.TITLES[row.method] == title)
                one = row.pointing if unit == 100 else row.iou
                assert (x, x + up, x - down) == pytest.approx([unit * v for v in (one.value, one.high, one.low)])
        assert drawn["layout"]["xaxis"]["title"]["text"] == axis
        assert baselines["marker"]["symbol"] != maps["marker"]["symbol"]


def test_the_text_alternative_names_every_method(result: pointing.Result):
    for told in (figures.rates_alt(result, "pointing"), figures.rates_alt(result, "iou")):
        assert all(title in told for title in pointing.TITLES.values())
    assert f"Grad-CAM {100 * result.row('gradcam').pointing.value:.3g} (" in figures.rates_alt(result, "pointing")
