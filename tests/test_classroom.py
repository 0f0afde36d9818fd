"""The benchmark of a class, small: its learners do all that they should, and nothing fails."""

import random
import time

import pytest
from streamlit.proto.Slider_pb2 import Slider

from benchmarks import classroom
from benchmarks.learner_controls import Control
from benchmarks.learner_walk import CHANGE, EXPLAIN, OPEN, PROGRESS, TRAIN, Tally, Walk
from benchmarks.served import served, served_text

PACE = (0.1, 0.4)
FAILS = """
import streamlit as st
if st.slider("x", 0, 3, 1, 2):
    st.write("as it should be")
if st.toggle("break it"):
    raise ValueError("broken")
"""


def some_seconds(seconds: float, **more: bool) -> Walk:
    return Walk(time.perf_counter() + seconds, pace=PACE, **more)


def test_three_learners_do_everything_without_a_failure():
    learners, trainer = Tally(), Tally()
    with served() as app:
        used = classroom.attend(app, (2, some_seconds(7.0), learners), (1, some_seconds(7.0, trains=True), trainer))
        if not (learners.took[EXPLAIN] and learners.took[CHANGE] and trainer.took[PROGRESS]):  # a very busy machine
            classroom.attend(app, (2, some_seconds(30.0), learners), (1, some_seconds(30.0, trains=True), trainer))
        assert not app.trouble()
    assert not learners.failures
    assert not trainer.failures
    for kind in (OPEN, CHANGE, EXPLAIN):
        assert learners.took[kind], kind
    assert trainer.took[TRAIN]
    assert trainer.took[PROGRESS]
    assert used.cpu > 0
    assert used.most > used.memory[0][1] > 50


def test_what_a_page_raises_is_a_failure():
    tally = Tally()
    with served_text(FAILS) as app:
        classroom.attend(app, (1, some_seconds(3.0), tally))
        assert "broken" in app.trouble()
    assert any("ValueError: broken" in failure and "break it" in failure for failure in tally.failures)


def test_other_machines_are_left_alone():
    tally = Tally()
    with pytest.raises(ValueError, match="only apps on this machine"):
        classroom.asyncio.run(classroom._sit("http://192.0.2.1:8501", 0, some_seconds(1.0), tally))


@pytest.mark.parametrize("kind", [Slider.SLIDER, Slider.SELECT_SLIDER])
def test_a_slider_moves_within_its_bounds(kind: Slider.Type.ValueType):
    options = list("abc") if kind == Slider.SELECT_SLIDER else []
    control = Control("slider", Slider(id="x", type=kind, min=0, max=2, step=0.5, default=[1], options=options), "")
    chance, value, seen = random.Random(0), control.value(), set()
    for _ in range(60):
        before, value = value, control.other(value, chance)
        assert isinstance(value, list)
        assert value != before
        assert control.read(control.state(value)) == value
        seen.update(value)
    assert seen == (set(options) or {0.0, 0.5, 1.0, 1.5, 2.0})
