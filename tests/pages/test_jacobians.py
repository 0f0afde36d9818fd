"""The page on Jacobians as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import jacobian_words as told
from core.labs import jacobians
from core.labs.jacobian_maps import MAPS
from tests.pages.visiting import chart, component, floats, open_page, sound, words


def lesson(**query: str) -> AppTest:
    return open_page("jacobians", **query)


def planes(at: AppTest) -> list[dict]:
    return component(at, "j_picture")["scenes"]


def line(scene: dict, name: str) -> np.ndarray:
    return floats(next(one for one in scene["layers"] if one["name"] == name and one["kind"] == "line")["points"])


def test_the_defaults():
    at = lesson()
    assert not at.error
    inside, output, _ = planes(at)
    assert inside["handle"] == [1.0, 0.6]
    point = jacobians.Point(MAPS["square"].formulas, (1.0, 0.6))
    found = jacobians.picture(jacobians.Params(point, MAPS["square"].box, 0.4, ("z1", "z2")))
    np.testing.assert_allclose(line(output, "linear map of the circle"), found.ellipse, rtol=1e-6, atol=1e-6)
    assert any(r"J(p) = \begin{bmatrix} 2 & -1.2 \\ 1.2 & 2 \end{bmatrix}" in latex.value for latex in at.latex)
    assert "agree to the last digit" in words(at)


@pytest.mark.parametrize(("key", "answers", "shown"), [("j_guess_area", told.AREA, "j_shrink")])
def test_the_factor_of_areas_is_held_back(key: str, answers: list[str], shown: str):
    at = lesson()
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, shown)
    assert "factor of areas" not in words(at)
    sound(at.radio(key=key).set_value(answers[0]).run())
    assert "**Not quite.** You said: half the area" in words(at)
    sound(at.radio(key=key).set_value(answers[1]).run())
    assert "**Right" in words(at)
    assert len(chart(at, shown)["data"]) == 2


def test_the_cost_is_held_back():
    at = lesson()
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "j_cost")
    sound(at.radio(key="j_guess_cost").set_value(told.RATIO[1]).run())
    assert len(chart(at, "j_cost")["data"]) == 5
    assert "Slopes are fitted to" in words(at)


@pytest.mark.parametrize("name", MAPS)
def test_every_map_at_the_ends_of_its_controls(name: str):
    at = lesson(j_map=name)
    sound(at.radio(key="j_guess_area").set_value(told.AREA[1]).run())
    (left, right), (low, high) = MAPS[name].box
    for radius, x, y in ((0.02, left, low), (0.8, right, high), (0.8, 0.0, 0.0)):
        at.slider(key="j_radius").set_value(radius)
        at.number_input(key=f"j_{name}_p1").set_value(x)
        sound(at.number_input(key=f"j_{name}_p2").set_value(y).run())
        assert planes(at)[0]["handle"] == [x, y]
    for end in (-3.0, 3.0):
        for key in ("j_a1", "j_a2", "j_v1", "j_v2"):
            at.slider(key=key).set_value(end)
        sound(at.run())
        assert component(at, "j_products")["scenes"][0]["handle"] == [end, end]


def test_a_singular_point_is_told():
    at = lesson(j_map="fold", j_fold_p1="0")
    assert "singular here" in words(at)
    assert "singular here" not in words(lesson(j_map="fold"))


def test_a_formula_with_a_mistake_keeps_the_last_good_map():
    at = lesson(j_map="own")
    sound(at.text_input(key="j_own_1").set_value("z1*z2").run())
    good = line(planes(at)[1], "f of the circle")
    sound(at.text_input(key="j_own_2").set_value("z2 + <b>").run())
    assert "cannot be used" in at.error[0].value
    pointed = next(one.value for one in at.code if "<b>" in one.value).splitlines()
    assert pointed[1].strip() == "^"
    assert "f2" in pointed[2]
    np.testing.assert_array_equal(line(planes(at)[1], "f of the circle"), good)
    sound(at.text_input(key="j_own_2").set_value("log(-1 - z1^2)").run())
    assert any("anywhere in the picture" in one.value for one in at.code)
    sound(at.text_input(key="j_own_2").set_value("z1").run())
    assert not at.error
    assert not np.array_equal(line(planes(at)[1], "f of the circle"), good)


def test_a_point_without_a_value_keeps_the_last_good_one():
    at = lesson(j_map="own", j_own_1="1/z1", j_own_2="z2")
    assert planes(at)[0]["handle"] == [0.5, 0.5]
    sound(at.number_input(key="j_own_p1").set_value(0.0).run())
    assert "no value with finite slopes at (0, 0.5)" in words(at)
    assert planes(at)[0]["handle"] == [0.5, 0.5]
    sound(at.number_input(key="j_own_p1").set_value(-1.0).run())
    assert "no value with finite slopes" not in words(at)
    assert planes(at)[0]["handle"] == [-1.0, 0.5]


def test_a_corner_is_told():
    at = lesson(j_map="own", j_own_1="abs(z1)", j_own_2="z2", j_own_p1="0")
    sound(at.radio(key="j_guess_area").set_value(told.AREA[1]).run())
    assert "f has no derivative here" in words(at)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1", "2"),
        ("exp(50*z1^2)", "z2^20"),
        ("log(z1)", "sqrt(z2)"),
        ("tan(50*z1)", "1/z2"),
        ("sign(z1)", "abs(sqrt(z2))"),
    ],
)
def test_strange_maps_are_shown_too(first: str, second: str):
    at = lesson(j_map="own", j_own_1=first, j_own_2=second)
    assert not at.error
    sound(at.radio(key="j_guess_area").set_value(told.AREA[1]).run())
    assert planes(at)


@pytest.mark.parametrize(
    "query",
    [
        {"j_map": "nothing"},
        {"j_radius": "0"},
        {"j_radius": "nan", "j_square_p1": "nan", "j_square_p2": "1e300"},
        {"j_map": "own", "j_own_1": "__import__('os')", "j_own_2": "z1*" * 500},
        {"j_map": "own", "j_own_1": "", "j_own_2": ""},
        {"j_map": "own", "j_own_1": "log(-1-z1^2)", "j_own_p1": "7"},
        {"j_a1": "inf", "j_v2": "-99", "j_v1": "x"},
    ],
    ids=str,
)
def test_a_broken_link_still_opens(query: dict[str, str]):
    assert len(planes(lesson(**query))) == 3


def test_a_shared_link_reopens_the_state():
    at = lesson(j_map="polar", j_radius="0.2", j_polar_p1="0.5", j_polar_p2="-0.5", j_a1="-2.0", j_v2="1.5")
    assert planes(at)[0]["handle"] == [0.5, -0.5]
    assert at.slider(key="j_radius").value == 0.2
    assert component(at, "j_products")["scenes"][0]["handle"] == [1.0, 1.5]


def test_the_worked_example_and_the_exercises():
    at = lesson()
    for _ in range(3):
        sound(at.button(key="j_steps next").click().run())
    assert "One number, two ways." in words(at)
    for given, mark in ((-4.4, "success"), (1.0, "info")):
        field = next(one for one in at.number_input if one.key and one.key.startswith("j_exercise"))
        sound(field.set_value(given).run())
        assert any("second column" in one.value for one in getattr(at, mark))
    for option in told.COUNT:
        sound(at.radio(key="j_count").set_value(option).run())
        marked = at.success if option == told.COUNT_RIGHT else at.info
        assert any(told.COUNT[option] in one.value for one in marked)


def test_the_derivation_has_its_ticks():
    captions = [caption.value for caption in lesson().caption]
    assert sum("✓ " in caption for caption in captions) >= 4
    assert not any("✗" in caption for caption in captions)
