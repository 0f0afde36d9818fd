"""Figures of trust and of comparison hold the numbers of the results, and their words say them."""

import numpy as np
import pytest

from core.cam.metrics import Removal
from core.cam.occlusion import Squares
from core.figures import compare_maps, trust
from core.figures.scene import Shade
from core.labs import compare_maps as lab
from core.labs.covering import Occluded
from core.labs.trust import Attempt, Cascade, Curves, Likeness
from core.labs.two_maps import Difference

RAMP = np.arange(6.0).reshape(2, 3)


def cascade(sharp: bool = True) -> Cascade:
    def attempt(stage: str, rank: float, heat: np.ndarray) -> Attempt:
        like = Likeness(rank, rank / 2)
        return Attempt(stage, heat, RAMP if sharp else None, 0.5, like, like if sharp else None, 0.1)

    return Cascade((attempt("", 1.0, RAMP), attempt("fc", -0.25, np.zeros((2, 3)))), RAMP, (20, 30), 0)


def test_the_scenes_show_each_map_upright_in_its_frame():
    scenes = trust.cascade_scenes(cascade(), "inferno")
    assert [scene.title for scene in scenes] == ["Grad-CAM", trust.GUIDED, trust.EDGES]
    shades = [layer for layer in scenes[0].layers if isinstance(layer, Shade)]
    np.testing.assert_array_equal(shades[0].values, RAMP[::-1])  # row 0 of a shade is at the bottom
    assert [shade.frame for shade in shades] == [0, 1]
    assert shades[1].limits == (0.0, 1.0)  # blank, and yet a scale
    assert (scenes[0].x.high, scenes[0].y.high) == (30, 20)
    assert trust.cascade_clock(cascade()).frames == ("as trained", "1 random, down to fc")
    assert len(trust.cascade_scenes(cascade(sharp=False), "inferno")) == 2


@pytest.mark.parametrize(("measure", "last"), [("rank", -0.25), ("structure", -0.125)])
def test_the_curves_of_likeness(measure: str, last: float):
    drawn = trust.cascade_chart(cascade(), measure).to_dict()["data"]
    assert [trace["name"] for trace in drawn] == ["Grad-CAM", trust.GUIDED, trust.EDGES]
    assert drawn[0]["y"][1] == last
    assert drawn[2]["y"] == [1.0, 1.0]
    assert f"{last:.2f}" in trust.cascade_alt(cascade(), measure)
    assert len(trust.cascade_chart(cascade(sharp=False), measure).to_dict()["data"]) == 2


def test_the_curves_of_removal_with_their_band():
    shares = np.array([0.0, 0.5, 1.0])
    one, two, three = (Removal(shares, np.array([0.9, middle, 0.1])) for middle in (0.2, 0.4, 0.6))
    curves = Curves("delete", "gradcam", one, two, (two, three))
    drawn = {trace["name"]: trace for trace in trust.curves_chart(curves).to_dict()["data"]}
    assert drawn["mean of the random maps"]["y"] == pytest.approx([0.9, 0.5, 0.1])
    assert drawn["Grad-CAM"]["y"][1] == 0.2
    assert drawn["range of 2 random maps"]["y"][1] == 0.6
    assert "it is 0.20 by Grad-CAM, 0.40 by Eigen-CAM and 0.50" in trust.curves_alt(curves)


def test_the_agreement_with_occlusion():
    result = Occluded(Squares(2, 3), RAMP - 2, {"gradcam": 0.5, "counter": -0.5, "random": 0.0})
    (bars,) = trust.agreement_chart(result).to_dict()["data"]
    assert list(zip(bars["y"], bars["x"], strict=True))[-1] == ("Grad-CAM", 0.5)
    assert trust.agreement_alt(result).endswith("Grad-CAM +0.50, Random +0.00, Counter-evidence -0.50.")
    assert trust.occlusion_panel(result, "cat").limits == (-3.0, 3.0)


def test_the_winners_have_letters_and_colours():
    scores = np.zeros((9, 2, 4))
    for index, (row, column) in enumerate(np.ndindex(2, 4)):
        scores[index, row, column] = 1.0 + (index == 0)
    scores[0, 1, 3] = 3.0
    result = lab.AllClasses(scores, 0.001)
    classes = tuple("abcdefghi")
    (drawn,) = compare_maps.winners_chart(result, classes).to_dict()["data"]
    assert drawn["text"][0][0] == drawn["text"][1][3] == "A"
    assert drawn["text"][1][2] == "."  # the seventh class
    assert drawn["customdata"][1][2] == "g"
    assert compare_maps.winners_alt(result, classes).startswith("The class with the highest score in each of 8 cells")


def test_lengths_are_relative_to_the_longest():
    sweep = (lab.Surer(0.5, 0.4, 2.0, 0.2), lab.Surer(2.0, 0.9, 1.0, 0.0))
    result = lab.Target(RAMP, RAMP, 1.0, sweep[0], sweep)
    score, probability, here = compare_maps.lengths_chart(result).to_dict()["data"]
    assert (score["y"], probability["y"]) == ([1.0, 0.5], [1.0, 0.0])
    assert here["x"] == [0.4, 0.4]
    assert "at 0.400 the score's 2" in compare_maps.lengths_alt(result)


def test_a_strip_says_where_it_is_blank():
    maps = (lab.StageMap("conv1", (8, 2, 3), np.zeros((2, 3))), lab.StageMap("layer1.0", (8, 2, 3), RAMP))
    first, last = compare_maps.strip(lab.Sweep(maps, (0.0, 1.0)), "inferno")
    assert first.caption == "2 x 3, rank +0.00, blank"
    assert last.caption == "2 x 3, rank +1.00"
    difference = Difference(RAMP - 1, (0.0, 0.0, 3.0, 2.0), True, "A", 0.5)
    assert compare_maps.difference_panel(difference).limits == (-4.0, 4.0)
