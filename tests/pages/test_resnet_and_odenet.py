"""The comparison of networks, as a visitor meets it."""

import pytest
from streamlit.testing.v1 import AppTest

from core.labs import odenet_compare as lab
from core.labs import odenet_compare_words as words_of
from core.labs.depth_cam import Way
from core.nn.odenet import Solver
from pages.ui import odenet_controls
from tests.pages.visiting import chart, open_page, sound, words

CHARTS = ("z_scores 0", "z_scores 1", "z_counted 0", "z_counted 1", "z_noisy", "z_memories")


@pytest.fixture(autouse=True)
def _few_ways(monkeypatch: pytest.MonkeyPatch):
    """Twenty ways to solve two networks are not needed to see the page work."""
    ways = (Way("dopri5", -2), Way("euler", 1), *odenet_controls.TRAINED_WITH.values())
    monkeypatch.setattr(odenet_controls, "WAYS", ways)
    monkeypatch.setattr(odenet_controls, "TIGHTEST", Way("dopri5", -3))
    monkeypatch.setattr(odenet_controls, "STRENGTHS", 2)
    monkeypatch.setattr(odenet_controls, "DRAWS", 2)


def guess(at: AppTest, start: str = "z_guess") -> AppTest:
    for radio in at.radio:
        if str(radio.key).startswith(start):
            radio.set_value(radio.options[0])
    return sound(at.run())


def test_answers_are_held_back_until_predicted():
    at = open_page("resnet-and-odenet", z_count_tol="1e-2")
    for key in CHARTS:
        with pytest.raises(AssertionError, match="no chart"):
            chart(at, key)
    assert "696,618" in words(at)
    guess(at)
    for key in CHARTS:
        assert chart(at, key)["data"]
    said = words(at)
    for title in odenet_controls.TRAINED.values():
        assert f"- **{title}**" in said
    assert said.count("**Right") + said.count("**Not quite") == 4


def test_numbers_are_the_labs_and_the_exercise_is_marked():
    at = guess(open_page("resnet-and-odenet", z_count_tol="1e-2"), "z_guess_memory")
    steps = odenet_controls.STEPS
    measured = [odenet_controls.memory_of(48, 86, odenet_controls.ODENET, n, "direct") for n in steps]
    trace = chart(at, "z_memories")["data"][0]
    assert trace["y"] == pytest.approx([each.kept / 1e6 for each in measured])
    resnet = odenet_controls.memory_of(48, 86, odenet_controls.RESNET, 1, "direct")
    answer, why = words_of.most_steps(resnet, measured, steps)
    field = next(each for each in at.number_input if str(each.key).startswith("z_most_steps"))
    sound(field.set_value(answer + 1).run())
    assert why in at.info[0].value
    field = next(each for each in at.number_input if str(each.key).startswith("z_most_steps"))
    sound(field.set_value(answer).run())
    assert why in at.success[0].value


def test_a_stopped_computation_leaves_the_page_whole():
    at = open_page("resnet-and-odenet", z_class="cat")
    pieces = [
        (odenet_controls.cached.sample("harbour"), name, 3, way)
        for name in odenet_controls.TRAINED
        for way in (*odenet_controls.WAYS, odenet_controls.TIGHTEST)
    ]
    at.session_state["z_ways_stopped"] = repr([odenet_controls.cached.told(piece) for piece in pieces])
    guess(at, "z_guess_solver")
    assert "rank correlation" not in words(at)
    assert "Is it an ODE?" in words(at)
    sound(at.button(key="z_ways_on").click().run())
    assert chart(at, "z_scores 0")["data"]


def test_a_link_out_of_range_falls_back():
    at = open_page("resnet-and-odenet", z_class="x", z_count_tol="1", z_sigma="1e9", z_seed="-5", z_most="NaN")
    assert at.title[0].value == "ResNet against ODE-Net"
    assert at.selectbox(key="z_class").value == "best"


def test_the_changes_have_names_that_the_words_know():
    assert set(words_of._OF_CHANGE) - {"nothing but noise"} <= set(lab.CHANGES)


@pytest.mark.parametrize(("name", "way"), odenet_controls.TRAINED_WITH.items())
def test_each_is_said_to_be_trained_as_its_card_says(name: str, way: Way):
    (card,) = (card for entry, card in odenet_controls.cards().values() if entry.name == name)
    last = card["runs"][-1]
    assert way.solver == Solver(last["method"], step_size=last["step_size"])
