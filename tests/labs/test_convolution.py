"""What the page on convolution computes, against torch, SciPy and published formulas."""

import contextlib
import io
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn

from core.conv.kernels import KERNELS, Weights
from core.conv.sweep import Filter, Params, sweep
from core.labs import convolution, convolution_words
from core.labs.convolution_inputs import GRIDS
from core.samples import SAMPLES

SQUARE = GRIDS["square"][1]


def walk(params: Params) -> convolution.Walk:
    names = tuple(map(str, range(len(params.cells)))), tuple(map(str, range(len(params.filters))))
    found = convolution.walk(convolution.Params(params, *names))
    assert isinstance(found, convolution.Walk)
    return found


def layer(name: str = "sobel-x", **more: int) -> Params:
    return Params((SQUARE,), (Filter((KERNELS[name].weights,), 0.5),), **more)


def test_the_example_is_torchs_layer():
    with torch.device("meta"):
        real = nn.Conv2d(3, 10, 5)
        shape = tuple(real(torch.empty(1, 3, 200, 200)).shape[1:])
    found = convolution.example()
    assert found.shape == shape == (10, 196, 196)
    assert found.trainable == sum(p.numel() for p in real.parameters()) == 760
    assert [line.rpartition("= ")[2].split()[0] for line in convolution_words.example_lines()] == ["196", "760"]
    assert "(196, 196, 10)" in convolution_words.about_example()
    assert f"{(200 * 200 * 3 + 1) * 196 * 196 * 10:,} parameters" in convolution_words.about_example()


def test_a_refusal_gives_the_reason():
    small = Params((((1.0,),),), (Filter((KERNELS["blur"].weights,)),))
    found = convolution.walk(convolution.Params(small, ("a",), ("b",)))
    assert found == convolution.Refusal("along the rows, kernel 3 exceeds input 1")


def test_torch_agrees_to_the_last_digits():
    assert convolution.greatest_gap(layer("gaussian", stride=2, dilation=1)) < 1e-12


@pytest.mark.parametrize("name", KERNELS)
def test_the_flip(name: str):
    found = convolution.flipped(layer(name))
    kernel = np.array(KERNELS[name].weights)
    np.testing.assert_array_equal(found.layer, kernel[::-1, ::-1])
    np.testing.assert_array_equal(found.convolution, kernel)
    x = np.array(SQUARE)
    gap = np.abs(sweep(layer(name)).output[0] - 0.5 - convolve2d(x, kernel, "valid")).max()
    assert found.gap == pytest.approx(gap, abs=1e-12)
    assert (found.gap == 0) == (name not in {"sobel-x", "sobel-y", "emboss"})


@pytest.mark.parametrize(("cells", "said"), [(GRIDS["flat"][1], "Half a turn changes"), (SQUARE, "differ by up to")])
def test_no_difference_on_this_input_is_not_taken_for_a_kernel_without_a_turn(cells: Weights, said: str):
    weights = ((0.1, 0.2, 0.3),)
    found = convolution.flipped(Params((cells, cells), (Filter((weights, weights)),)))
    assert said in convolution_words.about_flipping(found)
    assert "for the first channel" in convolution_words.about_flipping(found)
    same = convolution.flipped(Params((cells,), (Filter((KERNELS["blur"].weights,)),)))
    assert "is unchanged by half a turn" in convolution_words.about_flipping(same)


@pytest.mark.parametrize("row", [0, 5])
def test_a_bright_border_is_told_wherever_it_is(row: int):
    cells = np.zeros((6, 6))
    told = []
    for value in (0.0, 9.0):
        cells[row, 3] = value
        params = Params((tuple(map(tuple, cells.tolist())),), layer().filters, padding=1)
        told.append(any("finds an edge" in str(one) for one in convolution_words.notices(sweep(params))))
    assert told == [False, True]


def test_flat_regions():
    answers = {}
    for name, total, output in convolution.flat().rows:
        answers[name] = f"{output:g}"
        cells = torch.full((1, 1, 9, 9), convolution.FLAT)
        y = nn.functional.conv2d(cells, torch.tensor(KERNELS[name].weights)[None, None])
        assert output == pytest.approx(float(y[0, 0, 1, 2]), abs=1e-5)
        assert output == pytest.approx(total * convolution.FLAT)
    assert convolution_words.FLAT_ANSWERS[1] == answers["edge"]


@pytest.mark.parametrize("padding", ["valid", "same", 2], ids=str)
@pytest.mark.parametrize("stride", [1, 3, 4])
def test_sizes_at_other_strides(padding: str | int, stride: int):
    walks = "same" if padding == "same" else "valid" if padding == "valid" else 2
    found = convolution.sizes(sweep(replace(layer(stride=stride), padding=walks)).along, walks)
    assert found.asked == {1: 2, 3: 4, 4: 3}[stride]
    for s, columns in found.columns:
        if padding == "same":
            assert columns == -(-8 // s)
        else:
            assert columns == nn.Conv2d(1, 1, 3, s, padding)(torch.zeros(1, 1, 8, 8)).shape[3]
    answers = convolution_words.size_answers(found)
    assert str(found.right) in answers
    assert len(set(answers)) == 3


def test_parameters_are_torchs():
    two = (((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)),) * 2
    params = Params((SQUARE, SQUARE), (Filter(two), Filter(two), Filter(two)))
    real = nn.Conv2d(2, 3, (3, 2))
    assert convolution.parameters(params) == sum(p.numel() for p in real.parameters())


def test_pictures_become_few_cells():
    picture = SAMPLES["harbour"].read()
    (grey,) = convolution.reduced(picture, 36, colour=False)
    assert (len(grey), len(grey[0])) == (20, 36)
    colour = np.array(convolution.reduced(picture, 36, colour=True))
    blocks = picture.rgb.reshape(20, 20, 36, 20, 3).mean((1, 3)).transpose(2, 0, 1)
    np.testing.assert_allclose(colour, blocks, atol=1.01)  # Pillow rounds after each of its two passes


def test_responses_are_means_over_channels():
    found = convolution.responses((SQUARE, GRIDS["dot"][1]))
    x = (np.array(SQUARE) + np.array(GRIDS["dot"][1])) / 2
    for kernel, values in zip(KERNELS.values(), found.maps, strict=True):
        np.testing.assert_allclose(values, convolve2d(x, np.array(kernel.weights)[::-1, ::-1], "valid"), atol=1e-8)
    assert convolution.responses((((1.0,),),)).maps[0].shape == (1, 1)


def test_kernels_of_one_size_answer_as_before():
    small, large = convolution.of_one_size(((KERNELS["sobel-x"].weights,), (KERNELS["gaussian"].weights,)))
    assert np.array(small).shape == np.array(large).shape == (1, 5, 5)
    np.testing.assert_array_equal(
        sweep(Params((SQUARE,), (Filter(small),))).output,
        sweep(Params((SQUARE,), (Filter((KERNELS["sobel-x"].weights,)),))).output[:, 1:-1, 1:-1],
    )


def test_one_cell_by_hand():
    params = Params((SQUARE, SQUARE), (Filter((KERNELS["sobel-y"].weights, KERNELS["blur"].weights), -2.0),))
    found = walk(params)
    steps = convolution_words.by_hand(found, found.sweep.frame(convolution_words.busiest(found.sweep)))
    assert len(steps) == 5
    assert f"**{convolution_words.number(float(np.abs(convolution.by_torch(params)).max()))}**" in steps[-1]


@pytest.mark.parametrize("padding", ["valid", "same", 1], ids=str)
def test_the_program_prints_the_maps_on_screen(padding: convolution.Padding, tmp_path: Path):
    found = walk(replace(layer("emboss", stride=2), padding=padding)).sweep
    program = tmp_path / "program.py"
    program.write_text(convolution_words.program(found).replace("print(", "y = (").replace(")[0])", ")[0])\nprint(y)"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        y = runpy.run_path(str(program))["y"]
    np.testing.assert_allclose(y.numpy(), found.output, rtol=1e-6)
    assert printed.getvalue().startswith("tensor([[[")
