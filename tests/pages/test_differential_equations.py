"""The lesson on differential equations: defaults, ends of all controls, links, predictions, exercises."""

import pytest
from streamlit.testing.v1 import AppTest

from core.labs import analytic, equation_words
from tests.pages.visiting import chart, component, open_page, sound, words

GUESSES = ("d_guess_fate", "d_guess_error", "d_guess_iterate", "d_guess_unique")


def lesson(**query: str) -> AppTest:
    return open_page("differential-equations", **query)


def revealed(**query: str) -> AppTest:
    at = lesson(**query)
    for key in GUESSES:
        question = at.radio(key=key)
        sound(question.set_value(question.options[0]).run())
    return at


def test_predictions_hold_back_answers():
    at = lesson()
    for hidden in ("d_errors", "d_bounds"):
        with pytest.raises(AssertionError, match="no chart"):
            chart(at, hidden)
    with pytest.raises(AssertionError, match="no component"):
        component(at, "d_iterates")
    for answer in ("Largest difference", "Taylor", "0 to 8", "the equation decides"):
        assert answer not in words(at)
    at = revealed()
    for answer in ("Largest difference", "**is** the Taylor polynomial", "0 to 8", "the equation decides"):
        assert answer in words(at)
    assert len(component(at, "d_iterates")["clock"]["frames"]) == 7
    assert chart(at, "d_errors")["data"]
    assert chart(at, "d_bounds")["data"]


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("d_equation", list(equation_words.EQUATIONS)),
        ("d_problem", list(analytic.PROBLEMS)),
        ("d_method", list(analytic.METHODS)),
        ("d_picard", list(equation_words.PICARD)),
    ],
)
def test_every_choice_and_the_ends_of_its_sliders(key: str, options: list[str]):
    at = revealed()
    for option in options:
        sound(at.selectbox(key=key).set_value(option).run())
        for end in ("min", "max"):
            for name in [slider.key or "" for slider in at.slider]:
                if name == "d_steps" and end == "max":
                    continue  # 512 steps of every method are for the lab's tests
                if any(slider.key == name for slider in at.slider):
                    at.slider(key=name).set_value(getattr(at.slider(key=name), end))
            sound(at.run())
            assert component(at, "d_blow_up")["scenes"]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_every_order_is_stacked_step_by_step(order: int):
    at = lesson(d_equation="linear", d_order=str(order))
    while at.button(key=f"d_steps_linear_{order} next").disabled is False:
        sound(at.button(key=f"d_steps_linear_{order} next").click().run())
    assert "companion matrix" in words(at)
    assert f"**{order} initial value" in words(at)


def test_a_link_reopens_the_state():
    at = lesson(d_problem="logistic", d_method="dopri8", d_tolerance="6", d_z0="2.0")
    assert at.selectbox(key="d_method").value == "dopri8"
    assert at.slider(key="d_tolerance").value == 6
    assert "t* = 0.5" in words(at)


@pytest.mark.parametrize(
    "query",
    [
        {"d_z0": "NaN"},
        {"d_z0": "-5"},
        {"d_z0": "1e400"},
        {"d_order": "99", "d_equation": "linear"},
        {"d_top": "0", "d_equation": "linear"},
        {"d_a1": "inf", "d_equation": "linear"},
        {"d_equation": "__class__"},
        {"d_method": "scipy_solver"},
        {"d_steps": "1000000"},
        {"d_h": "0"},
        {"d_picard": "<b>"},
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(query: dict[str, str]):
    assert component(lesson(**query), "d_blow_up")["scenes"]


def test_exercises_are_marked_at_once():
    at = lesson(d_z0="2.0")
    sound(at.number_input(key="d_exercise 2").set_value(0.25).run())
    assert "Right: 0.25" in at.success[0].value
    sound(at.number_input(key="d_exercise 2").set_value(1.0).run())
    assert "Not quite" in at.info[0].value
    question = at.radio(key="d_exercise_form")
    sound(question.set_value("$u_t = u_{xx}$").run())
    assert "Right" in at.success[0].value


def test_a_link_keeps_what_a_prediction_still_hides():
    at = revealed(d_picard="square", d_h="0.25")
    assert at.selectbox(key="d_picard").value == "square"
    assert at.slider(key="d_h").value == 0.25
    assert "error on [0,\u00a00.25]" in words(at)


def test_predictions_are_judged():
    at = lesson()
    for key, right in (("d_guess_fate", 2), ("d_guess_error", 2), ("d_guess_iterate", 1), ("d_guess_unique", 1)):
        question = at.radio(key=key)
        sound(question.set_value(question.options[0]).run())
        assert "**Not quite.**" in words(at)
        sound(at.radio(key=key).set_value(question.options[right]).run())
        assert "**Not quite.**" not in words(at)


def opened(at: AppTest, key: str) -> AppTest:
    at.session_state[key] = True
    return sound(at.run())


def test_derivations_stay_folded_until_they_are_opened():
    at = revealed(d_equation="linear", d_order="3", d_picard="square")
    for key, sentence in (
        ("d_proof_order", "An explicit equation of order 3"),
        ("d_proof_matrix", "The *companion matrix*"),
        ("d_proof_picard", "The iteration starts"),
    ):
        ticks = words(at).count("✓ ")
        assert sentence not in words(at)
        at = opened(at, key)
        assert sentence in words(at)
        assert words(at).count("✓ ") > ticks
        assert "✗" not in words(at)
        assert "? undecided" not in words(at)
