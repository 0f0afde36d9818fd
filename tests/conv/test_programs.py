"""Programs of one layer, run: torch's and Keras' shapes, counts and numbers are those that were promised."""

import io
from contextlib import redirect_stdout
from itertools import product
from typing import Any, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from core.conv.arithmetic import GeometryError
from core.conv.layers import Conv, ConvTranspose, Pool, Shape
from core.conv.programs import Call, Windowed, keras_program, last, torch_module, torch_program
from core.conv.programs_keras import keras_calls
from core.conv.programs_torch import torch_calls

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
WORDS: list[Literal["valid", "same"]] = ["valid", "same"]
HOWS: list[Literal["max", "average"]] = ["max", "average"]


def grid() -> list[tuple[Windowed, Shape]]:
    """Each kind of layer with each kind of padding, in one and two dimensions."""
    found: list[tuple[Windowed, Shape]] = []
    for padding, s, d in product((*WORDS, 1, 2), (1, 2, 3), (1, 2)):
        found.append((Conv(4, 3, s, padding, d, dialect="keras"), (2, 9)))
        found.append((Conv(4, (4, 3), (s, 1), padding, (1, d), 2, False, dialect="keras"), (2, 9, 8)))
        found.append((ConvTranspose(4, 3, s, padding, dilation=d), (2, 5)))
        found.append((ConvTranspose(4, (4, 2), (s, 2), padding, dilation=(1, d), bias=False), (2, 5, 4)))
        found.append((ConvTranspose(4, 3, s, padding, 0 if isinstance(padding, str) else s - 1, groups=2), (2, 5)))
    for padding, how, ceil, s in product((*WORDS, 1), HOWS, (False, True), (1, 2, 3)):
        if padding != "same" or not ceil:
            dialect = "keras" if padding == "same" else "torch"
            found.append((Pool(how, 3, s, padding, ceil, dialect), (2, 9)))
            found.append((Pool(how, (3, 2), (s, 2), padding, ceil, dialect), (2, 10, 9)))
    return found


def possible(layer: Windowed, shape: Shape) -> bool:
    try:
        layer.cost(shape)
    except GeometryError:
        return False
    return True


GRID = [(layer, shape) for layer, shape in grid() if possible(layer, shape)]


def printed(program: str) -> list[str]:
    """What a program of ours prints."""
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})
    return out.getvalue().splitlines()


def check_torch(layer: Windowed, shape: Shape, activation: str = "") -> None:
    cost = layer.cost(shape)
    calls = torch_calls(layer, shape, activation).calls
    program = torch_program(calls, shape, cost.shape, cost.trainable)
    assert printed(program) == [str((1, *cost.shape)), str(cost.trainable)], program
    assert f"# {(1, *cost.shape)}" in program
    module = torch_module(calls)
    assert sum(weights.numel() for weights in module.parameters()) == cost.trainable
    assert tuple(module(torch.empty(1, *shape, device="meta")).shape[1:]) == cost.shape


def test_every_program_of_the_grid_runs_in_torch():
    assert len(GRID) > 150
    for layer, shape in GRID:
        check_torch(layer, shape, "" if isinstance(layer, Pool) else "relu")


@st.composite
def layers(draw: st.DrawFn) -> tuple[Windowed, Shape]:
    axes = draw(st.integers(1, 3))
    each = st.tuples(*[st.integers(1, 3)] * axes)
    shape = (2 * draw(st.integers(1, 3)), *(draw(st.integers(3, 9)) for _ in range(axes)))
    kernel, stride, dilation, groups, bias = (
        draw(each),
        draw(each),
        draw(each),
        draw(st.integers(1, 2)),
        draw(st.booleans()),
    )
    amounts = st.tuples(*[st.integers(0, 2)] * axes)
    paddings: st.SearchStrategy[Any] = st.one_of(st.sampled_from(WORDS), amounts)
    padding: Any = draw(paddings)
    kind = draw(st.sampled_from(["conv", "transposed", "pool"]))
    if kind == "conv":
        return Conv(4, kernel, stride, padding, dilation, groups, bias, "keras"), shape
    if kind == "transposed":
        more = tuple(0 if isinstance(padding, str) else draw(st.integers(0, s - 1)) for s in stride)
        transposed: tuple = (4, kernel, stride, padding, more, dilation, groups, bias)
        return ConvTranspose(*transposed), shape
    ceil = padding != "same" and draw(st.booleans())
    dialect = "keras" if padding == "same" else "torch"
    pooling: tuple = (draw(st.sampled_from(HOWS)), kernel, stride, padding, ceil, dialect)
    return Pool(*pooling), shape


@given(layers(), st.sampled_from(["", "tanh"]))
@settings(max_examples=100, deadline=None)
def test_random_programs_run_in_torch(case: tuple[Windowed, Shape], activation: str):
    if possible(*case):
        check_torch(*case, "" if isinstance(case[0], Pool) else activation)


def test_what_torch_cannot_say_is_said():
    (note,) = torch_calls(Conv(4, 3, 2, "same", dialect="keras"), (2, 9)).notes
    assert note == "torch has padding='same' at stride 1 only, got stride 2; here the numbers do the same."
    found = torch_calls(Conv(4, 3, 2, "same", dialect="keras"), (2, 8, 8))
    assert str(found.calls[0]) == "ZeroPad2d((0, 1, 0, 1))"
    assert "nn.ZeroPad2d or alike, adds more at the end" in found.notes[0]
    assert not torch_calls(Conv(4, 3, 1, "same", dialect="keras"), (2, 8, 8)).notes
    assert "no words for padding" in torch_calls(ConvTranspose(4, 3, 2, "same"), (2, 8)).notes[0]
    assert "no argument activation" in torch_calls(Conv(4, 3), (2, 8), "relu").notes[0]
    assert "counts the added zeros" in torch_calls(Pool("average", 3, 2, "same", dialect="keras"), (2, 8)).notes[1]


def test_torch_takes_no_mean_in_space_of_more_cells_than_there_are():
    shape = (2, 3, 9, 9)
    for kernel, padding in ((5, 2), (4, 1)):
        found = torch_calls(Pool("average", kernel, 1, padding), shape)
        assert not found.calls
        assert "AvgPool3d refuses" in found.notes[0]
        with pytest.raises(RuntimeError, match="smaller than kernel"):
            nn.AvgPool3d(kernel, 1, padding)(torch.zeros(1, *shape))
    check_torch(Pool("max", 4, 1, 1), shape)
    check_torch(Pool("average", 4, 1, "same", dialect="keras"), shape)  # with a layer for padding before it


def test_what_keras_cannot_say_is_said():
    assert "ZeroPadding2D before the layer" in keras_calls(Conv(4, 3, 1, 1), (2, 8, 8)).notes[0]
    assert "both above 1" in keras_calls(Conv(4, 3, 2, "valid", 2), (2, 9)).notes[0]
    assert "no ceil_mode" in keras_calls(Pool("max", 3, 2, ceil=True), (2, 8)).notes[0]
    assert "Cropping1D behind" in keras_calls(ConvTranspose(4, 3, 2, 1), (2, 8)).notes[0]
    for layer in (ConvTranspose(4, 3, groups=2), ConvTranspose(4, 3, 2, dilation=2), ConvTranspose(4, 3, 1, 0, 1, 2)):
        found = keras_calls(layer, (2, 8))
        assert not found.calls
        assert "no" in found.notes[0]


def test_a_call_prints_its_arguments():
    assert str(Call("Conv2d", (3, 10), (("kernel_size", (3, 5)), ("padding", "same")))) == (
        'Conv2d(3, 10, kernel_size=(3, 5), padding="same")'
    )
    assert str(Call("ConstantPad1d", ((0, 1), float("-inf")))) == 'ConstantPad1d((0, 1), float("-inf"))'


def check_keras(layer: Windowed, shape: Shape) -> None:
    cost, calls = layer.cost(shape), keras_calls(layer, shape).calls
    if calls:
        program = keras_program(calls, shape, cost.shape, cost.trainable)
        assert printed(program)[-2:] == [str((None, *last(cost.shape))), str(cost.trainable)], program


def model_of(keras: Any, calls: tuple[Call, ...], shape: Shape) -> Any:
    layers = [getattr(keras.layers, call.name)(*call.given, **dict(call.named)) for call in calls]
    return keras.Sequential([keras.Input(last(shape)), *layers])


def test_programs_run_in_keras(keras: Any):
    for layer, shape in GRID[::16]:
        check_keras(layer, shape)


def test_both_dialects_compute_the_same_numbers(keras: Any):
    """Shape and count of every layer of the grid; its output too, with equal weights, where that is promised."""
    generator = torch.Generator().manual_seed(0)
    equal = 0
    for layer, shape in GRID:
        there, here = keras_calls(layer, shape), torch_calls(layer, shape)
        if not there.calls:
            continue
        cost, model = layer.cost(shape), model_of(keras, there.calls, shape)
        assert (model.output_shape, model.count_params()) == ((None, *last(cost.shape)), cost.trainable), layer
        if there.exact and here.exact:
            x = torch.rand(1, *shape, generator=generator)
            torch.testing.assert_close(
                torch_module(here.calls).to_empty(device="cpu").apply(weights_from(model))(x),
                model(x.movedim(1, -1)).detach().movedim(-1, 1),
                rtol=1e-4,
                atol=1e-5,
                msg=lambda text, layer=layer: f"{layer}: {text}",
            )
            equal += 1
    assert equal > 120


def weights_from(model: Any) -> Any:
    """Puts Keras' weights, (*kernel, in, out), into torch's layer, (out, in, *kernel); transposed swaps in and out."""
    weights = [variable.value.detach() for variable in model.weights]

    def put(module: nn.Module) -> None:
        if not isinstance(getattr(module, "weight", None), Tensor):
            return
        with torch.no_grad():
            kernel = weights[0]
            module.weight.copy_(kernel.permute(-1, -2, *range(kernel.dim() - 2)))  # pyright: ignore
            if len(weights) > 1:
                module.bias.copy_(weights[1])  # pyright: ignore

    return put
