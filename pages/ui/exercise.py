"""Questions with feedback: predict before the reveal, and exercises marked at once."""

from collections.abc import Sequence

import streamlit as st


def predict(question: str, options: list[str], key: str) -> str | None:
    """Ask for a prediction; None until one is made, so that the page can hold back the answer."""
    return st.radio(question, options, index=None, key=key, horizontal=True, persist_state="session")


def number_exercise(question: str, answer: float, tolerance: float, explanation: str, key: str) -> None:
    """A question with a number as its answer, marked as soon as one is given.

    Args:
        answer: computed from what is on screen.
        tolerance: largest absolute error that counts as right.
        explanation: shown with the mark, right or wrong: why the answer is what it is.
    """
    given = st.number_input(question, value=None, key=key, placeholder="a number", persist_state="session")
    if given is None:
        return
    if abs(given - answer) <= tolerance:
        st.success(f"Right: {answer:.4g}. {explanation}")
    else:
        st.info(f"Not quite: you said {given:.4g}. {explanation}")


def choice_exercise(question: str, options: dict[str, str], right: str, key: str) -> None:
    """A question with answers to choose from, each of which is explained once it is chosen.

    Args:
        options: answer -> why it is right or wrong.
        right: the one of them that holds, found from what is on screen.
    """
    given = st.radio(question, list(options), index=None, key=key, persist_state="session")
    if given is None:
        return
    if given == right:
        st.success(f"Right. {options[given]}")
    else:
        st.info(f"Not quite. {options[given]}")


def worked_example(steps: Sequence[str], key: str) -> None:
    """Steps of Markdown that are uncovered one after the other, and stay so on a change of page."""
    shown = min(max(int(st.session_state.get(key, 1)), 1), len(steps))
    for number, step in enumerate(steps[:shown], 1):
        st.markdown(f"**{number}.** {step}")

    def go(to: int) -> None:
        st.session_state[key] = to

    forward, back, _ = st.columns([1, 1, 3])
    last = shown == len(steps)
    label = "Done" if last else f"Next step ({shown + 1} of {len(steps)})"
    forward.button(label, key=f"{key} next", type="primary", disabled=last, on_click=go, args=(shown + 1,))
    back.button("From the start", key=f"{key} first", disabled=shown == 1, on_click=go, args=(1,))
