"""Long computations in pieces: how far they are, and a button to stop them."""

from collections.abc import Callable, Sequence
from time import perf_counter

import streamlit as st

from pages.ui import cached

PATIENCE = 0.4
"""Seconds without a sign of progress; most computations have ended by then, or are known already."""

Piece = tuple[Callable[..., object], *tuple[object, ...]]
"""What `cached.run` takes."""


def done(title: str, pieces: Sequence[Piece], key: str) -> bool:
    """Compute pieces one after the other into the cache; between two a visitor's click may end it.

    Returns:
        whether all are there; not so after Stop, until the visitor goes on or asks for something else.
    """
    asked, stopped = repr([piece[1:] for piece in pieces]), f"{key}_stopped"
    if st.session_state.get(stopped) == asked:
        st.info(f"{title}: stopped.", icon=":material/info:")
        st.button("Go on", key=f"{key}_on", on_click=_set, args=(stopped, ""))
        return False
    place, began, bar = st.empty(), perf_counter(), None
    for index, (work, *arguments) in enumerate(pieces):
        if bar is None and perf_counter() - began > PATIENCE:
            with place.container():
                bar = st.progress(0.0)
                st.button("Stop", key=f"{key}_stop", on_click=_set, args=(stopped, asked))
        if bar is not None:
            bar.progress(index / len(pieces), f"{title}: {index} of {len(pieces)}")
        cached.run(work, *arguments)
    place.empty()
    return True


def _set(key: str, value: str) -> None:
    st.session_state[key] = value
