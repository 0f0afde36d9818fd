"""A derivation, step by step: each press uncovers one, Play uncovers one after the other, a switch shows all."""

from time import monotonic

import streamlit as st

from core.labs.checked import Checked, Report
from pages.ui import derivations, share

SECONDS = 2.5
"""From step to step while it plays."""


def step_through(key: str, report: Report) -> None:
    """Show the steps that have been uncovered, with buttons for more.

    Args:
        key: names it in the session and, for the switch, in the address; how far a learner came is kept.
    """
    total = len(report.steps)
    everything = share.toggle("All steps at once", False, f"{key}_all")
    if everything:
        _put(key, playing=False)
    playing = bool(st.session_state.get(f"{key} playing"))

    @st.fragment(run_every=SECONDS if playing else None)
    def show() -> None:
        if st.session_state.get(f"{key} playing") and monotonic() - st.session_state[f"{key} since"] > 0.8 * SECONDS:
            _put(key, to=_shown(key, total) + 1)
        shown = total if everything else _shown(key, total)
        show_steps(report.steps[:shown])
        st.caption(_count(report, shown))
        if playing and shown == total:
            _put(key, playing=False)
            st.rerun()

    show()
    if not everything:
        _buttons(key, total, playing)
    st.caption(f"Checked for: {report.holds} Source: {report.source}.")


def show_steps(steps: tuple[Checked, ...], first: int = 1) -> None:
    """Prose beside formula, and under the formula what its check found; `first` is the first one's number."""
    for number, step in enumerate(steps, first):
        prose, formula = st.columns([2, 3], gap="medium", vertical_alignment="center")
        prose.markdown(f"**{number}.** {step.why}")
        with formula:
            derivations.show_formula(step)


def _count(report: Report, shown: int) -> str:
    seen = report.steps[:shown]
    held = sum(step.status in {"proved", "sampled"} for step in seen)
    named = sum(step.status == "defined" for step in seen)
    return f"{shown} of {len(report.steps)} steps shown: {held} checked, {named} by definition."


def _buttons(key: str, total: int, playing: bool) -> None:
    shown = _shown(key, total)
    last = shown == total
    label = "Done" if last else f"Next step ({shown + 1} of {total})"
    with st.container(horizontal=True):
        _button(label, f"{key} next", last, key, {"to": shown + 1, "playing": False}, primary=True)
        if playing:
            _button("Pause", f"{key} play", False, key, {"playing": False})
        else:
            _button("Play", f"{key} play", last, key, {"playing": True})
        _button("One back", f"{key} back", shown == 1, key, {"to": shown - 1, "playing": False})
        _button("From the start", f"{key} first", shown == 1, key, {"to": 1, "playing": False})


def _button(label: str, name: str, disabled: bool, key: str, change: dict[str, int], primary: bool = False) -> None:
    kind = "primary" if primary else "secondary"
    st.button(label, name, type=kind, disabled=disabled, on_click=_put, args=(key,), kwargs=change)


def _put(key: str, to: int | None = None, playing: bool | None = None) -> None:
    if to is not None:
        st.session_state[f"{key} shown"] = to
    if playing is not None:
        st.session_state[f"{key} playing"] = playing
    st.session_state[f"{key} since"] = monotonic()


def _shown(key: str, total: int) -> int:
    return min(max(int(st.session_state.get(f"{key} shown", 1)), 1), total)
