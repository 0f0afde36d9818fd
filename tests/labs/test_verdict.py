"""How reveals begin."""

from core.labs.verdict import UNASKED, one_of, said, verdict


def test_a_right_guess_a_wrong_one_and_none():
    assert verdict("it falls", "it falls") == "**Right: it falls.**"
    assert verdict("it rises", "it falls") == "**Not quite.** You said: it rises. **Answer: it falls.**"
    assert verdict(UNASKED, "it falls") == "**Answer: it falls.**"


def test_an_answer_that_is_a_sentence_has_one_full_stop():
    assert verdict("It falls.", "It falls.") == "**Right: It falls.**"
    assert verdict("It rises.", "It falls.") == "**Not quite.** You said: It rises. **Answer: It falls.**"


def test_several_answers_may_hold():
    assert one_of("a", ["a", "b"]) == "**Right: a.**"
    assert one_of("c", ["a", "b"]) == "**Not quite.** You said: c. **Answer: a and b.**"
    assert one_of(UNASKED, ["a", "b"]) == "**Answer: a and b.**"


def test_what_was_said_stands_before_what_does_not_settle_it():
    assert said("it falls") + "Go on." == "You said: it falls. Go on."
    assert said(UNASKED) + "Go on." == "Go on."
