"""Computations in pieces: progress while they last, and Stop."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import piecewise
from tests.pages.visiting import sound


def script():
    import streamlit as st

    from pages.ui import piecewise
    from tests.pages.test_piecewise import piece

    if piecewise.done("Counting", [(piece, number) for number in range(3)], "count"):
        st.write("all there")


def piece(number: int) -> int:
    """The last waits for a second look, as if a visitor clicked while it was computed."""
    import streamlit as st

    if number == 2 and not st.session_state.get("waited"):
        st.session_state["waited"] = True
        st.stop()
    return number


def test_progress_stop_and_going_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(piecewise, "PATIENCE", -1.0)
    at = sound(AppTest.from_function(script).run())
    (bar,) = at.get("progress")
    assert bar.proto.text == "Counting: 2 of 3"
    assert bar.proto.value == 66
    sound(at.button(key="count_stop").click().run())
    assert not at.get("progress")
    assert "stopped" in at.info[0].value
    assert not at.markdown
    sound(at.button(key="count_on").click().run())
    assert not at.info
    assert not at.get("progress")
    assert at.markdown[0].value == "all there"


def test_what_is_quick_shows_nothing():
    at = AppTest.from_function(script)
    at.session_state["waited"] = True
    sound(at.run())
    assert at.markdown[0].value == "all there"
    assert not at.button
