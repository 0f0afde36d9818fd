"""The adjoint method, as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.derivations.adjoint import BREAKS
from core.labs import adjoint_words
from core.labs.adjoint_cases import CASES
from pages.ui import stepper
from pages.ui.adjoint_controls import SLUGS
from pages.ui.derivations import report
from tests.labs.test_adjoint import solved
from tests.pages.visiting import component, floats, open_page, sound, words

SLUG = "adjoint-method"


def lesson(**query: str) -> AppTest:
    return open_page(SLUG, **query)


def panels(at: AppTest, key: str = "a_plane") -> list[str]:
    return [scene["title"] for scene in component(at, key)["scenes"]]


def captions(at: AppTest) -> str:
    return " ".join(caption.value for caption in at.caption)


def proof(at: AppTest) -> str:
    """The captions of section 2 alone: section 3 has one more tick."""
    return captions(at).partition("Checked for")[0]


def test_it_opens_with_the_adjoint_along_the_way():
    at, run = lesson(), solved("pendulum")
    plane, over_time = component(at, "a_plane")["scenes"]
    (solution,) = [layer for layer in plane["layers"] if layer["name"] == "solution z(t)"]
    np.testing.assert_allclose(floats(solution["points"]), run.forward, rtol=1e-5)
    assert over_time["title"] == "The adjoint over time"
    assert f"L = {run.loss:.4g}" in words(at)
    assert component(at, "a_blocks")["clock"]["low"] == run.params.t1
    assert component(at, "a_blocks")["clock"]["high"] == 0
    assert f"{run.direct.z0[0]:+.6g}" in words(at)
    assert not at.warning


def test_the_change_of_the_loss_is_held_back_until_predicted():
    at = lesson()
    assert "two solves" not in words(at)
    for guess in adjoint_words.GUESSES:
        sound(at.radio(key="a_guess_loss").set_value(guess).run())
        assert "two solves" in words(at)
        assert panels(at)[1] == "a(t) times the gap between both solutions"
    assert f"You said: {adjoint_words.FALLS}." in words(at)  # with these values the loss rises


def test_steps_are_uncovered_one_by_one():
    at = lesson()
    total = int(at.button(key="a_adjoint-equation next").label.split()[-1][:-1])
    assert "1 of" in captions(at)
    assert "✓" not in proof(at)
    sound(at.button(key="a_adjoint-equation next").click().run())
    assert proof(at).count("✓ ") == 1
    for _ in range(total - 2):
        sound(at.button(key="a_adjoint-equation next").click().run())
    assert at.button(key="a_adjoint-equation next").disabled
    assert at.button(key="a_adjoint-equation play").disabled
    assert f"{total} of {total} steps shown" in captions(at)
    sound(at.button(key="a_adjoint-equation back").click().run())
    assert f"{total - 1} of {total} steps shown" in captions(at)
    sound(at.button(key="a_adjoint-equation first").click().run())
    assert f"1 of {total} steps shown" in captions(at)


def test_play_uncovers_steps_and_stops_at_the_end(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr(stepper, "monotonic", lambda: now[0])
    at = lesson()
    button = "a_adjoint-equation play"
    sound(at.button(key=button).click().run())
    assert at.button(key=button).label == "Pause"
    assert "1 of" in captions(at)
    now[0] += stepper.SECONDS
    sound(at.run())
    assert "2 of" in captions(at)
    sound(at.run())  # a run for another reason, before it is time
    assert "2 of" in captions(at)
    sound(at.button(key=button).click().run())
    now[0] += stepper.SECONDS
    sound(at.run())
    assert "2 of" in captions(at)
    sound(at.button(key=button).click().run())
    for _ in range(40):
        now[0] += stepper.SECONDS
        sound(at.run())
    assert at.button(key=button).label == "Play"
    assert at.button(key=button).disabled
    assert not at.session_state["a_adjoint-equation playing"]


@pytest.mark.parametrize(
    ("slug", "n", "m"),
    [*((slug, 1, 0) for slug in BREAKS), pytest.param("adjoint-invariant", 3, 2, marks=pytest.mark.slow)],
)  # what holds in which size is tested with the derivations; here it is whether the page asks for the size chosen
def test_a_derivation_is_shown_in_the_size_chosen(slug: str, n: int, m: int):
    at = lesson(a_proof=slug, a_n=str(n), a_m=str(m), **{f"a_{slug}_all": "true"})
    assert "✗" not in captions(at)
    assert "✓ " in proof(at)
    assert f"of {n} state" in captions(at)
    assert not at.error


@pytest.mark.parametrize("slug", BREAKS)
def test_a_mistake_shows_its_cross_once_predicted(slug: str):
    one = BREAKS[slug][-1]
    at = lesson(a_proof=slug, **{f"a_break_{slug}": one.name, f"a_{slug}_all": "true"})
    assert "✗" not in captions(at)
    asked = at.radio(key=f"a_guess_break {slug} {one.name}")
    assert one.says in asked.label
    sound(asked.set_value(asked.options[0]).run())
    assert "✗ failed" in captions(at)
    assert any(r"\text{left} - \text{right}" in formula.value for formula in at.latex)
    assert "fail" in words(at)


@pytest.mark.parametrize("slug", [*SLUGS[:2], *(pytest.param(slug, marks=pytest.mark.slow) for slug in SLUGS[2:])])
def test_each_derivation_of_the_page_can_be_chosen(slug: str):
    at = lesson(a_proof=slug)
    assert f"of {len(report(slug).steps)} steps shown" in captions(at)
    assert bool(BREAKS.get(slug)) == any(box.key == f"a_break_{slug}" for box in at.selectbox)


@pytest.mark.parametrize("name", ["pendulum", "own"])
def test_the_same_proof_runs_on_the_field_of_the_picture(name: str):
    at = lesson(a_field=name, a_kind="screen", **{"a_adjoint-equation_all": "true"})
    assert "✗" not in captions(at)
    assert "The f that was typed" in captions(at)
    assert any("z_1'" in formula.value for formula in at.latex)


def test_the_block_matrix_opens():
    at = lesson(a_n="1", a_m="1")
    assert sum(r"\hline" in formula.value for formula in at.latex) == 1
    sound(at.toggle(key="a_open").set_value(True).run())
    assert not any(r"\hline" in formula.value for formula in at.latex)
    assert any(r"\dfrac{\partial f}{\partial" in formula.value for formula in at.latex)


@pytest.mark.parametrize("name", list(CASES))
def test_every_field_at_the_ends_of_its_controls(name: str):
    at = lesson(a_field=name)
    case = CASES[name]
    sound(at.radio(key="a_guess_loss").set_value(adjoint_words.RISES).run())
    for end in (0, 1):
        for parameter in case.parameters:
            slider = at.slider(key=f"a_{name}_p_{parameter.name}")
            slider.set_value((parameter.low, parameter.high)[end])
        at.slider(key=f"a_{name}_t1").set_value((0.5, case.longest)[end])
        for i in (1, 2):
            at.number_input(key=f"a_{name}_s{i}").set_value(case.box[i - 1][end])
            at.number_input(key=f"a_{name}_g{i}").set_value(case.box[i - 1][1 - end])
        at.selectbox(key="a_handle").set_value(("start", "target")[end])
        at.slider(key="a_length").set_value((0.02, 0.5)[end])
        at.slider(key="a_angle").set_value((0, 355)[end])
        sound(at.run())
        assert panels(at)
        assert len(panels(at, "a_blocks")) == 4


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("abs(z1)", "not smooth"),
        ("z1 +", "expected"),
        ("a*b*c*d", "5 parameters"),
        ("__import__('os')", ""),
        ("+".join(f"sin({i}*z1)*cos({i}*z2)" for i in range(1, 12)), "operations"),
    ],
    ids=lambda given: given[:20],
)
def test_a_bad_formula_gets_a_sentence_and_the_last_good_one_stays(formula: str, says: str):
    at = lesson(a_field="own")
    sound(at.text_input(key="a_own_1").set_value("2*z2").run())
    before = component(at, "a_plane")["scenes"][0]["alt"]
    sound(at.text_input(key="a_own_1").set_value(formula).run())
    assert "cannot be used" in at.error[0].value
    assert says in " ".join(code.value for code in at.code)
    assert component(at, "a_plane")["scenes"][0]["alt"] == before
    sound(at.text_input(key="a_own_1").set_value("z2").run())
    assert not at.error


def test_a_solve_that_fails_leaves_the_last_one():
    at = lesson(a_field="own")
    before = component(at, "a_plane")["scenes"][0]["alt"]
    sound(at.text_input(key="a_own_1").set_value("z1^3").run())
    assert "The pictures stay with the last that worked" in at.warning[0].value
    assert component(at, "a_plane")["scenes"][0]["alt"] == before
    sound(at.selectbox(key="a_kind").set_value("screen").run())
    assert not any("z_1^{3}" in formula.value or "z_{1}^{3}" in formula.value for formula in at.latex)
    sound(at.text_input(key="a_own_1").set_value("1/z1").run())
    sound(at.number_input(key="a_own_s1").set_value(0.0).run())
    assert "no finite value" in at.warning[0].value


def test_formulas_without_parameters_work():
    at = lesson(a_field="own", a_own_1="z2", a_own_2="-z1", a_kind="screen")
    assert len(panels(at, "a_blocks")) == 3
    for slug in BREAKS:
        sound(at.selectbox(key="a_proof").set_value(slug).run())
        assert "✗" not in captions(at)


def test_the_worked_example_and_the_exercises():
    at, run = lesson(), solved("pendulum")
    while not at.button(key="a_steps next").disabled:
        sound(at.button(key="a_steps next").click().run())
    assert adjoint_words.pair(run.z[1]) in words(at)
    given = next(field for field in at.number_input if (field.key or "").startswith("a_later"))
    sound(given.set_value(adjoint_words.later_exercise(run)[1]).run())
    assert "Right" in at.success[0].value
    for option in adjoint_words.ACCUMULATOR:
        sound(at.radio(key="a_accumulator").set_value(option).run())
        (said,) = at.success[1:] if option == adjoint_words.ACCUMULATOR_RIGHT else at.info
        assert adjoint_words.ACCUMULATOR[option] in said.value


def test_a_link_reopens_the_state():
    at = lesson(
        a_field="well", a_well_t1="2.5", a_well_s1="1.1", a_well_g2="-0.5", a_well_p_d="1", a_handle="target",
        a_angle="180", a_length="0.2", a_proof="adjoint-augmented", a_n="3", a_m="2", a_open="true",
    )  # fmt: skip
    plane = component(at, "a_plane")["scenes"][0]
    assert plane["handleName"] == "target"
    assert plane["handle"] == [1.0, -0.5]
    assert "(1.10, 1.20)" in plane["alt"]
    assert "t1 = 2.5" in plane["alt"]
    assert at.selectbox(key="a_proof").value == "adjoint-augmented"
    assert "3 states and 2 parameters" in captions(at)


@pytest.mark.parametrize(
    "query",
    [
        {"a_field": "__class__"},
        {"a_pendulum_t1": "1e9"},
        {"a_pendulum_t1": "NaN"},
        {"a_pendulum_s1": "1e300"},
        {"a_pendulum_g1": "x"},
        {"a_handle": "end"},
        {"a_proof": "residual-limit"},
        {"a_kind": "none"},
        {"a_n": "9", "a_m": "-1"},
        {"a_break_adjoint-equation": "transpose", "a_n": "1"},
        {"a_break_adjoint-equation": "unknown"},
        {"a_field": "own", "a_own_1": "z1^^2"},
        {"a_field": "own", "a_own_1": "1/(z1-2)"},
        {"a_length": "0", "a_angle": "-1"},
    ],
    ids=str,
)
def test_a_link_out_of_range_falls_back(query: dict[str, str]):
    at = lesson(**query)
    assert panels(at)
    assert panels(at, "a_blocks")
