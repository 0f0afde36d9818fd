"""Long computations in pieces: how far they are, a button to stop them, and a queue that all sessions share.

A piece whose result is not known yet is computed when its turn comes: `SLOTS` at once in the whole process, first come,
first served. After each piece a session goes to the back, so that a short computation does not wait for the end of a
long one. Who waits is told the place, and may stop: every look at the queue is a moment at which Streamlit ends a
script whose visitor clicked or left, and a script that ends leaves the queue and gives back its slot.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import streamlit as st

from pages.ui import cached, sheet

PATIENCE = 0.4
"""Seconds without a sign of progress; most computations have ended by then, or are known already."""
SLOTS = min(max(1, (os.cpu_count() or 1) - 1), 2)
"""Pieces that are computed at once."""
LOOK = 0.2
"""Seconds between two looks at the queue."""
LONG = 60.0
"""Seconds of computing beyond which a visitor is asked first."""

Piece = tuple[Callable[..., object], *tuple[object, ...]]
"""What `cached.run` takes."""


class Queue:
    """Turns, first come, first served."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._changed = threading.Condition()
        self._inside: deque[object] = deque()  # the first `slots` of them have their turn, in order of coming

    @contextmanager
    def turn(self, waiting: Callable[[int], object]) -> Iterator[None]:
        """Within it, it is the caller's turn.

        Args:
            waiting: called every `LOOK` seconds with how many come first; what it raises ends the wait.
        """
        ticket = object()
        with self._changed:
            self._inside.append(ticket)
        try:
            while ahead := self._ahead(ticket):
                waiting(ahead)  # without the lock: it may take its time, and raise
                with self._changed:
                    self._changed.wait_for(lambda: self._first(ticket), LOOK)
            yield
        finally:
            with self._changed:
                self._inside.remove(ticket)
                self._changed.notify_all()

    def _first(self, ticket: object) -> bool:
        return self._inside.index(ticket) < self.slots

    def _ahead(self, ticket: object) -> int:
        """How many must be through before it is this one's turn."""
        with self._changed:
            return max(0, self._inside.index(ticket) - self.slots + 1)


QUEUE = Queue(SLOTS)
"""The process's only one."""


class _Progress:
    """A bar, a button and the place in the queue, once there is something to wait for."""

    def __init__(self, title: str, total: int, stop: Callable[[], object]) -> None:
        self._title, self._total, self._stop = title, total, stop
        self._place, self._began, self._bar = st.empty(), perf_counter(), None
        self._done = 0

    def at(self, done: int) -> None:
        """So many pieces are there."""
        self._done = done
        if self._bar is not None or perf_counter() - self._began > PATIENCE:
            self._show("")

    def queued(self, ahead: int) -> None:
        """It waits for others. (Each call talks to the browser, which is when Streamlit may end this script.)"""
        self._show(f". Queued, place {ahead}: the server computes for others")

    def end(self) -> None:
        """Nothing is left to wait for."""
        self._place.empty()

    def _show(self, more: str) -> None:
        if self._bar is None:
            with self._place.container():
                self._bar = st.progress(0.0)
                self._stop()
        self._bar.progress(self._done / self._total, f"{self._title}: {self._done} of {self._total}{more}")


def done(title: str, pieces: Sequence[Piece], key: str) -> bool:
    """Compute pieces one after the other into the cache, in turn with other sessions; a visitor's click may end it.

    Returns:
        whether all are there; not so after Stop, until the visitor goes on or asks for something else. For a sheet
        nothing is begun that takes several pieces.
    """
    if sheet.wanted() and len(pieces) > 1 and not all(cached.known(*piece) for piece in pieces):
        return False
    asked, stopped = repr([cached.told(piece[1:]) for piece in pieces]), f"{key}_stopped"
    if st.session_state.get(stopped) == asked:
        st.info(f"{title}: stopped.", icon=":material/info:")
        st.button("Go on", key=f"{key}_on", on_click=_set, args=(stopped, ""))
        return False
    progress = _Progress(
        title, len(pieces), lambda: st.button("Stop", key=f"{key}_stop", on_click=_set, args=(stopped, asked))
    )
    for index, (work, *arguments) in enumerate(pieces):
        progress.at(index)
        if not cached.known(work, *arguments):
            with QUEUE.turn(progress.queued):
                cached.run(work, *arguments)
    progress.end()
    return True


def wanted(title: str, seconds: float, asked: object, key: str) -> bool:
    """Whether to compute what takes `seconds`: more than `LONG` only if the visitor says so, once for each `asked`.

    Args:
        asked: what is computed, with a complete repr.
    """
    agreed, what = f"{key}_agreed", repr(asked)
    if seconds <= LONG or st.session_state.get(agreed) == what:
        return True
    st.info(
        f"{title}: about {in_words(seconds)} of this server's time with this network; a smaller one is quicker.",
        icon=":material/schedule:",
    )
    st.button("Compute it", key=f"{key}_agree", on_click=_set, args=(agreed, what))
    return False


def in_words(seconds: float) -> str:
    """A time to wait, rounded: seconds below a minute and a half, then minutes."""
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _set(key: str, value: str) -> None:
    st.session_state[key] = value
