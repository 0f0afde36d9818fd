"""Charts of the comparison hold what the lab found."""

import numpy as np
import pytest

from core.figures import odenet_compare as figures
from core.labs.depth_cam import Way
from core.labs.odenet_compare import KEEPING, TIGHTEST, WAYS, Memory, Robust, Solved


def solved(way: Way, score: float, nfe: int = 4, failure: str = "") -> Solved:
    scores = np.zeros(0) if failure else np.array([0.0, score])
    return Solved(way, scores, () if failure else (nfe, nfe), (0, 0), np.zeros((2, 2)), failure)


def test_each_solver_has_a_curve_and_failures_none():
    rows = [solved(way, i / 10, i + 1) for i, way in enumerate(WAYS)]
    rows[2] = solved(WAYS[2], 0, failure="no")
    exact = solved(TIGHTEST, 3.0)
    limits = figures.score_range([rows, [exact]], 1)
    assert limits[0] < 0.0 < 3.0 < limits[1]
    chart = figures.score_chart(rows, exact, 1, limits).to_plotly_json()
    by_name = {trace["name"]: trace for trace in chart["data"]}
    assert by_name.keys() == {"dopri5", "euler", "midpoint", "rk4"}
    assert by_name["dopri5"]["x"] == [2, 4, 8]
    assert by_name["dopri5"]["y"] == [0, 0.1, 0.3]
    assert chart["layout"]["shapes"][0]["y0"] == 3
    assert len({trace["marker"]["symbol"] for trace in chart["data"]}) == 4
    assert "3.000" in figures.scores_in_words("t", rows, exact, 1)


def test_bars_are_stacked_by_block():
    counts = {"as it is": (14, 20, 8), "mirrored": (26, 14, 14)}
    chart = figures.counts_chart(counts).to_plotly_json()
    assert [trace["x"] for trace in chart["data"]] == [[14, 26], [20, 14], [8, 14]]
    assert chart["layout"]["yaxis"]["type"] == "category"
    assert "as it is: 14 + 20 + 8 = 42" in figures.counts_in_words(counts)


def test_noise_shows_mean_and_reach():
    found = Robust((0.0, 0.1), np.array([[0.5, 0.7], [0.1, 0.3]]), np.ones((2, 2), bool))
    trace = figures.noise_chart(found, found).to_plotly_json()["data"][0]
    assert trace["y"] == pytest.approx([0.6, 0.2])
    assert trace["error_y"]["array"] == pytest.approx([0.1, 0.1])
    assert "σ = 0.1: ResNet 0.20" in figures.noise_in_words(found, found)


def test_memory_is_in_megabytes():
    own = {name: [Memory(10**6 * (i + 1), 0), Memory(2 * 10**6, 0)] for i, name in enumerate(KEEPING)}
    chart = figures.memory_chart(Memory(3 * 10**6, 0), own, (1, 2)).to_plotly_json()
    assert [trace["y"] for trace in chart["data"]] == [[1, 2], [2, 2], [3, 2], [3, 3]]
    assert "MB" in chart["layout"]["yaxis"]["title"]["text"]
    assert "ResNet: 3.0 MB" in figures.memory_in_words(Memory(3 * 10**6, 0), own, (1, 2))
