"""The five-minute page as a visitor meets it."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from core.labs import five_minute_words as told
from tests.pages.visiting import component, open_page, sound, words

MOST_WORDS = 600


def lesson(*, guessed: bool = True, **query: str) -> AppTest:
    at = open_page("five-minutes", **query)
    if guessed:
        sound(at.radio(key="v_guess").set_value(told.SHAPES[1]).run())
    return at


def numbers(at: AppTest, quantity: str) -> set[str]:
    """What the table of a quantity shows."""
    (table,) = [one.value for one in at.markdown if one.value.startswith(f"| ${quantity}$")]
    return set(re.findall("`(.*)`", table))


def test_all_four_show_the_same_digits():
    at = lesson()
    for quantity in ("L", r"\partial L / \partial z_0", r"\partial L / \partial k"):
        (one,) = numbers(at, quantity)
        assert len(one.replace(".", "")) >= 9
    assert numbers(at, r"\partial L / \partial k").pop().startswith("14.7781121")


def test_every_step_has_its_tick():
    captions = [caption.value for caption in lesson().caption]
    assert sum("✓ " in caption for caption in captions) == 14
    assert sum("A definition" in caption for caption in captions) == 4
    assert not any(mark in caption for caption in captions for mark in "✗?")


def test_the_integrand_is_held_back():
    at = lesson(guessed=False)
    assert len(component(at, "v_scenes")["scenes"]) == 1
    assert "triangle" not in words(at)
    sound(at.radio(key="v_guess").set_value(told.SHAPES[0]).run())
    assert "**Answer: a straight line" in words(at)
    assert len(component(at, "v_scenes")["scenes"]) == 3
    assert component(at, "v_scenes")["clock"]["low"] == 2.0
    assert component(at, "v_scenes")["clock"]["high"] == 0.0


def test_it_is_read_in_five_minutes():
    at = lesson()
    verdicts = sum(len(one.value.split()) for one in at.caption if "checked" in one.value)
    assert len(words(at).split()) - verdicts <= MOST_WORDS


@pytest.mark.parametrize("k", [-2.0, 0.0, 2.0])
@pytest.mark.parametrize("z0", [-2.0, 0.0, 2.0])
def test_the_ends_of_the_controls(k: float, z0: float):
    at = lesson()
    at.slider(key="v_k").set_value(k)
    at.slider(key="v_z0").set_value(z0)
    for t1 in (0.5, 2.0):
        sound(at.slider(key="v_t1").set_value(t1).run())
        assert len(numbers(at, "L")) == 1


def test_the_exercise_is_marked():
    for given, mark in ((7.389, "success"), (1.0, "info")):
        at = lesson()
        sound(at.number_input[0].set_value(given).run())
        (said,) = getattr(at, mark)
        assert "= 7.3891$" in said.value


@pytest.mark.parametrize("query", [{"v_k": "nan"}, {"v_z0": "1e300", "v_t1": "0"}, {"v_t1": "-3", "v_k": "x"}], ids=str)
def test_a_broken_link_still_opens(query: dict[str, str]):
    assert len(component(lesson(guessed=True, **query), "v_scenes")["scenes"]) == 3


def test_a_shared_link_reopens_the_state():
    at = lesson(v_k="-1.0", v_z0="2.0", v_t1="1.0")
    assert at.slider(key="v_k").value == -1.0
    assert numbers(at, "L").pop().startswith("0.735758882")
