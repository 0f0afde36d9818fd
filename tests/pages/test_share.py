"""State in the URL: what a link sets, what it cannot set, and what goes into it."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visiting import sound

SCRIPT = """
import streamlit as st
from pages.ui import share

def move():
    st.session_state["x"] = 2.5

st.button("move", key="move", on_click=move)
values = [
    share.slider("count", 0, 10, 3, 1, "n"),
    share.number("place", -5.0, 5.0, 1.0, 0.1, "x"),
    share.toggle("on", True, "on"),
    share.text("formula", "-z2", 20, "f"),
    share.choices("methods", ["euler", "rk4", "tsit5"], ["rk4"], str.upper, "m"),
]
st.json(values)
"""


def run(**query: str) -> AppTest:
    at = AppTest.from_string(SCRIPT, default_timeout=60)
    at.query_params.update(query)
    return sound(at.run())


def values(at: AppTest) -> list:
    return json.loads(at.json[0].value)


def test_defaults_stay_out_of_the_link():
    at = run()
    assert values(at) == [3, 1.0, True, "-z2", ["rk4"]]
    assert dict(at.query_params) == {}


def test_a_link_sets_everything():
    at = run(n="7", x="-2.5", on="false", f="sin(t)", m="tsit5,euler")
    assert values(at) == [7, -2.5, False, "sin(t)", ["euler", "tsit5"]]


@pytest.mark.parametrize(
    "query",
    [
        {"n": "99"},
        {"n": "x"},
        {"x": "nan"},
        {"x": "1e999"},
        {"on": "perhaps"},
        {"m": "__class__," * 1000},
    ],
    ids=str,
)
def test_what_a_link_cannot_mean_falls_back(query: dict[str, str]):
    assert values(run(**query)) == [3, 1.0, True, "-z2", ["rk4"]]


def test_a_text_is_cut_at_its_length():
    assert values(run(f="z" * 5000))[3] == "z" * 20


def test_a_change_goes_into_the_link():
    at = run()
    at.button(key="move").click()
    sound(at.run())
    assert values(at)[1] == 2.5
    assert at.query_params["x"] in ("2.5", ["2.5"])


def test_no_choice_at_all_is_a_choice_too():
    at = run(m="none")
    assert values(at)[4] == []
    assert at.query_params["m"] in ("none", ["none"])


@pytest.mark.parametrize("typed", ["inf", "-inf", "nan", "1e999", "one"])
def test_a_whole_number_in_a_link_that_is_none_is_ignored(typed: str):
    script = "import streamlit as st; from pages.ui import share; st.json([share.number('seed', 0, 99, 7, 1, 's')])"
    at = AppTest.from_string(script, default_timeout=60)
    at.query_params["s"] = typed
    assert values(sound(at.run())) == [7]
