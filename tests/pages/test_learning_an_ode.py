"""The page on learning an ODE: its defaults, the ends of its controls, links, predictions, uploads."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.labs import measurements
from core.labs.learning import Training, untrained
from core.labs.learning_iteration import first_iteration
from core.labs.learning_problem import METHODS, Problem, Settings
from core.labs.learning_words import UNSEEN, about_fit, about_nfe, about_one_column
from core.labs.measurements import Measurements
from tests.pages.visiting import component, floats, open_page, sound, words


def page(**query: str) -> AppTest:
    return open_page("learning-an-ode", **query)


def layers(at: AppTest, key: str, scene: int) -> dict[str, dict]:
    return {layer["name"]: layer for layer in component(at, key)["scenes"][scene]["layers"]}


def test_it_opens_with_the_untrained_field():
    at = page()
    seen = untrained(Problem(), Settings())
    drawn = layers(at, "l_states", 0)
    np.testing.assert_allclose(floats(drawn["learned"]["points"]), seen.learned, atol=1e-6)
    np.testing.assert_allclose(floats(drawn["true"]["points"]), seen.measured, atol=1e-6)
    assert {"true field", "learned field"} <= drawn.keys()
    assert "Not trained yet" in " ".join(element.proto.body for element in at.get("html"))


@pytest.mark.slow
def test_the_ends_of_every_control():
    at = page()
    for method in METHODS:
        sound(at.selectbox(key="l_solver").set_value(method).run())
    for key, values in {
        "l_gradient": ["adjoint", "checkpointed"],
        "l_optimiser": ["RMSprop"],
        "l_rate": ["0.1", "0.0003"],
        "l_hidden": ["10", "200"],
        "l_noise": ["0.3"],
        "l_substeps": ["4"],
    }.items():
        for value in values:
            sound(at.selectbox(key=key).set_value(value).run())
    for key in ("l_batch", "l_piece"):
        for value in (at.slider(key=key).min, at.slider(key=key).max):
            sound(at.slider(key=key).set_value(value).run())
    for key in ("l_seed", "l_iterations"):
        for value in (at.number_input(key=key).min, at.number_input(key=key).max):
            sound(at.number_input(key=key).set_value(value).run())
    sound(at.toggle(key="l_cube").set_value(False).run())
    assert not at.error


def test_links():
    at = page(l_solver="rk4", l_substeps="2", l_seed="7", l_data="pendulum", l_rate="0.003")
    assert at.selectbox(key="l_substeps").value == "2"
    assert at.number_input(key="l_seed").value == 7
    assert len(component(at, "l_states")["scenes"]) == 4
    at = page(l_solver="nonsense", l_seed="1e99", l_data="x", l_rate="-1", l_batch="-5", l_hidden="9999999")
    assert at.selectbox(key="l_solver").value == "dopri5"
    assert not at.error


def test_predictions_wait_for_a_training():
    at = page()
    at.radio(key="l_guess_fit").set_value("it never fits").run()
    assert "Now press Train" in words(sound(at))
    work = Training(Problem(), Settings(iterations=45))
    while work.done < work.total:
        work.step()
    seen = work.snapshot()
    assert "You said: it never fits" in about_fit(seen, "it never fits")
    assert f"{seen.watched[-1, 1]:.0f} for the field of iteration {seen.watched[-1, 0]:.0f}." in about_nfe(
        seen, "it rises"
    )


def test_the_worked_example_has_the_numbers_of_the_first_iteration():
    at = page(l_seed="3")
    for _ in range(4):
        sound(at.button(key="l_steps next").click().run())
    one = first_iteration(Problem(seed=3), Settings())
    assert one is not None
    for number in (f"{one.loss:.6g}", f"{one.norm:.4g}", f"{one.after:.6g}"):
        assert number in words(at)


def test_exercises_mark():
    at = page(l_piece="12", l_solver="rk4", l_substeps="2")
    at.number_input(key="l_rk4 12 2").set_value(4 * 2 * 11).run()
    assert at.success[0].value.startswith("Right: 88")
    at.radio(key="l_far").set_value(UNSEEN).run()
    assert at.success[1].value.startswith("Right")


def test_a_file_is_learned_from_and_a_bad_one_changes_nothing():
    at = page(l_data="own", l_seed="5")
    good = "time,x\n" + "".join(f"{i},{np.cos(i)}\n" for i in range(30))
    sound(at.file_uploader(key="l_upload").upload("a.csv", good.encode(), "text/csv").run())
    assert "30 rows; time time; columns x" in at.text[0].value
    assert component(at, "l_states")["scenes"][0]["title"] == "x over time"
    assert "second column is needed" in words(at)
    sound(at.file_uploader(key="l_upload").upload("b.csv", b"time,x\n0,**1**\n1,1\n2,1\n3,1\n4,1\n", "text/csv").run())
    assert at.error[0].value.startswith("The file is not accepted")
    assert at.text[0].value == "row 2, column 'x': expected a number, got '**1**'"
    assert component(at, "l_states")["scenes"][0]["title"] == "x over time"
    assert at.number_input(key="l_seed").value == 5
    assert [scene["x"]["title"] for scene in component(at, "l_states")["scenes"]] == ["time", "time"]
    sound(at.button(key="l_forget").click().run())
    assert component(at, "l_states")["scenes"][1]["title"] == "angle_rad over time"
    assert "l_own_data" not in at.session_state
    assert not any("a.csv" in value or "cos" in value for values in at.query_params.values() for value in values)


def test_the_formula_is_that_of_the_network():
    at = page()
    assert "W_1 z^3" in at.latex[0].value
    sound(at.toggle(key="l_cube").set_value(False).run())
    assert "W_1 z + b_1" in at.latex[0].value


@pytest.mark.parametrize(("values", "warned"), [(np.exp(-np.arange(9.0)), False), (np.cos(np.arange(9.0)), True)])
def test_one_column_that_turns_back_is_named(values: np.ndarray, warned: bool):
    own = Measurements("t", ("x",), np.arange(9.0), values[:, None], "digest", ",", has_names=True)
    assert (about_one_column(untrained(Problem(), Settings(), own)) is not None) == warned


def test_a_program_that_torchdiffeq_cannot_run_is_not_offered():
    at = page(l_gradient="checkpointed")
    assert "torchdiffeq has no checkpointed gradient" in words(at)


def test_the_pendulum_is_drawn_in_its_own_units():
    drawn = layers(page(l_data="pendulum"), "l_states", 0)
    points = np.concatenate([floats(drawn[name]["points"]) for name in ("trained on", "held out")])
    np.testing.assert_allclose(points, measurements.example().values, atol=1e-5)
