"""Questions and worked examples as a learner meets them."""

from streamlit.testing.v1 import AppTest

from tests.pages.visiting import sound

SCRIPT = """
from pages.ui import exercise

exercise.worked_example(["first", "second", "third"], "w")
exercise.choice_exercise("Which?", {"a": "because a", "b": "since b"}, "b", "c")
"""


def shown(at: AppTest) -> list[str]:
    return [element.value for element in at.markdown]


def test_steps_are_uncovered_one_by_one_and_covered_again():
    at = sound(AppTest.from_string(SCRIPT, default_timeout=60).run())
    assert shown(at) == ["**1.** first"]
    assert at.button(key="w first").disabled
    for expected in (2, 3):
        at.button(key="w next").click()
        assert len(shown(sound(at.run()))) == expected
    assert at.button(key="w next").disabled
    at.button(key="w first").click()
    assert shown(sound(at.run())) == ["**1.** first"]


def test_a_count_from_nowhere_is_clamped():
    at = AppTest.from_string(SCRIPT, default_timeout=60)
    at.session_state["w"] = 99
    assert len(shown(sound(at.run()))) == 3


def test_every_answer_is_explained():
    at = sound(AppTest.from_string(SCRIPT, default_timeout=60).run())
    assert not at.success
    assert not at.info
    at.radio[0].set_value("a")
    assert sound(at.run()).info[0].value == "Not quite. because a"
    at.radio[0].set_value("b")
    assert sound(at.run()).success[0].value == "Right. since b"
