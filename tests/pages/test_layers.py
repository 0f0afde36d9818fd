"""The layer paradigm, as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import clouds, depth_gradients, layers
from core.labs import layers_words as said
from core.labs.clouds import CloudParams, place, read, write
from tests.pages.visiting import component, floats, open_page, sound, words

HELD_BACK = ("p_border", "p_curves", "p_learned", "p_depth")
OWN = write([place(x, y, int(x > 0)) for x in (-1, 1) for y in (-1, 0, 1)])


def lesson(*, guessed: bool = True, **query: str) -> AppTest:
    at = open_page("layers", **query)
    return predicted(at) if guessed else at


def predicted(at: AppTest) -> AppTest:
    at.radio(key="p_guess_learn").set_value(said.LEARNS[1])
    at.radio(key="p_guess_depth").set_value(said.FADES[2])
    return sound(at.run())


def shown(at: AppTest, key: str) -> list[dict]:
    return component(at, key)["scenes"]


def dots(scene: dict, frame: int | None) -> np.ndarray:
    found = [layer for layer in scene["layers"] if layer["kind"] == "dots" and layer["frame"] == frame]
    return np.concatenate([floats(layer["points"], len("xyz") if scene["z"] else 2) for layer in found])


def test_it_opens_with_both_networks_and_holds_the_answers_back():
    at = lesson(guessed=False)
    plain, residual = shown(at, "p_flow")
    first = layers.untrained(layers.Params())
    frames = component(at, "p_flow")["clock"]["frames"]
    for scene, run in ((plain, first.plain), (residual, first.residual)):
        np.testing.assert_allclose(dots(scene, 0), run.path[0], rtol=1e-6)
        np.testing.assert_allclose(dots(scene, len(frames) - 1), run.path[-1], rtol=1e-6)
    for key in HELD_BACK:
        with pytest.raises(AssertionError, match="no component"):
            component(at, key)
    assert "Medians over" not in words(at)
    at = lesson()
    for key in HELD_BACK:
        assert shown(at, key)
    assert "You said: the residual one. Now press Train" in words(at)
    measured = depth_gradients.measure(depth_gradients.Params())
    assert said.about_depth(measured, said.FADES[2]) in words(at)


def test_every_control_at_its_ends():
    at = lesson()
    for data in ("moons", "circles"):
        at.selectbox(key="p_data").set_value(data)
        for low in (True, False):
            for key in ("p_noise", "p_gain", "p_depth_gain", "p_iterations", "p_ex_x", "p_ex_y"):
                slider = at.slider(key=key)
                slider.set_value(slider.min if low else slider.max)
            for key in ("p_seed", "p_first"):
                at.number_input(key=key).set_value(0 if low else 999)
            at.selectbox(key="p_layers").set_value("2" if low else "64")
            at.selectbox(key="p_width").set_value("3" if low else "2")
            at.selectbox(key="p_depth_width").set_value("16" if low else "2")
            at.selectbox(key="p_depth_weights").set_value("orthogonal" if low else "gaussian")
            at.selectbox(key="p_depth_scale").set_value("1/sqrt(N)" if low else "1")
            at.selectbox(key="p_optimiser").set_value("gradient descent" if low else "Adam")
            at.toggle(key="p_ex_residual").set_value(low)
            at.selectbox(key="p_ex_class").set_value("0" if low else "1")
            sound(at.run())
            assert "NaN" not in json.dumps([component(at, key) for key in ("p_flow", *HELD_BACK)])
            assert f"{2 if low else 64} layers" in shown(at, "p_flow")[0]["alt"]


def test_the_worked_example_steps_to_its_end():
    at = lesson(guessed=False)
    for _ in range(7):
        sound(at.button(key="p_steps next").click().run())
    assert at.button(key="p_steps next").disabled
    assert "torch.autograd" in words(at)
    assert "Gradient descent." in words(at)


def test_own_points_are_added_undone_cleared_and_kept_in_the_link():
    at = lesson(guessed=False, p_data="own")
    assert "Here are 0 in all" in words(at)
    for label, x in (("0", -1.0), ("0", -0.5), ("1", 1.0), ("1", 0.5)):
        at.selectbox(key="p_class").set_value(label)
        at.number_input(key="p_pen1").set_value(x)
        sound(at.run())
        sound(at.button(key="p_add").click().run())
    assert [one.label for one in read("".join(at.query_params["p_points"]))] == [0, 0, 1, 1]
    assert "Until then" not in words(at)
    np.testing.assert_allclose(dots(shown(at, "p_flow")[0], 0)[:, 0], [-1.0, -0.48, 1.0, 0.48], atol=0.021)
    sound(at.button(key="p_undo").click().run())
    assert "Here are 3 in all, 2 of class 0 and 1 of class 1" in words(at)
    assert "4 points" not in shown(at, "p_flow")[0]["alt"]
    sound(at.button(key="p_clear").click().run())
    assert "p_points" not in at.query_params
    assert at.button(key="p_undo").disabled


def test_a_link_reopens_the_state():
    at = lesson(
        p_data="own", p_points=OWN, p_layers="8", p_width="3", p_gain="1.5", p_first="7", p_rate_plain="0.1",
        p_optimiser="gradient descent", p_depth_gain="0.5", p_depth_weights="orthogonal", p_ex_residual="true",
    )  # fmt: skip
    params = layers.Params(CloudParams("own", 0.0, 0, OWN), 3, 8, gain=1.5, seed=7)
    first = layers.untrained(params)
    np.testing.assert_allclose(dots(shown(at, "p_flow")[1], 0), first.residual.path[0], rtol=1e-6)
    assert at.selectbox(key="p_rate_plain").value == "0.1"
    result = depth_gradients.measure(depth_gradients.Params(params.cloud, 2, "orthogonal", 0.5))
    assert said.about_depth(result, said.FADES[2]) in words(at)
    assert at.button(key="p_add")


@pytest.mark.parametrize(
    "query",
    [
        {"p_data": "own", "p_points": "!!!<script>" * 100, "p_pen1": "NaN", "p_pen2": "1e300"},
        {"p_data": "own", "p_points": OWN * 20, "p_class": "7"},
        {"p_layers": "1000", "p_width": "-1", "p_gain": "NaN", "p_seed": "-1", "p_noise": "9", "p_first": "x"},
        {"p_optimiser": "LBFGS", "p_rate": "1e9", "p_iterations": "1000000", "p_depth_width": "999"},
        {"p_depth_gain": "-3", "p_depth_scale": "N", "p_ex_x": "NaN", "p_ex_class": "2", "p_data": "__class__"},
    ],
    ids=["junk", "many", "networks", "training", "depths"],
)
def test_a_link_out_of_range_falls_back(query: dict[str, str]):
    at = predicted(open_page("layers", **query))
    for key in ("p_flow", *HELD_BACK):
        assert shown(at, key)
    if "own" in query.values():
        assert len(read(at.session_state["p_points"])) <= clouds.MOST


def test_the_exercises_are_marked():
    at = lesson()
    factor = depth_gradients.measure(depth_gradients.Params()).plain.factor
    (field,) = [one for one in at.number_input if "By what factor" in one.label]
    sound(field.set_value(round(factor, 2)).run())
    (mark,) = at.success
    assert f"{factor:.3g}" in mark.value
    for option, why in said.SHAPES.items():
        sound(at.radio(key="p_shapes").set_value(option).run())
        assert any(why in mark.value for mark in (at.success if option == said.SHAPES_RIGHT else at.info))


def test_the_program_is_offered():
    at = lesson(guessed=False)
    (button,) = at.get("download_button")
    assert button.proto.label == "Program (PyTorch)"
