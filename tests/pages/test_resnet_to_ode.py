"""From ResNet to ODE, as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import annuli, residual, residual_words
from core.labs.depth_limit import SCALES, WEIGHTS
from tests.pages.visiting import chart, component, floats, open_page, sound, words

GUESSES = {
    "r_guess_error": residual_words.HALVED[1],
    "r_guess_limit": residual_words.DRAWN_ANEW[1],
    "r_guess_rings": residual_words.SEPARABLE[1],
}
HELD_BACK = ("r_limit", "r_flow", "r_border", "r_training")


def lesson(*, guessed: bool = True, **query: str) -> AppTest:
    at = open_page("resnet-to-ode", **query)
    if guessed:
        for key, guess in GUESSES.items():
            at.radio(key=key).set_value(guess)
        sound(at.run())
    return at


def shown(at: AppTest, key: str) -> list[dict]:
    return component(at, key)["scenes"]


def test_it_opens_with_the_network_on_its_field():
    at = lesson(guessed=False)
    (scene,) = shown(at, "r_paths")
    result = residual.compare(residual.Params("network", 9))
    (first,) = [layer for layer in scene["layers"] if layer["kind"] == "line" and layer["frame"] == 0]
    values = floats(first["points"]).reshape(9, -1, 2)[:, :-1, 1]
    np.testing.assert_allclose(values.T, result.paths[0].states, rtol=1e-6)
    assert len(component(at, "r_paths")["clock"]["frames"]) == 7
    assert f"{result.paths[0].crossed} of 36 pairs" in words(at)


def test_every_step_of_the_derivation_has_its_tick():
    at = lesson(guessed=False)
    captions = " ".join(caption.value for caption in at.caption)
    assert captions.count("✓ ") == 5
    assert captions.count("A definition") == 2
    assert "✗" not in captions
    printed = [latex.value for latex in at.latex]
    assert sum(r"\lim_{h \to 0}" in formula for formula in printed) == 2


def test_answers_are_held_back_until_predicted():
    at = lesson(guessed=False)
    for key in HELD_BACK:
        with pytest.raises(AssertionError, match="no component"):
            component(at, key)
    for key in ("r_errors", "r_doubling"):
        with pytest.raises(AssertionError, match="no chart"):
            chart(at, key)
    assert not any("slope" in text.value and "error falls" in text.value for text in at.markdown)
    at = lesson()
    for key in HELD_BACK:
        assert shown(at, key)
    assert len(chart(at, "r_errors")["data"]) == 2
    assert len(chart(at, "r_doubling")["data"]) == 4
    assert "**Right" in words(at)


def test_a_wrong_prediction_is_told_so():
    at = lesson()
    at.radio(key="r_guess_error").set_value(residual_words.HALVED[2])
    at.radio(key="r_guess_limit").set_value(residual_words.DRAWN_ANEW[2])
    sound(at.run())
    assert "You said: becomes about a quarter." in words(at)
    assert f"You said: {residual_words.DRAWN_ANEW[2]}." in words(at)


@pytest.mark.parametrize("field", list(residual.FIELDS))
def test_every_branch_with_few_and_many_starts(field: str):
    at = lesson(guessed=False)
    at.selectbox(key="r_field").set_value(field)
    for starts in (3, 15):
        sound(at.slider(key="r_starts").set_value(starts).run())
        assert f"of {starts * (starts - 1) // 2} pairs" in words(at)


def test_the_worked_example_at_its_ends():
    at = lesson(guessed=False)
    for _ in range(4):
        sound(at.button(key="r_steps next").click().run())
    assert at.button(key="r_steps next").disabled
    for start in (-2.0, 2.0):
        for h in ("1", "1/64"):
            at.slider(key="r_z").set_value(start)
            sound(at.selectbox(key="r_h").set_value(h).run())
            block = residual.one_block(residual.BlockParams("network", start, 1 if h == "1" else 1 / 64))
            assert f"{block.output:.5f}" in words(at)


def test_every_setting_of_the_limit():
    at = lesson()
    for weights in WEIGHTS:
        for scale in SCALES:
            at.selectbox(key="r_weights").set_value(weights)
            sound(at.selectbox(key="r_scale").set_value(scale).run())
            (scene,) = shown(at, "r_limit")
            assert scene["title"] == f"{weights.capitalize()} weights, scale {scale}"
    for draw in (1, 20):
        sound(at.slider(key="r_draw").set_value(draw).run())


def test_before_training_the_first_networks_are_shown():
    at = lesson()
    first = annuli.untrained(annuli.Params((1, 2, 3), 400))
    plain, _, space = shown(at, "r_flow")
    assert plain["title"] == "Neural ODE"
    assert space["z"] is not None
    assert f"{first.runs[0].picture.circle_lost:.1%}" in shown(at, "r_border")[0]["alt"]
    sound(at.selectbox(key="r_shown").set_value("3").run())
    assert "Seed 3 has not begun yet" in words(at)
    for added in (1, 5):
        sound(at.slider(key="r_added").set_value(added).run())
        assert f"of {2 + added} dimensions" in shown(at, "r_flow")[1]["title"]


@pytest.mark.parametrize(("given", "mark"), [(1.0, "info"), (None, "success")])
def test_the_number_of_blocks_is_marked(given: float | None, mark: str):
    at = lesson(r_tol="1e-2")
    needed = residual.compare(residual.Params("network", 9)).needed(1e-2)
    sound(at.number_input[0].set_value(needed * 1.05 if given is None else given).run())
    (said,) = getattr(at, mark)
    assert f"{needed:,} blocks" in said.value


def test_the_skip_question_is_marked():
    at = lesson(guessed=False)
    for option in residual_words.SKIP:
        sound(at.radio(key="r_skip").set_value(option).run())
        (said,) = at.success if option == residual_words.SKIP_RIGHT else at.info
        assert residual_words.SKIP[option] in said.value


def test_a_link_reopens_the_state():
    at = lesson(
        r_field="pull", r_starts="5", r_h="1/16", r_z="0.5", r_tol="1e-4", r_weights="smooth", r_scale="1/sqrt(N)",
        r_draw="7", r_seeds="2,3", r_shown="3", r_added="2", r_iterations="200",
    )  # fmt: skip
    assert at.selectbox(key="r_field").value == "pull"
    assert at.slider(key="r_starts").value == 5
    assert at.selectbox(key="r_h").value == "1/16"
    assert shown(at, "r_limit")[0]["title"] == "Smooth weights, scale 1/sqrt(N)"
    assert at.selectbox(key="r_shown").value == "3"
    assert "of 4 dimensions" in shown(at, "r_flow")[1]["title"]
    assert "these are the networks of seed 2" in words(at)


@pytest.mark.parametrize(
    "query",
    [
        {"r_field": "__class__"},
        {"r_starts": "4000"},
        {"r_starts": "-1"},
        {"r_starts": "4"},
        {"r_z": "NaN"},
        {"r_z": "1e300"},
        {"r_h": "0"},
        {"r_tol": "0"},
        {"r_draw": "0"},
        {"r_weights": "wild", "r_scale": "N"},
        {"r_seeds": "none"},
        {"r_seeds": "9,9,x"},
        {"r_shown": "2", "r_seeds": "1"},
        {"r_added": "100"},
        {"r_iterations": "1000000000"},
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(query: dict[str, str]):
    at = lesson(guessed=True, **query)
    for key in ("r_paths", *HELD_BACK):
        assert shown(at, key)
