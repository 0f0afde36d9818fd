"""Common mistakes, as a visitor meets them: asked, marked, settled, at the ends of every control, from links."""

import pytest
from streamlit.testing.v1 import AppTest

from core.labs import mistakes, mistakes_quiz
from core.labs.mistakes import MISTAKES
from core.labs.mistakes_data import Settled
from tests.pages.visiting import chart, component, open_page, sound, visit, words

SLUG = "common-mistakes"
NUMBERS = range(1, len(MISTAKES) + 1)
NAMES = [mistake.name for mistake in MISTAKES]


def guess(at: AppTest, number: int, said: str | None = None, round: int = 0) -> AppTest:
    """Answer the open statement; rightly unless told otherwise."""
    said = said or mistakes_quiz.answer(MISTAKES[number - 1], round)
    return sound(at.radio(key=f"m_guess_{number} {round}").set_value(said).run())


def opened(number: int, **query: str) -> AppTest:
    return guess(open_page(SLUG, m_open=str(number), **query), number)


def settled(at: AppTest, number: int, value: float) -> Settled:
    """What the page must show, and does."""
    found = mistakes.settle(number, value)
    shown = words(at)
    assert found.concludes in shown
    assert found.ran in shown
    assert found.table is not None
    assert found.table.markdown in shown
    printed = " ".join(latex.value for latex in at.latex)
    assert all(step.latex in printed for step in (*found.right, *found.wrong))
    assert shown.count("✗ failed") == len(found.wrong)
    assert shown.count("✓ ") == len(found.right)
    return found


def test_it_opens_with_a_question_and_no_answer():
    at = open_page(SLUG)
    assert mistakes_quiz.asked(MISTAKES[0], 0) in words(at)
    assert "**So:**" not in words(at)
    assert "Often read" not in words(at)
    assert not at.latex
    assert len([button for button in at.button if button.key and button.key.startswith("m_list")]) == 6
    assert "m_open" not in at.query_params


@pytest.mark.parametrize("number", NUMBERS, ids=NAMES)
def test_each_is_settled_once_it_is_answered_and_at_the_ends_of_its_control(number: int):
    mistake = MISTAKES[number - 1]
    at = opened(number)
    assert mistakes_quiz.marked(mistake, 0, mistakes_quiz.answer(mistake, 0)) in words(at)
    assert mistake.said in words(at)
    assert mistake.true in words(at)
    settled(at, number, mistake.control.default)
    for value in (mistake.control.low, mistake.control.high):
        sound(at.slider(key=f"m_v{number}").set_value(value).run())
        found = settled(at, number, round(value, 6))
        if found.plot:
            assert len(chart(at, "m_settled_plot")["data"]) == len(found.plot.curves)
        if found.grids:
            assert len(component(at, "m_settled_maps")["scenes"]) == len(found.grids)


def test_a_wrong_guess_is_told_so_and_the_first_one_counts():
    at = open_page(SLUG)
    right = mistakes_quiz.answer(MISTAKES[0], 0)
    wrong = next(said for said in mistakes_quiz.ANSWERS if said != right)
    guess(at, 1, wrong)
    assert f"**Not quite.** You said: {wrong}. **Answer: {right}.**" in words(at)
    score = "1 of 22 answered, 0 of them right at the first guess."
    assert at.get("progress")[0].proto.text == score
    guess(at, 1, right)
    assert f"**Right: {right}.**" in words(at)
    assert at.get("progress")[0].proto.text == score


def test_the_quiz_goes_through_all_of_them_and_begins_again():
    at = open_page(SLUG)
    for number in NUMBERS:
        guess(at, number)
        if number < 22:
            sound(at.button(key="m_next").click().run())
            assert at.query_params["m_open"] in (str(number + 1), [str(number + 1)])
    assert at.get("progress")[0].proto.text == "22 of 22 answered, 22 of them right at the first guess."
    assert at.get("progress")[0].proto.value == 100
    sound(at.button(key="m_again").click().run())
    assert at.get("progress")[0].proto.value == 0
    assert mistakes_quiz.asked(MISTAKES[21], 1) in words(at)
    guess(at, 22, round=1)
    assert "**Right: " in words(at)


def test_the_list_opens_a_statement_and_marks_what_is_settled():
    at = open_page(SLUG)
    sound(at.button(key="m_list 4").click().run())
    assert mistakes_quiz.asked(MISTAKES[3], 0) in words(at)
    assert at.button(key="m_list 4").help == "not settled yet"
    guess(at, 4)
    assert at.button(key="m_list 4").help == "settled; your first guess was right"
    sound(at.button(key="m_list 1").click().run())
    assert at.button(key="m_list 4").help == "settled; your first guess was right"


def test_a_theme_opens_its_first_statement_that_is_not_settled():
    at = open_page(SLUG)
    first, second, *_ = mistakes.of_theme("Solvers")
    sound(at.selectbox(key="m_theme").set_value("Solvers").run())
    assert mistakes_quiz.asked(MISTAKES[first - 1], 0) in words(at)
    guess(at, first)
    sound(at.selectbox(key="m_theme").set_value("Grad-CAM").run())
    sound(at.selectbox(key="m_theme").set_value("Solvers").run())
    assert mistakes_quiz.asked(MISTAKES[second - 1], 0) in words(at)


def test_all_22_can_be_listed():
    at = open_page(SLUG)
    at.selectbox(key="m_theme").set_value("All 22 statements")
    sound(at.run())
    assert len([button for button in at.button if button.key and button.key.startswith("m_list")]) == 22
    sound(at.button(key="m_list 17").click().run())
    assert at.selectbox(key="m_theme").value == "All 22 statements"
    assert mistakes_quiz.asked(MISTAKES[16], 0) in words(at)


def test_all_can_be_read_at_once_and_opened_from_there():
    at = open_page(SLUG, m_all="true")
    shown = words(at)
    for number, mistake in enumerate(MISTAKES, 1):
        assert f"**{number}. {mistake.title}**" in shown
        assert mistake.said in shown
        assert mistake.true in shown
        assert mistakes.settle(number, mistake.control.default).concludes in shown
    sound(at.button(key="m_from_all 9").click().run())
    assert at.query_params["m_open"] in ("9", ["9"])


def test_each_leads_to_its_lesson():
    at = visit(SLUG, m_open="14")
    guess(at, 14)
    (link,) = at.get("page_link")
    assert link.proto.page == "solver-lab"
    assert "Solver lab" in link.proto.label


def test_the_worked_example_and_the_exercise():
    at = open_page(SLUG)
    for step in mistakes_quiz.how_to()[1:]:
        sound(at.button(key="m_steps next").click().run())
        assert step in words(at)
    question, nfe, why = mistakes_quiz.evaluations()
    field = at.number_input(key="m_evaluations")
    assert field.label == question
    sound(field.set_value(nfe + 1).run())
    assert why in at.success[0].value
    sound(at.number_input(key="m_evaluations").set_value(nfe / 2).run())
    assert not at.success
    assert why in at.info[0].value


@pytest.mark.parametrize("link", ["0", "23", "-1", "x", "1e3", "9999999999999", "3,5", ""])
def test_a_link_to_no_statement_opens_one_that_is(link: str):
    at = open_page(SLUG, m_open=link)
    number = 3 if link == "3,5" else 1
    assert mistakes_quiz.asked(MISTAKES[number - 1], 0) in words(at)


@pytest.mark.parametrize("value", ["999", "-5", "nan", "x", "inf", "0.333"])
@pytest.mark.parametrize("number", [1, 4, 10, 15, 19])
def test_a_link_out_of_a_control_s_bounds_settles_all_the_same(number: int, value: str):
    at = opened(number, **{f"m_v{number}": value})
    control = MISTAKES[number - 1].control
    assert control.low <= float(str(at.slider(key=f"m_v{number}").value)) <= control.high
    assert "**So:**" in words(at)


def test_a_link_keeps_statement_and_setting():
    at = opened(17, m_v17="4")
    assert at.slider(key="m_v17").value == 4
    settled(at, 17, 4)
