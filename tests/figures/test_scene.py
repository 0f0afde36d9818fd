"""What the browser is given of a scene, and what is made of what it sends back."""

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.figures.scene import Arrows, Axis, Clock, Dots, Line, Scene, Shade
from core.figures.theme import lut
from pages.ui.components import scenes

PLANE = Scene("plane", Axis("x", -2, 2), Axis("y", 1e-3, 10, log=True), [], "alt", handle=(0, 1))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
)


def floats(packed: object, columns: int) -> np.ndarray:
    assert isinstance(packed, str)
    return np.frombuffer(base64.b64decode(packed), "<f4").reshape(-1, columns)


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 20), st.sampled_from([2, 3])), elements=st.floats(width=32)))
def test_points_and_times_arrive_as_float32(points: np.ndarray):
    columns = points.shape[1]
    line = scenes._layer(Line(points, "#000000", times=points[:, 0]))
    np.testing.assert_array_equal(floats(line["points"], columns), points.astype(np.float32))
    np.testing.assert_array_equal(floats(line["times"], 1)[:, 0], points[:, 0].astype(np.float32))
    transposed = scenes._layer(Dots(points.T.copy().T, "#000000"))  # not contiguous in memory
    np.testing.assert_array_equal(floats(transposed["points"], columns), points.astype(np.float32))
    assert transposed["times"] is None


def test_a_scene_is_json_with_all_that_it_holds():
    points = np.array([[0.0, 1.0], [np.nan, np.nan], [1.0, 2.0]])
    layers = [
        Arrows(points, points[::-1], "#111111", "field"),
        Line(points, "#222222", "line", dashed=True, width=3, frame=1),
        Dots(points, "#333333", "dots", symbol="ring", size=6, labels=("a", "b", "c")),
        Shade(np.zeros((2, 3)), (0, 1), "viridis", opacity=0.3),
    ]
    low: Any = np.float32(0)  # Streamlit would send a number of numpy's, and all that is with it, as one text
    sent = scenes._scene(Scene("title", Axis("x", low, 1), Axis("y", 0, 1), layers, "alt", handle=(0.5, 1)))
    assert json.loads(json.dumps(sent, allow_nan=False)) == sent
    drawn = sent["layers"]
    assert isinstance(drawn, list)
    assert [layer["kind"] for layer in drawn] == ["arrows", "line", "dots", "shade"]
    np.testing.assert_array_equal(floats(drawn[0]["vectors"], 2), points[::-1].astype(np.float32))
    assert (drawn[1]["dashed"], drawn[1]["width"], drawn[1]["frame"]) == (True, 3, 1)
    assert (drawn[2]["symbol"], drawn[2]["size"], drawn[2]["labels"]) == ("ring", 6, ["a", "b", "c"])
    assert base64.b64decode(drawn[3]["lut"]) == lut("viridis").tobytes()
    assert (sent["z"], sent["handle"]) == (None, [0.5, 1.0])


def test_no_number_is_sent_that_json_has_not():
    nowhere = Axis("x", -math.inf, math.inf)
    dots = Dots(np.zeros((1, 2)), "#000000", size=math.nan)
    sent = scenes._scene(Scene("title", nowhere, Axis("y", 0, 1), [dots], "alt", handle=(math.nan, math.inf)))
    json.dumps(sent, allow_nan=False)
    assert sent["handle"] == [0.0, 1.0]
    json.dumps(scenes._clock(Clock("t", math.nan, math.inf, start=math.nan)), allow_nan=False)


def test_shades_run_from_1_to_255_and_leave_0_to_what_is_no_number():
    values = np.array([[-9.0, 0.0, 1.0], [2.0, np.inf, np.nan]])
    sent = scenes._layer(Shade(values, (0.0, 2.0), "signed"))
    assert (sent["rows"], sent["columns"]) == (2, 3)
    assert list(base64.b64decode(str(sent["shades"]))) == [1, 1, 128, 255, 255, 0]
    flat = scenes._layer(Shade(np.ones((1, 2)), (1.0, 1.0), "signed"))  # limits without extent divide nothing by 0
    assert list(base64.b64decode(str(flat["shades"]))) == [1, 1]


def test_a_clock_keeps_its_frames():
    sent = scenes._clock(Clock("step", frames=("one", "two"), start=0))
    assert json.loads(json.dumps(sent)) == {
        "title": "step",
        "low": 0.0,
        "high": 1.0,
        "start": 0,
        "seconds": 6.0,
        "frames": ["one", "two"],
    }


@given(JSON)
def test_any_message_is_a_place_inside_the_axes_or_none(message: object):
    place = scenes._inside([PLANE], message)
    if place is None:
        numbers = isinstance(message, list) and len(message) >= 2 and all(map(is_number, message[:2]))
        assert not numbers
    else:
        assert all(type(value) is float for value in place)
        assert -2 <= place[0] <= 2
        assert 1e-3 <= place[1] <= 10
    scenes._moment({"pick": message})  # raises at nothing
    scenes._by_keys(message)
    scenes._pick(message)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not math.isnan(value)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ([0.5, 2.0], (0.5, 2.0)),
        ([0.5, 2, 17], (0.5, 2.0)),
        ([10**400, -(10**400)], (2.0, 1e-3)),  # too large for a float
        ([math.inf, -math.inf], (2.0, 1e-3)),
        ([math.nan, 1.0], None),
        ([1.0], None),
        ("12", None),
        ({"x": 1}, None),
    ],
)
def test_a_place_is_clamped_to_the_axes(message: object, place: tuple[float, float] | None):
    assert scenes._inside([PLANE], message) == place


def test_without_a_handle_nothing_is_picked():
    still = Scene("plane", PLANE.x, PLANE.y, [], "alt")
    assert scenes._inside([still], [0.0, 1.0]) is None
    assert scenes._inside([still, PLANE], [0.0, 1.0]) == (0.0, 1.0)


def test_the_last_move_is_named_to_the_browser():
    assert scenes._moment({"pick": [1.0, 2.0, 17]}) == 17
    assert scenes._moment({"pick": [1.0, 2.0, 17, True]}) == 17
    assert scenes._moment({"pick": [1.0, 2.0]}) is None
    assert scenes._moment(None) is None


@pytest.mark.parametrize(("pick", "keys"), [([0, 1, 17, True], True), ([0, 1, 17, False], False), ([0, 1, 17], False)])
def test_keys_are_told_from_a_click(pick: list[object], keys: bool):
    assert scenes._by_keys(pick) is keys
