"""Maps at every depth, as a visitor meets them."""

import base64

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import depth_cam as lab
from core.labs import depth_cam_words as words_of
from core.labs.depth_cam import Way
from core.nn import odenet
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from pages.ui import cached
from tests.pages.visiting import chart, component, open_page, sound, words
from tests.pictures import GOOD


def lesson(guessed: bool = False, /, **query: str) -> AppTest:
    at = open_page("depth-is-time", **query)
    if guessed:
        for radio in at.radio:
            if str(radio.key).startswith("z_guess"):
                radio.set_value(radio.options[0])
        sound(at.run())
    return at


def values(panel: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(panel["values"]), "<f4").reshape(panel["rows"], panel["columns"])


def test_the_film_is_the_labs_and_answers_are_held_back():
    at = lesson(z_solver="midpoint", z_steps="2", z_class="ship")
    data = component(at, "z_film")
    x = feed(SAMPLES["harbour"].read().rgb, REGISTRY["odenet_cifar10"].preprocessing).x
    nets = cached.network("odenet_cifar10"), cached.network("resnet_cifar10")
    pair = lab.pair(*nets, x, 8, "gradcam", Way("midpoint", 2))
    assert len(data["frames"]) == len(pair.journey.moments) == 9
    for frame, moment in zip(data["frames"], pair.journey.moments, strict=True):
        np.testing.assert_allclose(values(frame), moment.heat, rtol=1e-4, atol=1e-6)
    assert [panel["title"] for panel in data["panels"][1:]] == [moment.layer for moment in pair.beside]
    assert data["clock"]["start"] == 8
    assert "696,618" in words(at)
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "z_evidence")
    assert "largest difference" not in words(at)


@pytest.mark.parametrize("query", [{}, {"z_solver": "euler", "z_steps": "1", "z_cut": "3"}], ids=str)
def test_predictions_open_the_curves_and_the_check(query: dict[str, str]):
    at = lesson(True, **query)
    assert chart(at, "z_evidence")["data"]
    assert chart(at, "z_likeness")["data"]
    said = words(at)
    assert "A convention." in said
    assert "largest difference" in said
    if query:
        assert "**Right: exactly.**" in said


@pytest.mark.parametrize("right", [True, False])
def test_the_exercise_is_marked(right: bool):
    at = lesson(z_solver="euler", z_steps="2")
    (radio,) = (radio for radio in at.radio if str(radio.key).startswith("z_solves"))
    sound(radio.set_value(radio.options[1 if right else 0]).run())
    assert len(at.success) == right


def test_extremes_of_the_controls():
    at = lesson(z_solver="euler", z_steps="1")
    for rule in ("counter", "gradcam++"):
        sound(at.selectbox(key="z_rule").set_value(rule).run())
    for name in ("truck", "airplane"):
        sound(at.selectbox(key="z_class").set_value(name).run())
    for place in (0.0, 3.0):
        sound(at.slider(key="z_cut").set_value(place).run())


@pytest.mark.slow
@pytest.mark.parametrize(("solver", "key", "value"), [("rk4", "z_steps", "16"), ("dopri5", "z_tol", "1e-5")])
def test_the_costliest_solves(solver: str, key: str, value: str):
    at = lesson(True, z_solver=solver, sample="clock", **{key: value})
    assert len(component(at, "z_film")["frames"]) == 3 * 17


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.slow
def test_any_picture_that_is_accepted(name: str):
    at = lesson(z_solver="euler", z_steps="1")
    at.segmented_control(key="source").set_value("Upload").run()
    sound(at.file_uploader(key="upload").upload("a.png", GOOD[name], "image/png").run())
    assert component(at, "z_film")["frames"]
    assert not at.error


def test_a_solver_that_gives_up_is_told_in_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(odenet, "MOST_STEPS", 1)
    at = lesson(sample="rocket", z_rule="xgradcam", z_class="deer", z_tol="1e-4")
    (said,) = at.warning
    assert "step" in said.value
    with pytest.raises(AssertionError, match="no component"):
        component(at, "z_film")


def test_a_link_out_of_range_falls_back():
    for query in (
        {"z_solver": "rk45; x", "z_tol": "0", "z_class": "unicorn", "z_rule": "__class__"},
        {"z_solver": "rk4", "z_steps": "1000000", "z_cut": "NaN", "sample": "none"},
    ):
        at = lesson(**query)
        assert at.title[0].value == "Depth is time"
        assert component(at, "z_film")["frames"]


def test_what_one_can_predict_is_what_can_be_found():
    at = lesson(z_solver="euler", z_steps="1")
    options = [radio.options for radio in at.radio if str(radio.key).startswith("z_guess")]
    assert options == [words_of.WHERE, words_of.AGREE]
