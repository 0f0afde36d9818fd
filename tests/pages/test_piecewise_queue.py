"""The queue before long computations: who waits is told the place and may leave; nothing is computed twice."""

import threading
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import cached, piecewise
from tests.pages.visiting import sound

PATIENT = 20.0
"""Seconds after which a wait of these tests has failed."""


class Visitor(threading.Thread):
    """Takes one turn, and stays in it until told to go."""

    def __init__(self, queue: piecewise.Queue, leaves: Callable[[int], bool] = lambda _: False, fails: bool = False):
        super().__init__(daemon=True)
        self.queue, self.leaves, self.fails = queue, leaves, fails
        self.places: list[int] = []
        self.waits, self.inside, self.go, self.over = (threading.Event() for _ in range(4))

    def run(self) -> None:
        try:
            with self.queue.turn(self._told):
                self.inside.set()
                assert self.go.wait(PATIENT)
                if self.fails:
                    raise RuntimeError
        except (InterruptedError, RuntimeError):
            pass
        self.over.set()

    def _told(self, place: int) -> None:
        self.places.append(place)
        self.waits.set()
        if self.leaves(place):
            raise InterruptedError


def come(queue: piecewise.Queue, **more: object) -> Visitor:
    """A visitor who has a turn or a place by now."""
    visitor = Visitor(queue, **more)  # pyright: ignore[reportArgumentType] (the two options of Visitor)
    visitor.start()
    while not (visitor.inside.wait(0.01) or visitor.waits.is_set()):
        assert visitor.is_alive()
    return visitor


def leave(visitor: Visitor) -> None:
    visitor.go.set()
    assert visitor.over.wait(PATIENT)


@pytest.mark.parametrize("slots", [1, 2])
def test_turns_are_taken_in_the_order_of_coming(slots: int):
    queue = piecewise.Queue(slots)
    visitors = [come(queue) for _ in range(slots + 3)]
    assert [visitor.inside.is_set() for visitor in visitors] == [True] * slots + [False] * 3
    assert [visitor.places[0] for visitor in visitors[slots:]] == [1, 2, 3]
    for first, then in zip(visitors, visitors[slots:], strict=False):
        leave(first)
        assert then.inside.wait(PATIENT)
    for visitor in visitors[-slots:]:
        leave(visitor)
    newcomer = come(queue)
    assert newcomer.places == []  # nobody is left behind in it
    leave(newcomer)


def test_who_leaves_while_waiting_lets_the_others_move_up():
    queue = piecewise.Queue(1)
    gone = threading.Event()
    first, second = come(queue), come(queue, leaves=lambda _: gone.is_set())
    third = come(queue)
    assert third.places[0] == 2
    gone.set()
    assert second.over.wait(PATIENT)
    leave(first)
    assert third.inside.wait(PATIENT)
    assert not second.inside.is_set()
    leave(third)


def test_who_fails_during_a_turn_gives_it_back():
    queue = piecewise.Queue(1)
    first, second = come(queue, fails=True), come(queue)
    leave(first)
    assert second.inside.wait(PATIENT)
    leave(second)


def script():
    import streamlit as st

    from pages.ui import piecewise
    from tests.pages.test_piecewise_queue import square

    if piecewise.done("Squaring", [(square, number) for number in range(3)], "square"):
        st.write("all there")


CALLS: list[int] = []


def square(number: int) -> int:
    CALLS.append(number)
    return number**2


def test_a_page_waits_says_its_place_and_computes_nothing_twice(monkeypatch: pytest.MonkeyPatch):
    queue = piecewise.Queue(1)
    monkeypatch.setattr(piecewise, "QUEUE", queue)
    monkeypatch.setattr(piecewise, "PATIENCE", 60.0)
    CALLS.clear()
    cached.run(square, 0)
    other = come(queue)
    told: list[int] = []
    queued = piecewise._Progress.queued

    def spied(progress: piecewise._Progress, ahead: int) -> None:
        queued(progress, ahead)
        told.append(ahead)
        other.go.set()

    monkeypatch.setattr(piecewise._Progress, "queued", spied)
    at = sound(AppTest.from_function(script).run())
    assert set(told) == {1}
    assert at.markdown[0].value == "all there"
    assert not at.get("progress")
    assert CALLS == [0, 1, 2]
    sound(at.run())
    assert CALLS == [0, 1, 2]


def stopping():
    import streamlit as st

    from pages.ui import piecewise
    from tests.pages.test_piecewise_queue import square

    st.write("before")
    piecewise.done("Squaring", [(square, number) for number in range(10, 13)], "square")


def test_stop_works_while_queued_and_leaves_the_queue(monkeypatch: pytest.MonkeyPatch):
    queue = piecewise.Queue(1)
    monkeypatch.setattr(piecewise, "QUEUE", queue)
    other = come(queue)
    queued = piecewise._Progress.queued

    def interrupted(progress: piecewise._Progress, ahead: int) -> None:
        queued(progress, ahead)
        import streamlit as st

        st.stop()  # as at a click

    monkeypatch.setattr(piecewise._Progress, "queued", interrupted)
    CALLS.clear()
    at = sound(AppTest.from_function(stopping).run())
    (bar,) = at.get("progress")
    assert bar.proto.text == "Squaring: 0 of 3. Queued, place 1: the server computes for others"
    sound(at.button(key="square_stop").click().run())
    assert "stopped" in at.info[0].value
    assert CALLS == []
    leave(other)
    sound(at.button(key="square_on").click().run())
    assert CALLS == [10, 11, 12]


def asking():
    import streamlit as st

    from pages.ui import piecewise

    if piecewise.wanted("It", st.session_state.get("seconds", 200.0), ("a", 1), "it"):
        st.write("computed")


def test_what_takes_long_is_asked_for_first():
    at = sound(AppTest.from_function(asking).run())
    assert "about 3 minutes" in at.info[0].value
    assert not at.markdown
    sound(at.button(key="it_agree").click().run())
    assert at.markdown[0].value == "computed"
    quick = AppTest.from_function(asking)
    quick.session_state["seconds"] = 59.0
    assert sound(quick.run()).markdown[0].value == "computed"
