"""Questions with feedback: predict before the reveal, and exercises marked at once."""

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
