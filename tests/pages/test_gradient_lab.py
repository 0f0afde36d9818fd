"""The gradient lab, as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import gradient_failures as failing
from core.labs import gradient_memory as memory
from core.labs import gradient_meter as meter
from core.labs import gradient_steps as steps
from core.labs import gradient_words, gradients, way_back_words
from core.labs.gradient_hard_problems import PROBLEMS as HARD
from core.labs.gradient_problems import PROBLEMS
from pages.ui import cached
from tests.pages.visiting import chart, component, open_page, sound, words

GUESSES = {
    "gl_guess_near": gradient_words.NEAREST[0],
    "gl_guess_computed": gradient_words.COMPUTED[1],
    "gl_guess_finer": gradient_words.FINER[1],
    "gl_guess_small": gradient_words.SMALLEST[1],
    "gl_guess_memory": way_back_words.DOUBLED[1],
    "gl_guess_meter": way_back_words.METER[1],
    "gl_guess_worse": way_back_words.WORSE[1],
}


def lesson(tab: str = "Six ways", guessed: bool = True, /, **query: str) -> AppTest:
    at = open_page("gradient-lab", gl_tab=tab, **query)
    if guessed:
        for radio in at.radio:
            if radio.key in GUESSES:
                radio.set_value(GUESSES[radio.key])
        sound(at.run())
    return at


def test_answers_are_held_back_until_predicted():
    for tab, charts, said in (
        ("Six ways", ("gl_finer", "gl_differences"), "| adjoint |"),
        ("Memory", ("gl_memory", "gl_time"), "| adjoint |"),
        ("A meter", ("gl_drift",), "strays from"),
        ("Failures", ("gl_sweep",), "off, relative to its size"),
    ):
        at = lesson(tab, False)
        for key in charts:
            with pytest.raises(AssertionError, match="no chart"):
                chart(at, key)
        assert said not in words(at)
        at = lesson(tab)
        for key in charts:
            assert chart(at, key)["data"]
        assert said in words(at)
        assert "Right" in words(at)


def test_the_table_is_the_labs():
    at = lesson()
    result = gradients.compare(gradients.Params("growth", "euler", 20, 2.0))
    direct = result.find("direct").gradient
    assert direct is not None
    assert f"| direct | {direct.z0[0]:.5g} | {direct.theta[0]:.5g} |" in words(at)
    assert f"{direct.distance(result.exact):.1e}" in words(at)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "method", "key", "ends"),
    [
        *((problem, "euler", "gl_steps", (2, 64)) for problem in PROBLEMS),
        ("growth", "dopri5", "gl_tol", (-10, -2)),
    ],
)
def test_every_problem_at_both_ends(problem: str, method: str, key: str, ends: tuple[int, int]):
    at = lesson(gl_problem=problem, gl_method=method, gl_t1="3", gl_eps="-12")
    for end in ends:
        sound(at.slider(key=key).set_value(end).run())
        assert chart(at, "gl_finer")["data"]


@pytest.mark.parametrize("method", gradients.METHODS)
def test_every_method(method: str):
    at = lesson(gl_method=method)
    assert "| sensitivities |" in words(at)
    assert ("for constants" in words(at)) >= (method in ("dopri5", "dopri8"))


def test_the_worked_example_to_its_end():
    at = lesson("Six ways", False)
    for _ in range(3):
        sound(at.button(key="gl_worked next").click().run())
    assert at.button(key="gl_worked next").disabled
    assert f"`odeint_adjoint` {steps.two_steps(2.0).by_adjoint:.5g}" in words(at)


@pytest.mark.parametrize(("right", "mark"), [(True, "success"), (False, "info")])
def test_the_number_of_steps_is_marked(right: bool, mark: str):
    at = lesson(gl_agree="1e-3")
    needed = steps.finer(gradients.Params("growth", "euler", 20, 2.0)).needed(1e-3)
    assert needed is not None
    sound(at.number_input[0].set_value(needed * 1.02 if right else 1.0).run())
    (said,) = getattr(at, mark)
    assert f"{needed:,}" in said.value


def test_memory_and_its_exercise():
    for method in ("euler", "rk4_classic"):
        at = lesson("Memory", gl_memory_method=method, gl_most="64")
        result = memory.measure(memory.Params(method, 64))
        assert "the same bytes at every number of steps" in words(at)
        answer, _ = way_back_words.thousand_steps(result)
        sound(at.number_input[0].set_value(answer).run())
        assert len(at.success) == 1


@pytest.mark.slow
@pytest.mark.parametrize("problem", list(PROBLEMS))
def test_the_meter_at_its_ends(problem: str):
    at = lesson("A meter", gl_meter_problem=problem)
    assert len(component(at, "gl_meter")["scenes"]) == 4
    for there, back, t1 in ((-10, -2, 3.0), (-2, -11, 0.5)):
        at.slider(key="gl_there").set_value(there)
        at.slider(key="gl_back").set_value(back)
        sound(at.slider(key="gl_meter_t1").set_value(t1).run())


def test_the_meters_prediction_is_about_what_remains():
    """Where f depends on t, a f changes by much more than the tolerance; the question must not mean that."""
    at = lesson("A meter", gl_meter_problem="growth")
    reading = meter.watch(meter.Params("growth", -8, -4, 2.0))
    assert np.ptp(reading.product) / reading.size > 0.1
    assert r"beyond what $a\,\frac{\partial f}{\partial t}$" in at.radio(key="gl_guess_meter").label
    assert "Right" in words(at)


def test_a_stopped_comparison_leaves_the_page_whole():
    at = lesson("Six ways", False)
    params = gradients.Params("growth", "euler", 20, 2.0)
    asked = [("growth", 2.0), *((params, name) for name in gradients.NAMES)]
    at.session_state["gl_ways_stopped"] = repr([cached.told(each) for each in asked])
    for key in ("gl_guess_near", "gl_guess_computed"):
        at.radio(key=key).set_value(GUESSES[key])
    sound(at.run())
    assert "| adjoint |" not in words(at)
    sound(at.button(key="gl_ways_on").click().run())
    assert "| adjoint |" in words(at)


def test_the_meters_question_is_marked():
    at = lesson("A meter")
    options, right = way_back_words.meter_choice(meter.watch(meter.Params("logistic", -8, -4, 2.0)))
    for option, why in options.items():
        sound(at.radio(key="gl_proof").set_value(option).run())
        (said,) = at.success if option == right else at.info
        assert why in said.value


@pytest.mark.slow
@pytest.mark.parametrize("name", list(HARD))
def test_failures_at_their_ends(name: str):
    at = lesson("Failures", False, gl_fail=name)
    low, high, _, _ = HARD[name].range
    for stored in (1, 64):
        at.slider(key="gl_stored").set_value(stored)
        for strength in (low, high):
            sound(at.slider(key=f"gl_{name}").set_value(strength).run())
            run = failing.run(failing.Params(name, strength, -5, stored))
            assert f"{run.gap:.1e}" in words(at)
            assert bool(run.message) == bool(at.warning)
    sound(at.slider(key="gl_fail_tol").set_value(-8).run())
    at.slider(key="gl_fail_tol").set_value(-3)
    sound(at.radio(key="gl_guess_worse").set_value(way_back_words.WORSE[2]).run())
    assert chart(at, "gl_sweep")["data"]


def test_the_number_of_stored_states_is_marked():
    at = lesson("Failures", gl_relaxation="50")
    answer, why = way_back_words.enough_states(50.0, 2.0)
    sound(at.number_input[0].set_value(float(answer)).run())
    assert why in at.success[0].value
    sound(at.number_input[0].set_value(float(answer + 1)).run())
    assert why in at.info[0].value


def test_a_link_reopens_the_state():
    at = lesson("Six ways", False, gl_problem="pendulum", gl_method="dopri5", gl_tol="-7", gl_t1="1.5", gl_eps="-3")
    assert at.selectbox(key="gl_problem").value == "pendulum"
    assert at.slider(key="gl_tol").value == -7
    assert at.slider(key="gl_t1").value == 1.5
    at = lesson("Failures", False, gl_fail="lorenz", gl_lorenz="2", gl_stored="8")
    assert at.slider(key="gl_lorenz").value == 2
    assert at.slider(key="gl_stored").value == 8


@pytest.mark.parametrize(
    ("tab", "query"),
    [
        ("none", {}),
        ("Six ways", {"gl_problem": "__class__", "gl_method": "gl6"}),
        ("Six ways", {"gl_steps": "1000000000", "gl_t1": "NaN"}),
        ("Six ways", {"gl_method": "dopri5", "gl_tol": "5", "gl_eps": "400"}),
        ("Six ways", {"gl_agree": "0"}),
        ("Memory", {"gl_most": "1000000", "gl_memory_method": "euler; x"}),
        ("A meter", {"gl_there": "-99", "gl_back": "0", "gl_meter_t1": "1e300"}),
        ("Failures", {"gl_fail": "stiff", "gl_relaxation": "-4", "gl_stored": "0", "gl_fail_tol": "-300"}),
        ("Failures", {"gl_fail": "lorenz", "gl_lorenz": "inf"}),
        ("Failures", {"gl_stored": "1: only z(t1)"}),
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(tab: str, query: dict[str, str]):
    at = lesson(tab, tab == "Six ways", **query)  # the other tabs' controls are read before anything is predicted
    assert at.title[0].value == "Gradient lab"
