"""The walk through a small network, as a visitor meets it."""

import pytest
from streamlit.testing.v1 import AppTest

from core.labs import node_words
from core.labs.nodes import STEPS, Params, run
from pages.ui.node_controls import _DEFAULTS
from tests.pages.visiting import chart, open_page, sound, words

SLUG = "node-by-node"


def ticks(at: AppTest) -> int:
    return sum("✓ " in caption.value for caption in at.caption)


def test_the_walk_goes_forward_and_back_step_by_step():
    at = open_page(SLUG)
    assert ticks(at) == 0
    for step in range(1, STEPS + 1):
        sound(at.button(key="n_next").click().run())
        assert f"Step {step} of {STEPS}" in words(at)
        assert ticks(at) == (2 if step > 5 else 0)
    assert at.button(key="n_next").disabled
    truth = run(Params(False, **_DEFAULTS))
    assert f"{truth.gradients['w_0']:.5g}" in words(at)
    sound(at.button(key="n_back").click().run())
    assert at.slider(key="n_step").value == STEPS - 1
    sound(at.button(key="n_first").click().run())
    assert at.button(key="n_first").disabled


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("value", [-2.0, 0.0, 2.0])
def test_the_ends_of_the_controls(residual: bool, value: float):
    at = open_page(SLUG, n_step="14", n_residual=str(residual).lower())
    for name in _DEFAULTS:
        at.slider(key=f"n_{name}").set_value(value)
    sound(at.run())
    assert ticks(at) == 2
    assert not any("✗" in caption.value for caption in at.caption)
    at.slider(key="n_rate").set_value(5.0)
    at.radio(key="n_guess_larger").set_value(node_words.LARGER[0])
    sound(at.radio(key="n_guess_loss").set_value(node_words.LOSS[0]).run())
    assert ("promises a change" if value else "every gradient is 0") in words(at)


def test_answers_are_held_back_and_marked():
    at = open_page(SLUG)
    assert "is multiplied by" not in words(at).partition("The walk")[0].partition("**Right")[2]
    sound(at.radio(key="n_guess_larger").set_value(node_words.LARGER[1]).run())
    assert "From $h_2$ down to" in words(at)
    for option in node_words.TWO_SHARES:
        sound(at.radio(key="n_shares").set_value(option).run())
        (said,) = at.success if option == node_words.TWO_SHARES_RIGHT else at.info
        assert node_words.TWO_SHARES[option] in said.value
    question, answer, *_ = node_words.exercise(run(Params(False, **_DEFAULTS)))
    (field,) = [one for one in at.number_input if one.label == question]
    sound(field.set_value(answer).run())
    assert len(at.success) == 1


def test_a_link_reopens_the_step_and_a_broken_one_falls_back():
    at = open_page(SLUG, n_step="9", n_residual="true", n_w_1="-1.5")
    assert "the gradient of $b_1$" in words(at)
    assert len(chart(at, "n_graph")["layout"]["shapes"]) == 2
    for query in ({"n_step": "99"}, {"n_step": "x", "n_w_0": "nan"}, {"n_y": "1e300"}):
        open_page(SLUG, **query)
