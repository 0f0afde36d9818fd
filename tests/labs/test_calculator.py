"""The calculator's figures, against real layers of torch and the summary that Keras prints."""

import io
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from core.conv.layers import Conv, Pool
from core.labs import calculator_exercises
from core.labs import calculator_words as words
from core.labs.calculator import KINDS, Params, count, layer_of, picture, programs

ONE = Params(shape=(1, 9), filters=1, kernel=(3,), stride=(1,), dilation=(1,), output_padding=(0,), bias=False)


def test_the_example_of_the_lesson():
    found = count(Params())
    assert (found.shape, found.weights, found.biases, found.parameters) == ((10, 196, 196), 750, 10, 760)
    assert found.multiply_adds == 75 * 10 * 196 * 196
    assert found.values == 10 * 196 * 196
    assert "(None, 196, 196, 10)" in words.overview(found)
    shown = programs(Params())
    assert "│ conv2d (Conv2D)                 │ (None, 196, 196, 10)   │           760 │" in shown.keras.shown
    assert shown.torch.shown == "Conv2d(3, 10, kernel_size=(5, 5), stride=(1, 1))"
    assert shown.keras.notes == shown.torch.notes == ()


@st.composite
def any_params(draw: st.DrawFn) -> Params:
    axes = draw(st.integers(1, 3))
    small, none = st.tuples(*[st.integers(1, 4)] * axes), st.tuples(*[st.integers(0, 3)] * axes)
    kind: Any = draw(st.sampled_from(list(KINDS)))
    word: Any = draw(st.sampled_from(["valid", "same"]))
    channels = draw(st.sampled_from([2, 4]))
    return Params(
        kind,
        (channels, *(draw(st.integers(1, 12)) for _ in range(axes))),
        draw(st.sampled_from([2, 6])),
        draw(small),
        draw(small),
        word if draw(st.booleans()) else draw(none),
        draw(small) if kind in {"conv", "transposed"} else (1,) * axes,
        draw(st.integers(1, 2)),
        draw(st.booleans()),
        ceil=draw(st.booleans()),
        output_padding=draw(none),
    )


@given(any_params())
@settings(max_examples=150, deadline=None)
def test_any_layer_is_counted_told_and_drawn(params: Params):
    found = count(params)
    if found.error:
        assert found.error[0].isascii()
        return
    shown = programs(params)
    assert f"# {(1, *found.shape)}\n" in shown.torch.source
    assert f"\n# {found.parameters}\n" in shown.torch.source
    assert bool(shown.keras.source) == bool(shown.keras.shown)
    assert shown.keras.source or shown.keras.notes
    if shown.keras.shown:
        assert f" Total params: {found.parameters:,} (" in shown.keras.shown
        assert shown.keras.shown.split("└")[0].count("\n├") == shown.keras.source.count("layers.") - 1
    for text in (words.overview(found), words.arguments(found), words.formula(found), words.about_padding(found)):
        assert text
    assert len(words.steps(found)) >= 4
    for line in words.substituted(found):
        assert any(line.endswith(rf"= {axis.size} \end{{aligned}}") for axis in found.axes)
    for number, axis in enumerate(found.axes):
        assert axis.size == found.shape[number + 1]
        drawn = picture(params, number)
        assert all(len(strip.reads) == strip.high - strip.low for strip in drawn.strips)
        words.about_picture(drawn)


@given(any_params())
@settings(max_examples=100, deadline=None)
def test_the_substituted_formulas_are_true(params: Params):
    found = count(params)
    for axis in found.axes:
        if params.kind == "transposed":
            assert axis.size == (axis.n - 1) * axis.s + axis.extent + axis.more - axis.before - axis.after
        elif not (params.ceil and params.pooling and params.padding != "same"):
            assert axis.size == (axis.n + axis.before + axis.after - axis.extent) // axis.s + 1


@pytest.mark.parametrize(
    "params",
    [
        ONE,
        replace(ONE, stride=(2,), dilation=(2,), padding="same"),
        replace(ONE, shape=(1, 10), stride=(4,), padding=(2,)),
        replace(ONE, shape=(1, 60), stride=(5,)),
    ],
    ids=["plain", "same", "gaps", "long"],
)
def test_cells_drawn_are_those_that_torch_reads(params: Params):
    """The gradient of the sum of all outputs, weights 1, counts the windows that touch a cell."""
    drawn = picture(params, 0)
    axis = drawn.axis
    x = torch.zeros(1, 1, axis.n, requires_grad=True)
    padded = functional.pad(x, (axis.before, axis.after))
    out = functional.conv1d(padded, torch.ones(1, 1, axis.k), stride=axis.s, dilation=axis.d)
    (gradient,) = torch.autograd.grad(out.sum(), x)
    expected = gradient[0, 0].numpy()
    assert drawn.touched == np.count_nonzero(expected)
    for strip in drawn.strips:
        cells = np.arange(strip.low, strip.high)
        inside = (cells >= 0) & (cells < axis.n)
        np.testing.assert_array_equal(strip.reads[inside], expected[cells[inside]])
    assert len(drawn.strips) == (2 if axis.n > 40 else 1)


@pytest.mark.parametrize(("s", "p", "r"), [(1, 0, 0), (2, 1, 1), (4, 0, 0), (4, 1, 3)])
def test_cells_drawn_are_those_that_a_transposed_convolution_writes(s: int, p: int, r: int):
    params = replace(ONE, kind="transposed", stride=(s,), padding=(p,), output_padding=(r,))
    drawn = picture(params, 0)
    written = functional.conv_transpose1d(
        torch.ones(1, 1, 9), torch.ones(1, 1, 3), stride=s, padding=p, output_padding=r
    )
    (strip,) = drawn.strips
    cells = np.arange(strip.low, strip.high)
    inside = (cells >= 0) & (cells < drawn.axis.size)
    np.testing.assert_array_equal(strip.reads[inside], written[0, 0].numpy())
    assert drawn.touched == np.count_nonzero(written)


def test_what_a_cell_of_a_transposed_convolution_sees():
    for k, s, d in ((3, 1, 1), (3, 2, 1), (4, 2, 1), (3, 2, 3), (2, 5, 1), (5, 3, 2)):
        params = replace(ONE, kind="transposed", kernel=(k,), stride=(s,), dilation=(d,), padding="valid")
        x = torch.ones(1, 1, 9, requires_grad=True)
        out = functional.conv_transpose1d(x, torch.ones(1, 1, k), stride=s, dilation=d)
        spans = []
        for cell in range(out.shape[2]):
            seen = torch.autograd.grad(out[0, 0, cell], x, retain_graph=True)[0][0, 0].nonzero().flatten().tolist()
            spans.append(seen[-1] - seen[0] + 1 if seen else 0)
        assert count(params).axes[0].sees == max(spans), (k, s, d)


def test_impossible_layers_have_their_reason():
    assert count(replace(ONE, kernel=(7,), dilation=(2,))).error == "kernel 7 dilated to 13 exceeds input 9"
    space = Params(shape=(1, 9, 2, 9), kernel=(3,) * 3, stride=(1,) * 3, dilation=(1,) * 3, output_padding=(0,) * 3)
    assert count(space).error == "axis 2, height: kernel 3 exceeds input 2"
    assert "groups must divide" in count(replace(ONE, groups=3)).error
    assert "at most half of its kernel 3" in count(replace(ONE, kind="max", padding=(2,))).error
    assert "smaller than stride" in count(replace(ONE, kind="transposed", padding=(0,), output_padding=(1,))).error


def test_a_window_dropped_by_torch_is_told():
    params = replace(ONE, kind="max", shape=(1, 5), kernel=(2,), stride=(3,), padding=(1,), ceil=True)
    found = count(params)
    assert found.axes[0].size == functional.max_pool1d(torch.zeros(1, 1, 5), 2, 3, 1, ceil_mode=True).shape[2]
    assert "drops it" in words.about_padding(found)
    assert "+ 1 - 1 =" in words.substituted(found)[0]


def test_a_layer_that_torch_has_not_is_shown_without_a_program():
    found = programs(Params("average", (2, 2, 9, 9), 2, (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1)))
    assert "AvgPool3d refuses" in found.torch.notes[0]
    assert not found.torch.source + found.torch.shown
    assert "AveragePooling3D" in found.keras.source


def test_words_of_keras_are_meant_by_the_layer():
    assert layer_of(Params(padding="same")) == Conv(10, (5, 5), (1, 1), "same", (1, 1), dialect="keras")
    assert layer_of(Params("max", padding="same", ceil=True)) == Pool("max", (5, 5), (1, 1), "same", dialect="keras")


def test_the_predictions_are_answered_by_numbers():
    assert "| 2 | 100 | 98 |" in words.about_same(words.SAME[1])
    assert words.about_same(words.SAME[0]).startswith("**Not quite.**")
    assert "has 760 parameters" in words.about_twice(words.TWICE[0], count(Params("max")))
    assert ", 4 times as many" in words.about_twice(words.TWICE[1], count(Params(padding="same")))


def test_the_exercises_are_answered_by_real_layers():
    drawn = [calculator_exercises.exercises(number) for number in range(20)]
    assert len({one.question for each in drawn for one in each}) > 40
    for size, parameters, _ in drawn:
        n, k, s, p, d = (int(text) for text in size.question.translate(STRIPPED).split() if text.isdigit())
        assert size.answer == torch.nn.Conv1d(1, 1, k, s, p, d)(torch.zeros(1, 1, n)).shape[2]
        assert str(size.answer) in size.why
        channels, filters, side, _ = (int(text) for text in parameters.question.split() if text.isdigit())
        layer = torch.nn.Conv2d(channels, filters, side)
        assert parameters.answer == sum(weights.numel() for weights in layer.parameters())
    for *_, padding in drawn:
        kernel, _, gaps = (int(text) for text in padding.question.translate(STRIPPED).split() if text.isdigit())
        assert torch.nn.Conv1d(1, 1, kernel, 1, padding.answer, gaps)(torch.zeros(1, 1, 40)).shape[2] == 40


STRIPPED = str.maketrans(",.?", "   ")


PRINTED = [
    Params(shape=(3, 12, 12)),
    replace(ONE, padding=(2,), activation="relu", bias=True),
    replace(ONE, stride=(2,), dilation=(2,), padding="same"),
    Params("max", (4, 9, 8), 4, (3, 3), (2, 2), ceil=True),
    Params("transposed", (3, 5, 4), 2, (3, 3), (2, 2), (1, 1), output_padding=(1, 1)),
    Params("average", (2, 4, 4, 4), 2, (2, 2, 2), (2, 2, 2), "same", (1, 1, 1)),
]


@pytest.mark.parametrize(
    "params", PRINTED, ids=lambda params: f"{params.kind}-{len(params.shape) - 1}-{params.padding}"
)
def test_the_summary_is_what_keras_prints(params: Params, keras: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    keras.backend.clear_session()
    shown, out = programs(params).keras, io.StringIO()
    with redirect_stdout(out):
        exec(compile(shown.source, "program", "exec"), {})
    assert out.getvalue().startswith(shown.shown + "\n")
