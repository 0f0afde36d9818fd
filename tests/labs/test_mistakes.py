"""All common mistakes: complete, settled at the ends of their controls, and asked for both ways."""

from collections import Counter
from math import isfinite

import pytest

from core.labs import mistakes, mistakes_quiz
from core.labs.mistakes import MISTAKES
from core.labs.mistakes_data import Mistake, rough, shown
from pages.ui.menu import lessons

NUMBERED = list(enumerate(MISTAKES, 1))


def test_there_are_22_each_with_a_name_and_a_statement_of_its_own():
    assert len(MISTAKES) == 22
    for text in ("name", "title", "said", "true"):
        assert len({getattr(mistake, text) for mistake in MISTAKES}) == 22
    assert sorted(number for theme in mistakes.THEMES for number in mistakes.of_theme(theme)) == list(range(1, 23))
    assert mistakes.of_theme("no such theme") == ()


def test_each_leads_to_a_lesson():
    assert {mistake.page for mistake in MISTAKES} <= lessons().keys()


@pytest.mark.parametrize(("number", "mistake"), NUMBERED, ids=[mistake.name for mistake in MISTAKES])
def test_it_is_settled_at_the_ends_of_its_control(number: int, mistake: Mistake):
    control = mistake.control
    assert control.low <= control.default <= control.high
    for value in (control.low, control.default, control.high, control.low - 1e6, control.high + 1e6):
        found = mistakes.settle(number, value)
        assert found.ran
        assert found.concludes
        assert "nan" not in found.concludes
        assert found.table is not None
        for row in found.table.rows:
            assert len(row) == len(found.table.columns)
            assert all(isinstance(cell, str) or isfinite(cell) for cell in row)
        assert found.table.markdown.count("\n") == len(found.table.rows) + 1
        assert {step.status for step in found.right} <= {"proved"}
        assert {step.status for step in found.wrong} <= {"failed"}
        assert all(step.difference for step in found.wrong)
        assert bool(found.right) == bool(found.wrong) == bool(found.holds)


def test_the_algebraic_ones_are_settled_by_formulas():
    with_formulas = {mistake.name for number, mistake in NUMBERED if mistakes.settle(number, mistake.control.low).wrong}
    assert with_formulas == {
        "minus-sign", "partial-derivatives", "parameter-integral", "time-accumulator", "last-index", "stacking",
        "any-equation",
    }  # fmt: skip


def test_both_versions_are_asked_for_and_other_rounds_differ():
    for round in range(3):
        answers = Counter(mistakes_quiz.answer(mistake, round) for mistake in MISTAKES)
        assert min(answers.values()) >= 5
    first, second = ([mistakes_quiz.answer(mistake, round) for mistake in MISTAKES] for round in (0, 1))
    assert first != second


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_what_is_asked_is_marked_as_it_is(mistake: Mistake):
    for round in range(4):
        right = mistakes_quiz.answer(mistake, round)
        assert mistakes_quiz.asked(mistake, round) == (mistake.true if right == "true" else mistake.said)
        for guess in mistakes_quiz.ANSWERS:
            said = mistakes_quiz.marked(mistake, round, guess)
            assert said.startswith("**Right" if guess == right else "**Not quite")
            assert f"{right}.**" in said


def test_the_score_and_the_next_statement():
    assert "22 statements" in mistakes_quiz.score({})
    assert mistakes_quiz.score({3: True, 5: False}).startswith("2 of 22 answered, 1 of them right")
    assert mistakes_quiz.following(1, {}) == 2
    assert mistakes_quiz.following(22, {}) == 1
    assert mistakes_quiz.following(1, {2: True, 3: False}) == 4
    everything = dict.fromkeys(range(1, 23), True)
    assert mistakes_quiz.following(7, everything) == 8
    del everything[7]
    assert mistakes_quiz.following(7, everything) == 7


def test_the_worked_example_and_the_exercise_have_their_numbers_from_runs():
    steps = mistakes_quiz.how_to()
    assert "4 pixels come out, not 7" in steps[2]
    assert "At stride 1, 7 come out" in steps[3]
    question, nfe, why = mistakes_quiz.evaluations()
    accepted, rejected = _steps(question)
    assert nfe == 2 + 6 * (accepted + rejected)
    assert f"{accepted + rejected} attempts" in why


def _steps(question: str) -> tuple[int, int]:
    words = question.split()
    return int(words[words.index("took") + 1]), int(words[words.index("rejected") + 1])


def test_numbers_are_shown_rounded():
    assert shown(0.3333333, 2) == "0.33"
    assert shown(12345) == "12,345"
    assert rough(0.0) == "0"
    assert rough(7.3e9) == "7.3e+09"
