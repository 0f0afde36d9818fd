"""The layer calculator as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import pytest
from streamlit.testing.v1 import AppTest

from core.labs import calculator_exercises
from core.labs import calculator_words as told
from pages.ui.calculator_controls import EXAMPLES
from tests.pages.visiting import component, open_page, sound, words


def lesson(**query: str) -> AppTest:
    return open_page("layer-calculator", **query)


def output(at: AppTest) -> str:
    """The shape that the table shows, as Keras writes it."""
    return words(at).partition("**output, Keras** | **")[2].partition("**")[0]


def test_the_opening_state_is_the_lessons_example():
    at = lesson()
    assert not at.error
    assert output(at) == "(None, 196, 196, 10)"
    assert "**(N, 10, 196, 196)**" in words(at)
    assert "**760** (750 weights, 10 biases)" in words(at)
    keras, printed, torch, shown = (at.code[index].value for index in (0, 2, 1, 3))
    assert "layers.Conv2D(10, 5)" in keras
    assert "nn.Conv2d(3, 10, kernel_size=5)" in torch
    assert "│ conv2d (Conv2D)                 │ (None, 196, 196, 10)   │           760 │" in printed
    assert shown == "Conv2d(3, 10, kernel_size=(5, 5), stride=(1, 1))"
    assert any(r"\frac{200 + 0 + 0 - 5}{1} \right\rfloor + 1 = 196" in latex.value for latex in at.latex)
    assert "0 of 200 cells are never read" in component(at, "k_axis")["scenes"][0]["alt"]


def test_predictions_hold_back_their_answers():
    at = lesson()
    assert "divided by the stride" not in words(at)
    assert "all places share the weights" not in words(at)
    sound(at.radio(key="k_guess_same").set_value(told.SAME[0]).run())
    assert "**Not quite.** You said: the input's size." in words(at)
    assert "| 2 | 100 | 98 |" in words(at)
    sound(at.radio(key="k_guess_twice").set_value(told.TWICE[0]).run())
    assert "**Right: the same.**" in words(at)


EXPECTED = {
    "The lesson's": "(None, 196, 196, 10)",
    "VGG's 3 x 3": "(None, 224, 224, 64)",
    "ResNet's first": "(None, 112, 112, 64)",
    "'same' at stride 2": "(None, 4, 4, 16)",
    "1 x 1": "(None, 56, 56, 64)",
    "Depthwise": "(None, 56, 56, 32)",
    "Dilated": "(None, 33, 33, 1)",
    "Pool, rounded up": "(None, 6, 6, 64)",
    "DCGAN's, upwards": "(None, 16, 16, 128)",
}


def test_the_examples_set_every_control():
    at = lesson(k_each="1", k_k1="2", k_s2="3")
    assert EXPECTED.keys() == EXAMPLES.keys()
    for name, shape in EXPECTED.items():
        sound(at.button(key=f"k_example {name}").click().run())
        assert output(at) == shape, name
        assert not at.error


def test_the_same_layer_needs_a_way_round_in_each_language():
    at = lesson(k_n1="8", k_n2="8", k_k="3", k_s="2", k_padding="same")
    notes = [note.value for note in at.info]
    assert notes == ["torch has padding='same' at stride 1 only, got stride 2; here a padding layer, nn.ZeroPad2d or "
                     "alike, adds more at the end."]  # fmt: skip
    assert "nn.ZeroPad2d((0, 1, 0, 1))" in at.code[1].value
    sound(at.number_input(key="k_d").set_value(2).run())
    assert any("Keras refuses strides and dilation_rate both above 1" in note.value for note in at.info)
    sound(at.number_input(key="k_s").set_value(1).run())
    assert not at.info
    sound(at.selectbox(key="k_padding").set_value("number").run())
    sound(at.number_input(key="k_p").set_value(1).run())
    assert any("ZeroPadding2D before the layer" in note.value for note in at.info)


def test_what_keras_has_not_is_shown_without_a_program():
    at = lesson(k_kind="transposed", k_c="4", k_f="4", k_g="2", k_n1="8", k_n2="8")
    assert not at.error
    assert any("has no groups" in note.value for note in at.info)
    assert "nn.ConvTranspose2d(4, 4" in at.code[0].value
    assert not any("import keras" in code.value for code in at.code)


def test_an_impossible_layer_gets_its_reason_and_the_last_good_one_stays():
    at = lesson(k_axes="1", k_n1="10", k_k="7")
    assert output(at) == "(None, 4, 10)"
    sound(at.number_input(key="k_d").set_value(2).run())
    assert "There is no such layer" in at.error[0].value
    assert at.code[0].value == "kernel 7 dilated to 13 exceeds input 10"
    assert output(at) == "(None, 4, 10)"
    sound(at.number_input(key="k_d").set_value(1).run())
    sound(at.number_input(key="k_g").set_value(7).run())
    assert "groups must divide channels and filters" in at.code[0].value
    sound(at.number_input(key="k_g").set_value(1).run())
    assert not at.error


def test_sizes_for_each_axis_begin_as_what_all_had():
    at = lesson(k_k="3", k_s="2")
    sound(at.toggle(key="k_each").set_value(True).run())
    assert at.number_input(key="k_k1").value == 3
    assert at.number_input(key="k_s2").value == 2
    sound(at.number_input(key="k_s2").set_value(1).run())
    assert output(at) == "(None, 99, 198, 10)"
    assert "kernel_size=3, stride=(2, 1)" in at.code[1].value


ENDS = [("conv", "3", "number"), ("transposed", "1", "number"), ("max", "3", "number"), ("average", "1", "same")]


@pytest.mark.parametrize(("kind", "axes", "padding"), ENDS)
def test_every_kind_at_the_ends_of_its_controls(kind: str, axes: str, padding: str):
    at = lesson(k_kind=kind, k_axes=axes, k_padding=padding, k_ceil="1", k_bias="0")
    for end in (0, 1):
        for field in at.number_input:
            if not str(field.key).startswith("k_exercise"):
                field.set_value((field.min, field.max)[end])
        sound(at.run())
        assert output(at)


@pytest.mark.parametrize(
    "query",
    [
        {"k_kind": "nothing", "k_axes": "7", "k_padding": "full", "k_act": "__import__"},
        {"k_n1": "nan", "k_c": "inf", "k_k": "1e300", "k_s": "-4", "k_d": "x"},
        {"k_n1": "3", "k_k": "5"},
        {"k_each": "maybe", "k_k1": "99999999999999999999", "k_drawn": "5"},
    ],
    ids=str,
)
def test_a_broken_link_still_opens(query: dict[str, str]):
    assert output(lesson(**query))


def test_a_shared_link_reopens_the_state():
    at = lesson(k_kind="transposed", k_axes="1", k_n1="3", k_k="3", k_s="2", k_padding="number", k_p="1", k_r="1")
    assert output(at) == "(None, 6, 10)"
    assert "Cropping1D((1, 1))" in at.code[0].value
    assert "output_padding=1" in at.code[1].value
    at = lesson(k_axes="3", k_n3="30", k_drawn="2")
    assert "30 cells of input" in component(at, "k_axis")["scenes"][0]["alt"]


def test_cells_that_are_never_read_are_told():
    at = lesson(k_axes="1", k_n1="10", k_k="2", k_s="4")
    assert any("4 of 10 cells of the input are read by no window" in warning.value for warning in at.warning)


def test_the_worked_example_and_the_exercises():
    at = lesson()
    for _ in range(2):
        sound(at.button(key="k_steps next").click().run())
    assert "= 750$ weights" in words(at)
    for number in (0, 1):
        for index, one in enumerate(calculator_exercises.exercises(number)):
            at.number_input(key=f"k_exercise_{index} {number}").set_value(one.answer)
        sound(at.run())
        assert [one.value.partition(". ")[2] for one in at.success] == [
            one.why for one in calculator_exercises.exercises(number)
        ]
        sound(at.number_input(key=f"k_exercise_0 {number}").set_value(-1).run())
        assert any(one.value.startswith("Not quite: you said -1") for one in at.info)
        sound(at.button(key="k_fresh").click().run())
        assert not at.success
    for option in calculator_exercises.ODD:
        sound(at.radio(key="k_odd").set_value(option).run())
        marked = at.success if option == calculator_exercises.ODD_RIGHT else at.info
        assert any(calculator_exercises.ODD[option] in one.value for one in marked)
