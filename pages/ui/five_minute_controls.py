"""Widgets of the five-minute page, its steps in two parts, and its table."""

import streamlit as st

from core.labs import five_minute_words
from core.labs.five_minutes import Params, Result
from pages.ui import derivations, share

SLUG = "five-minutes"


def choose() -> Params:
    """k, z0 and t1."""
    first, second, third = st.columns(3)
    with first:
        k = share.slider("Parameter $k$", -2.0, 2.0, 0.5, 0.1, "v_k")
    with second:
        z0 = share.slider("Start $z_0$", -2.0, 2.0, 1.0, 0.1, "v_z0")
    with third:
        t1 = share.slider("End time $t_1$", 0.5, 2.0, 2.0, 0.1, "v_t1")
    return Params(round(k, 6), round(z0, 6), round(t1, 6))


def show_steps(first: int, last: int) -> None:
    """Some steps of the derivation, by their numbers."""
    for number, step in enumerate(derivations.report(SLUG).steps, 1):
        if first <= number <= last:
            derivations.show_step(step, number)


def show_scope() -> None:
    """What the steps were checked for."""
    found = derivations.report(SLUG)
    st.caption(f"Checked for: {found.holds} Source: {found.source}.")


def show_tables(result: Result) -> None:
    """The four ways, quantity by quantity."""
    for column, table in zip(st.columns(3), five_minute_words.tables(result), strict=True):
        column.markdown(table)
