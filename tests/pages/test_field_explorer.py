"""The vector-field explorer as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs.systems import PLANAR
from core.labs.trajectories import TITLES
from tests.pages.visiting import chart, component, floats, open_page, sound, words


def explorer(**query: str) -> AppTest:
    return open_page("field-explorer", **query)


def phase(at: AppTest) -> dict:
    return component(at, "f_scenes")["scenes"][0]


def layer(scene: dict, name: str, kind: str) -> dict:
    return next(one for one in scene["layers"] if one["name"] == name and one["kind"] == kind)


def test_the_defaults():
    at = explorer()
    assert at.selectbox(key="f_system").value == "pendulum"
    assert not at.error
    assert phase(at)["handle"] == [2.0, 0.0]
    saddles = floats(layer(phase(at), "saddle", "dots")["points"])
    np.testing.assert_allclose(saddles, [[-np.pi, 0], [np.pi, 0]], atol=1e-6)
    assert "| **saddle** |" in words(at)
    assert "Lyapunov exponent" not in words(at)  # after the prediction


@pytest.mark.parametrize(
    ("key", "right", "told"),
    [
        ("f_nearest", 1, "Nearest here is Dormand-Prince 5"),
        ("f_friction_guess", 1, "a stable spiral for $d = 0.5$, and a stable node for $d = 3$"),
        ("f_gain_guess", 2, "Lyapunov exponent"),
    ],
)
def test_what_is_asked_is_told_after_a_prediction(key: str, right: int, told: str):
    at = explorer()
    assert told not in words(at)
    question = at.radio(key=key)
    sound(question.set_value(question.options[(right + 1) % len(question.options)]).run())
    assert told in words(at)
    assert "**Not quite.**" in words(at)
    sound(at.radio(key=key).set_value(question.options[right]).run())
    assert "**Right" in words(at)


def test_the_distance_of_the_twins_is_held_back():
    at = explorer()
    assert len(component(at, "f_lorenz")["scenes"]) == 1
    question = at.radio(key="f_gain_guess")
    sound(question.set_value(question.options[0]).run())
    assert len(component(at, "f_lorenz")["scenes"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANAR)
def test_every_system_at_the_ends_of_its_controls(name: str):
    at = explorer(f_system=name, f_methods="euler,trapezoid,dopri5")
    keys = sorted(one.key for one in at.slider if one.key and one.key.startswith((f"f_{name}_", "f_tol")))
    for end in ("min", "max"):
        for key in keys:
            slider = at.slider(key=key)
            slider.set_value(getattr(slider, end))
        sound(at.run())
        for key in (f"f_{name}_s1", f"f_{name}_s2"):
            field = at.number_input(key=key)
            field.set_value(getattr(field, end))
        sound(at.run())
    assert not at.error
    assert len([one for one in phase(at)["layers"] if one["kind"] == "dots"]) >= 1


def test_solvers_come_and_go():
    at = explorer(f_methods="none")
    question = at.radio(key="f_nearest")
    sound(question.set_value(question.options[0]).run())
    assert "No method is chosen" in words(at)
    at = explorer(f_methods="euler,dopri8,nonsense")
    names = {one["name"] for one in phase(at)["layers"]}
    assert {"Euler", "Dormand-Prince 8", "reference"} <= names
    assert "midpoint" not in names


def test_a_shared_link_reopens_the_picture():
    at = explorer(f_system="linear", f_linear_p_T="1.0", f_linear_p_D="-1.5", f_linear_s1="-1.5", f_portrait="false")
    assert at.slider(key="f_linear_p_T").value == 1.0
    assert phase(at)["handle"] == [-1.5, 0.0]
    assert "portrait" not in {one["name"] for one in phase(at)["layers"]}
    (trace,) = component(at, "f_trace")["scenes"]
    assert trace["handle"] == [1.0, -1.5]
    assert "| **saddle** |" in words(at)


@pytest.mark.parametrize(
    "query",
    [
        {"f_system": "nothing"},
        {"f_system": "linear", "f_linear_p_T": "1e9", "f_linear_s1": "nan"},
        {"f_tol": "-400", "f_gap": "12", "f_pendulum_step": "-1"},
        {"f_system": "own", "f_own_1": "__import__('os')", "f_own_2": "z1" * 500},
        {"f_pendulum_s1": "1e300", "f_pendulum_time": "inf", "f_methods": "x" * 5000},
    ],
)
def test_a_broken_link_still_opens(query: dict[str, str]):
    at = explorer(**query)
    assert phase(at)["layers"]


def test_a_bad_formula_keeps_the_last_good_field():
    at = explorer(f_system="own")
    sound(at.text_input(key="f_own_1").set_value("k*z2").run())
    sound(at.text_input(key="f_own_2").set_value("-z1").run())
    assert at.slider(key="f_own_p_k").value == 1.0
    good = layer(phase(at), "field", "arrows")
    sound(at.text_input(key="f_own_2").set_value("-z1 + **bold** <b>").run())
    assert "cannot be read" in at.error[0].value
    pointed = next(one.value for one in at.code if "<b>" in one.value).splitlines()
    assert pointed[0] == "-z1 + **bold** <b>"
    assert pointed[1].strip() == "^"
    assert "<b>" not in words(at)
    assert layer(phase(at), "field", "arrows") == good
    sound(at.text_input(key="f_own_2").set_value("z1").run())
    assert not at.error
    assert layer(phase(at), "field", "arrows") != good


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0", "0"),
        ("exp(z1^2 + 400)", "sign(z2)"),
        ("log(z1)", "sqrt(z2)"),
        ("1/z1", "1/z2"),
        ("z1^2", "exp(z2^2)"),
        ("a*t", "sign(z1)"),
        ("z2", "z2"),
    ],
)
def test_strange_fields_are_shown_too(first: str, second: str):
    at = explorer(f_system="own", f_own_1=first, f_own_2=second, f_methods=",".join(TITLES))
    assert not at.error


def test_a_field_that_changes_with_time_is_said_to_be_frozen():
    assert "frozen" in words(explorer(f_system="forced"))
    assert "frozen" not in words(explorer(f_system="well"))


def test_a_shorter_axis_takes_the_start_with_it():
    at = explorer(f_system="own")
    sound(at.slider(key="f_own_r").set_value(20.0).run())
    sound(at.number_input(key="f_own_s1").set_value(15.0).run())
    sound(at.slider(key="f_own_r").set_value(0.5).run())
    assert phase(at)["handle"][0] == 0.5


def test_the_prediction_holds_the_answer_back():
    at = explorer()
    with pytest.raises(AssertionError):
        chart(at, "f_energy")
    assert "Euler's energy goes" not in words(at)
    sound(at.radio(key="f_energy_guess").set_value("it falls").run())
    assert "You said: it falls." in words(at)
    sound(at.radio(key="f_energy_guess").set_value("it grows").run())
    assert "**Right: it grows.**" in words(at)
    (euler,) = [one for one in chart(at, "f_energy")["data"] if one["name"] == "Euler"]
    assert euler["y"][-1] > euler["y"][0]
    for end in (0.02, 0.5):
        sound(at.slider(key="f_energy_step").set_value(end).run())


def test_the_worked_example_and_the_exercise():
    at = explorer(f_system="linear", f_linear_p_T="-2.0")
    for _ in range(4):
        sound(at.button(key="f_upright next").click().run())
    assert "so it is a **saddle**" in words(at)
    field = next(one for one in at.number_input if one.key and one.key.startswith("f_border"))
    sound(field.set_value(1.0).run())
    assert "Right: 1." in at.success[0].value
    field = next(one for one in at.number_input if one.key and one.key.startswith("f_border"))
    sound(field.set_value(3.0).run())
    assert any("Not quite" in one.value for one in at.info)


@pytest.mark.slow
def test_lorenz_at_the_ends_of_its_controls():
    at = explorer()
    for key in ("f_gap", "f_lorenz_time", "f_lorenz_p_s", "f_lorenz_p_r", "f_lorenz_p_b"):
        for end in ("min", "max"):
            slider = at.slider(key=key)
            sound(slider.set_value(getattr(slider, end)).run())
