"""The page on scenes as a visitor meets it: moves, links good and bad, predictions that hold back the answer."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import pointing, pointing_scene, pointing_words, shortcut, shortcut_words
from core.labs.pointing_scene import LAYER, NETWORK
from core.nn import scenes
from core.nn.scenes import CLASSES
from core.nn.stages import Stages
from pages.ui import cached, piecewise, scene_controls
from pages.ui.components import arrange
from tests.pages.visiting import chart, component, open_page, sound, words

SEED = 5


def page(**query: str) -> AppTest:
    return open_page("scenes", o_seed=str(SEED), **query)


def predicted(at: AppTest, key: str = "o_guess", answer: int = 0) -> AppTest:
    radio = at.radio(key=key)
    return sound(radio.set_value(radio.options[answer]).run())


def heat(at: AppTest, key: str = "o_table") -> np.ndarray:
    found = component(at, key)["heat"]
    return np.frombuffer(base64.b64decode(found["values"]), "<f4").reshape(found["rows"], found["columns"])


def test_the_heat_is_held_back_and_is_then_what_core_computes():
    at = page()
    assert component(at, "o_table")["heat"] is None
    assert component(at, "o_table")["around"] is None
    predicted(at)
    scene = pointing_scene.start(SEED, 2)
    look = pointing_scene.look(cached.network(NETWORK), scene, scene.things[0].kind)
    np.testing.assert_allclose(heat(at), look.cells, rtol=1e-4, atol=1e-7)
    given = component(at, "o_table")
    assert given["hottest"] == (None if look.hottest is None else list(look.hottest))
    assert [tuple(thing["box"]) for thing in given["things"]] == [scenes.box(thing) for thing in scene.things]
    assert given["told"] == pointing_words.told(look)
    for kind, score in zip(CLASSES, look.scores, strict=True):
        assert f"{kind}" in words(at)
        assert f"| {score:+.2f} |" in words(at)


def test_a_shared_link_reopens_scene_places_class_method_and_layer():
    kind = next(kind for kind in CLASSES if kind not in [thing.kind for thing in pointing_scene.start(7, 3).things])
    at = open_page(
        "scenes",
        o_seed="7",
        o_count="3",
        o_at="300,310,500,520,700,690",
        o_kind=kind,
        o_method="eigencam",
        o_layer="layer2.0",
        o_opacity="20",
    )
    predicted(at)
    given = component(at, "o_table")
    scene = pointing_scene.placed(pointing_scene.start(7, 3), (300, 310, 500, 520, 700, 690))
    assert [(thing["x"], thing["y"]) for thing in given["things"]] == [(thing.x, thing.y) for thing in scene.things]
    assert given["opacity"] == 0.2
    expected = pointing_scene.look(cached.network(NETWORK), scene, kind, "eigencam", "layer2.0")
    np.testing.assert_allclose(heat(at), expected.cells, rtol=1e-3, atol=1e-6)
    assert f"There is **no {kind}** on the canvas" in words(at)
    assert at.query_params["o_at"] in (["300,310,500,520,700,690"], "300,310,500,520,700,690")


@pytest.mark.parametrize(
    "query",
    [
        {"o_at": "99999,0,5"},
        {"o_at": "x,-1,,1e9,٣"},
        {"o_at": "1," * 5000},
        {"o_seed": "-4"},
        {"o_seed": "inf"},
        {"o_count": "99"},
        {"o_count": "0"},
        {"o_kind": "unicorn"},
        {"o_method": "counter", "o_layer": "bn1"},
        {"o_method": "__class__"},
        {"o_layer": "fc"},
        {"o_opacity": "NaN"},
        {"o_star_seed": "1e99", "o_star": "maybe"},
        {"o_n": "9999999", "o_n_seed": "-1", "o_star_n": "-5"},
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(query: dict[str, str]):
    at = predicted(open_page("scenes", **query))
    for thing in component(at, "o_table")["things"]:
        assert thing["low"] <= thing["x"] <= thing["high"]
        assert thing["low"] <= thing["y"] <= thing["high"]


def test_moves_are_clamped_and_others_refused():
    scene = pointing_scene.start(SEED, 2)
    size = scene.things[1].size
    for sent, expected in (
        (["5 2", 1, 0.5, 0.4, 17], arrange.Move(1, 0.5, 0.4)),
        (["5 2", 1, -8, 1e300, 17], arrange.Move(1, size, 1 - size)),
        (["6 2", 1, 0.5, 0.4, 17], None),
        (["5 2", 2, 0.5, 0.4, 17], None),
        (["5 2", -1, 0.5, 0.4, 17], None),
        (["5 2", 1, float("nan"), 0.4, 17], None),
        (["5 2", 1, "0.5", 0.4, 17], None),
        (["5 2", 1], None),
        ({"x": 1}, None),
        (None, None),
        ("5 2", None),
    ):
        assert arrange._move(scene, "5 2", sent) == expected


def test_another_scene_forgets_places_and_class():
    at = page(o_at="300,310,500,520", o_kind="star")
    sound(at.button(key="o_another").click().run())
    scene = pointing_scene.start(SEED + 1, 2)
    given = component(at, "o_table")["things"]
    assert [(thing["x"], thing["y"]) for thing in given] == [(thing.x, thing.y) for thing in scene.things]
    assert at.selectbox(key="o_kind").value == scene.things[0].kind
    assert "o_at" not in at.query_params
    assert sound(at.slider(key="o_count").set_value(1).run())
    assert len(component(at, "o_table")["things"]) == 1


def test_objects_are_put_back():
    at = page(o_at="300,310,500,520")
    assert component(at, "o_table")["things"][0]["x"] == 0.3
    sound(at.button(key="o_back").click().run())
    assert component(at, "o_table")["things"][0]["x"] == pointing_scene.start(SEED, 2).things[0].x
    assert at.button(key="o_back").disabled


@pytest.mark.parametrize(("key", "options"), [("o_method", list(pointing_scene.TITLES)), ("o_kind", list(CLASSES))])
def test_every_choice_works(key: str, options: list[str]):
    at = predicted(page())
    for option in options:
        sound(at.selectbox(key=key).set_value(option).run())
        assert at.selectbox(key=key).value == option


def test_every_layer_works_above_and_over_many_scenes():
    at = predicted(predicted(page(o_n="50")), "o_guess_rate")
    for row in pointing_scene.layers(cached.network(NETWORK)):
        sound(at.selectbox(key="o_layer").set_value(row.name).run())
        assert heat(at).shape == row.shape[2:]
    sound(at.selectbox(key="o_n_layer").set_value("layer2.0").run())
    assert "Ablation-CAM" not in chart(at, "o_pointing")["data"][0]["y"]  # no closed form there


def test_rates_come_after_the_prediction_and_are_the_labs():
    at = page(o_n="50", o_n_seed="3")
    with pytest.raises(AssertionError, match="no chart"):
        chart(at, "o_pointing")
    predicted(at, "o_guess_rate", 2)
    params = pointing.Params(50, 3, LAYER)
    result = pointing.join(params, [pointing.piece(cached.network(NETWORK), params, i) for i in range(params.pieces)])
    maps = chart(at, "o_pointing")["data"][0]
    assert maps["x"] == pytest.approx([100 * row.pointing.value for row in result.rows[:-2]])
    assert pointing_words.about_rates(result, pointing_words.ALWAYS) in words(at)
    assert pointing_words.rates_table(result) in words(at)


def test_many_scenes_can_be_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(piecewise, "PATIENCE", -1.0)
    asked = []

    def piece(net: Stages, params: pointing.Params, number: int) -> pointing.Trials:
        """A learner's click ends the script while the second piece is computed."""
        import streamlit as st

        asked.append(number)
        if len(asked) == 2:
            st.stop()
        return original(net, params, number)

    original = pointing.piece
    monkeypatch.setattr(pointing, "piece", piece)
    at = predicted(page(o_n="75", o_n_seed="9"), "o_guess_rate")
    assert at.get("progress")
    sound(at.button(key="o_trials_stop").click().run())
    assert any("stopped" in info.value for info in at.info)
    sound(at.button(key="o_trials_on").click().run())
    assert chart(at, "o_pointing")


def test_the_shortcut_is_shown_after_its_prediction():
    at = page(o_star_n="24", o_star_seed="2")
    for name in shortcut.NETWORKS:
        assert component(at, f"o_{name}")["heat"] is None
        assert component(at, f"o_{name}")["tag"] is not None
        assert not component(at, f"o_{name}")["movable"]
    predicted(at, "o_guess_tag", 1)
    scene = shortcut.version(shortcut.start(2), star=True, tag=True)
    look = pointing_scene.look(cached.network(shortcut.HANS), scene, "star")
    np.testing.assert_allclose(heat(at, f"o_{shortcut.HANS}"), look.cells, rtol=1e-4, atol=1e-7)
    assert shortcut_words.says(look) in words(at)
    place = shortcut.pointed(look.heat, look.box, tag=True)
    assert shortcut_words.about_guess(shortcut_words.ON["tag"], place) in words(at)
    params = shortcut.Params(24, 0)
    result = shortcut.run({name: cached.network(name) for name in shortcut.NETWORKS}, params)
    assert shortcut_words.says_table(result) in words(at)
    assert shortcut_words.points_table(result) in words(at)


def test_star_and_tag_are_switched_in_the_link():
    at = page(o_star="false", o_tag="false")
    given = component(at, f"o_{shortcut.HANS}")
    assert given["tag"] is None
    assert [thing["kind"] for thing in given["things"] if thing["kind"] == "star"] == []
    sound(at.toggle(key="o_star").set_value(True).run())
    assert "star" in [thing["kind"] for thing in component(at, f"o_{shortcut.HANS}")["things"]]
    sound(at.button(key="o_star_next").click().run())
    assert at.number_input(key="o_star_seed").value == scene_controls.FIRST + 1


def test_the_exercises_are_marked():
    at = predicted(page(o_star_n="24"), "o_guess_tag")
    scene = pointing_scene.start(SEED, 2)
    left, top, right, bottom = scenes.box(scene.things[0])
    field = at.number_input(key=f"o_share {SEED} 2")
    sound(field.set_value(100 * (right - left) * (bottom - top) / 64**2).run())
    assert "Right" in at.success[0].value
    sound(at.number_input(key=f"o_share {SEED} 2").set_value(90.0).run())
    assert any("Not quite" in info.value for info in at.info)
    for option in at.radio(key="o_hans").options:
        sound(at.radio(key="o_hans").set_value(option).run())
    assert "Not quite" in at.info[-1].value
    predicted(at, "o_hans", 1)
    assert "Right" in at.success[-1].value


def test_the_worked_example_is_uncovered_step_by_step():
    at = predicted(page())
    look = pointing_scene.look(
        cached.network(NETWORK), pointing_scene.start(SEED, 2), pointing_scene.start(SEED, 2).things[0].kind
    )
    steps = pointing_words.overlap_steps(look)
    for step in steps[1:]:
        assert step not in words(at)
        sound(at.button(key="o_worked next").click().run())
        assert step in words(at)


def test_what_the_browser_gets_is_small():
    at = predicted(page(o_count="3"))
    assert len(json.dumps(component(at, "o_table"))) < 40_000  # for each answer during a drag
