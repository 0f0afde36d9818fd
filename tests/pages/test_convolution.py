"""The page on convolution as a visitor meets it: at its defaults, at the ends of its controls, from links."""

import base64

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.conv.kernels import KERNELS
from core.labs import convolution_words as told
from core.labs.convolution_inputs import GRIDS
from pages.ui import cached
from tests.pages.visiting import component, open_page, sound, words
from tests.pictures import encoded


def lesson(**query: str) -> AppTest:
    return open_page("convolution", **query)


def unpacked(text: str, *shape: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8").reshape(shape)


def grids(data: dict, kind: str) -> np.ndarray:
    return np.stack([unpacked(one["values"], one["rows"], one["columns"]) for one in data[kind]])


def held_against_torch(at: AppTest) -> dict:
    """What the browser gets: its maps are what torch makes of its input and its kernels."""
    data = component(at, "c_sweep")
    padded = torch.from_numpy(grids(data, "inputs"))
    kernels = unpacked(data["kernels"], len(data["outputs"]), len(data["inputs"]), *data["size"])
    w, b = torch.from_numpy(kernels.copy()), torch.tensor(data["biases"], dtype=torch.float64)
    y = torch.nn.functional.conv2d(padded[None], w, b, data["stride"], dilation=data["dilation"])[0]
    np.testing.assert_allclose(grids(data, "outputs"), y.numpy(), atol=1e-9)
    assert data["map"] == list(y.shape[1:])
    return data


def test_the_defaults():
    at = lesson()
    assert not at.error
    assert not at.warning
    data = held_against_torch(at)
    np.testing.assert_array_equal(grids(data, "inputs")[0], GRIDS["square"][1])
    assert any("&= 196 " in latex.value for latex in at.latex)
    assert any("&= 760 " in latex.value for latex in at.latex)
    assert "**(196, 196, 10)** comes out" in words(at)
    assert "36 places in all: 1 x 6 x 6, each with 9 products" in words(at)


@pytest.mark.parametrize(
    "query",
    [
        {"c_s": "4", "c_d": "3", "c_pad": "number", "c_p": "4", "c_filters": "3", "c_b3": "1000"},
        {"c_s": "3", "c_pad": "same", "c_k1": "gaussian", "c_filters": "2", "c_b1": "-1000"},
        {"c_input": "picture", "c_wide": "48", "c_colour": "true", "c_filters": "3", "c_m1_2": "-1", "c_pad": "same"},
        {"c_input": "picture", "sample": "camera", "c_wide": "24", "c_s": "4", "c_d": "3", "c_k1": "gaussian"},
        {"c_grid": "own", "c_cells": "1 2 3\n4 5 6\n7 8 9\n\n9 8 7\n6 5 4\n3 2 1", "c_k1": "own", "c_w1": "1 0\n0 1/2"},
        {"c_grid": "own", "c_cells": "7", "c_k1": "own", "c_w1": "2"},
    ],
    ids=["numbers", "same", "colours", "grey", "channels", "one cell"],
)
def test_walks_from_links(query: dict[str, str]):
    at = lesson(**query)
    assert not at.error
    data = held_against_torch(at)
    assert [data["stride"], data["dilation"]] == [int(query.get("c_s", 1)), int(query.get("c_d", 1))]
    assert len(data["outputs"]) == int(query.get("c_filters", 1))
    assert len(data["inputs"]) == (3 if "c_colour" in query else 2 if "\n\n" in query.get("c_cells", "") else 1)


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel(name: str):
    data = held_against_torch(sound(lesson(c_k1=name)))
    weights = unpacked(data["kernels"], *data["size"])
    np.testing.assert_array_equal(weights, KERNELS[name].weights)


def test_bad_links_fall_back():
    at = lesson(c_k1="nothing", c_input="no", c_grid="?", c_s="99", c_d="x", c_filters="-3", c_pad="zz", c_b1="nan")
    assert not at.error
    assert held_against_torch(at)["stride"] in {1, 4}


def test_what_has_no_place_is_refused_and_the_last_walk_stays():
    at = lesson(c_k1="gaussian")
    before = component(at, "c_sweep")
    sound(at.slider(key="c_d").set_value(3).run())
    assert "kernel 5 dilated to 13 exceeds input 8" in at.error[0].value
    assert component(at, "c_sweep") == before
    sound(at.slider(key="c_d").set_value(1).run())
    assert not at.error
    first = lesson(c_k1="gaussian", c_d="3")
    assert first.error
    held_against_torch(first)


def test_numbers_are_edited_and_bad_ones_keep_the_last():
    at = lesson(c_grid="ramp")
    sound(at.button(key="c_edit").click().run())
    assert (at.text_area(key="c_cells").value or "").startswith("0 1 2 3 4 5 6 7\n")
    sound(at.text_area(key="c_cells").set_value("1 2 3\n4 5 6\n7 8 10").run())
    good = held_against_torch(at)
    assert grids(good, "outputs").shape == (1, 1, 1)
    sound(at.text_area(key="c_cells").set_value("1 2\n3").run())
    assert "last good ones" in at.error[0].value
    assert any("rows of one length" in code.value for code in at.code)
    assert component(at, "c_sweep") == good


def test_weights_are_edited():
    at = lesson()
    sound(at.button(key="c_k1 edit").click().run())
    assert at.text_area(key="c_w1").value == "-1 0 1\n-2 0 2\n-1 0 1"
    sound(at.text_area(key="c_w1").set_value("0 1/4\n-1 .5").run())
    assert held_against_torch(at)["size"] == [2, 2]
    assert at.query_params["c_k1"] == "own"
    sound(at.text_area(key="c_w1").set_value("a b").run())
    assert component(at, "c_sweep")["size"] == [2, 2]


def test_an_own_picture_is_walked_over_and_not_kept_for_others(monkeypatch: pytest.MonkeyPatch):
    kept = []
    for name in ("run", "draw"):
        plain = getattr(cached, name)
        monkeypatch.setattr(cached, name, lambda *given, plain=plain: kept.append(repr(given)) or plain(*given))
    at = lesson(c_input="picture")
    sound(at.segmented_control(key="source").set_value("Upload").run())
    picture = np.zeros((60, 40, 3), np.uint8)
    picture[:, 20:] = 200
    sound(
        at.file_uploader(key="upload")
        .set_value(("my.png", encoded(Image.fromarray(picture), "PNG"), "image/png"))
        .run()
    )
    data = held_against_torch(at)
    np.testing.assert_array_equal(np.unique(grids(data, "inputs")), [0, 100, 200])
    assert "32 cells" in words(at)
    assert "Your picture, 40 x 60 pixels" in words(at)
    sound(at.radio(key="c_guess_flat").set_value(told.FLAT_ANSWERS[0]).run())
    assert component(at, "c_responses")["gallery"]
    assert any("harbour" in one for one in kept)  # the sample that stood there before
    assert not any("100.0, 200.0" in one for one in kept)


def test_answers_are_held_back():
    at = lesson()
    with pytest.raises(AssertionError, match="no component"):
        component(at, "c_responses")
    assert "sum of the weights" not in words(at)
    sound(at.radio(key="c_guess_flat").set_value(told.FLAT_ANSWERS[2]).run())
    assert "**Not quite.** You said: 8 times 5. **Answer: 0.**" in words(at)
    assert len(component(at, "c_responses")["outputs"]) == len(KERNELS)
    size = next(radio for radio in at.radio if "With stride 2" in radio.label)
    assert "| stride |" not in words(at)
    sound(size.set_value("3").run())
    assert "**Right: 3.**" in words(at)
    assert "| 2 | 3 |" in words(at)


def test_notices():
    assert any("1 row at the bottom and 1 column at the right" in w.value for w in lesson(c_s="2").warning)
    same = [w.value for w in lesson(c_s="2", c_pad="same", c_grid="edge").warning]
    assert any("the odd zero at the bottom" in value for value in same)
    assert any("stride 1 only" in value for value in same)
    assert any("finds an edge" in value for value in same)


def test_the_cell_by_hand_and_the_exercises():
    at = lesson()
    while not (button := at.button(key="c_steps next")).disabled:
        sound(button.click().run())
    data = component(at, "c_sweep")
    assert f"**{told.number(np.abs(grids(data, 'outputs')).max())}**" in words(at).replace("-", "")
    field = next(one for one in at.number_input if "3 x 3 kernels" in one.label)
    sound(field.set_value(9).run())
    assert "Not quite" in at.info[0].value
    sound(next(one for one in at.number_input if "3 x 3 kernels" in one.label).set_value(10).run())
    assert at.success[0].value.startswith("Right: 10.")
    sound(at.radio(key="c_pad_exercise").set_value(told.PAD_RIGHT).run())
    assert len(at.success) == 2
