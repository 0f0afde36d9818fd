"""Worksheets and answer sheets: every lesson asks all its questions, answers them, and names each its own way."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from core.labs.verdict import OWN_RUN
from pages.ui.asked import Asked
from tests.conftest import ROOT
from tests.pages.visiting import SLUGS, sound, visit

LONG = "every-equation"  # every check of the process is made for it
LESSONS = [pytest.param(slug, marks=pytest.mark.slow) if slug == LONG else slug for slug in SLUGS[1:]]
ASKS = {"predict", "number_exercise", "choice_exercise"}


def asked(at: AppTest) -> list[Asked]:
    return list(at.session_state["_asked"].values())


def paper(at: AppTest) -> Block:
    """The sheet itself, without the lesson that runs unseen."""
    (found,) = (one for one in blocks(at.main) if getattr(one.proto, "id", "").endswith("-sheet"))
    return found


def blocks(block: Block) -> list[Block]:
    inside = [one for one in block.children.values() if isinstance(one, Block)]
    return [*inside, *(deeper for one in inside for deeper in blocks(one))]


def written(at: AppTest) -> list[str]:
    return [element.value for element in paper(at).markdown]


@pytest.mark.parametrize("slug", LESSONS)
def test_a_sheet_asks_all_that_the_lesson_asks_and_answers_it(slug: str):
    at = sound(visit(slug))
    lesson = asked(at)
    assert all(one.given is None and one.right is None for one in lesson)
    at.query_params["sheet"] = "answers"
    questions = asked(sound(at.run()))
    names = [one.name for one in questions]
    assert {one.name for one in lesson} <= set(names)
    assert len(names) == len(set(names)) > 0
    said = written(at)
    for number, one in enumerate(questions, 1):
        at_question = said.index(f"**{number}.** {one.question}")
        told = said[at_question + 1 + bool(one.options)]
        assert told == (one.answer or OWN_RUN)
        assert told.startswith(("**Answer: ", "**Neither", "There is", OWN_RUN))


@pytest.mark.parametrize("slug", ["node-by-node", "layer-calculator", "common-mistakes"])
def test_a_worksheet_tells_no_answer(slug: str):
    at = visit(slug)
    at.query_params["sheet"] = "questions"
    questions, said = asked(sound(at.run())), "\n".join(written(at))
    for number, one in enumerate(questions, 1):
        assert f"**{number}.** {one.question}" in said
        assert all(f"- {option}" in said for option in one.options)
    assert "Answer: " not in said
    assert said.count("Reason:") + said.count("Answer:") == len(questions)
    hidden = [element.value for element in at.markdown]
    assert not any(one.answer in hidden for one in questions)


def test_all_tabs_are_asked_for_a_sheet_and_their_state_is_in_its_link():
    at = visit("solver-lab", s_tab="Stability")
    at.query_params["sheet"] = "questions"
    sound(at.run())
    assert len(asked(at)) >= 7
    assert any("s_tab=Stability`" in text for text in written(at))


def test_a_sheet_begins_nothing_long():
    at = visit("truth")
    at.query_params["sheet"] = "answers"
    sound(at.run())
    assert OWN_RUN in written(at)
    assert not at.get("progress")


def test_what_a_learner_answers_is_recorded():
    at = visit("network-builder")
    at.radio(key="b_guess_sight").set_value(at.radio(key="b_guess_sight").options[1])
    at.radio(key="b_two").set_value(at.radio(key="b_two").options[0])
    found = {one.name: one for one in asked(sound(at.run()))}
    assert found["b_guess_sight"].given == "about nine tenths of the picture"
    assert found["b_guess_sight"].right is None
    assert (found["b_guess_sight"].answer or "").startswith("**Right: about nine tenths")
    assert found["b_two"].right is False
    assert found["b_exercise"].given is None


def test_another_word_in_the_address_is_no_sheet():
    at = visit("node-by-node", sheet="everything")
    assert sound(at).radio


def keys() -> list[tuple[Path, ast.expr]]:
    """The key of each question of the project, as it is written."""
    found = []
    for path in (*ROOT.glob("pages/*.py"), *ROOT.glob("pages/ui/*_*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ASKS:
                named = [word.value for word in call.keywords if word.arg == "key"]
                found.append((path, *(named or call.args[-1:])))
    return found


def test_no_two_questions_of_the_project_have_the_same_name():
    names = Counter()
    for path, key in keys():
        first = key.values[0] if isinstance(key, ast.JoinedStr) else key
        if isinstance(first, ast.Constant):
            names[str(first.value).partition(" ")[0]] += 1
        else:
            assert path.name == "mistake_controls.py"  # their numbers make them different
    assert names.total() > 80
    assert names.most_common(1)[0][1] == 1
