"""Questions with feedback: predict before the reveal, and exercises marked at once."""

from collections.abc import Sequence

import streamlit as st

from core.labs.verdict import UNASKED, verdict
from pages.ui import asked, sheet
from pages.ui.asked import Asked


class Guess(str):
    """What a learner predicted; `UNASKED` where a sheet of answers is made."""

    key: str

    def __new__(cls, text: str, key: str) -> "Guess":
        """One of the options, for the question of this key."""
        made = super().__new__(cls, text)
        made.key = key
        return made

    def reveal(self, text: str) -> None:
        """Show the answer, in Markdown; it begins with `core.labs.verdict.verdict`."""
        if not sheet.wanted():  # nor does a worksheet hold it unseen
            st.markdown(text)
        asked.answered(self.key, text)


def predict(question: str, options: Sequence[str], key: str) -> Guess | None:
    """Ask for a prediction; None until one is made, so that the page can hold back the answer."""
    given = None
    if not sheet.wanted():
        given = st.radio(question, options, index=None, key=key, horizontal=True, persist_state="session")
    asked.record(Asked(key, question, "prediction", tuple(options), given))
    if sheet.wanted():
        return Guess(UNASKED, key)
    return None if given is None else Guess(given, key)


def number_exercise(question: str, answer: float, tolerance: float, explanation: str, key: str) -> None:
    """A question with a number as its answer, marked as soon as one is given.

    Args:
        answer: computed from what is on screen.
        tolerance: largest absolute error that counts as right.
        explanation: shown with the mark, right or wrong: why the answer is what it is.
    """
    given = None
    if not sheet.wanted():
        given = st.number_input(question, value=None, key=key, placeholder="a number", persist_state="session")
    right = None if given is None else bool(abs(given - answer) <= tolerance)
    exact = f"{answer:,.0f}" if float(answer).is_integer() and abs(answer) < 1e12 else f"{answer:.4g}"
    told = f"{verdict(UNASKED, exact)} {explanation}"
    asked.record(Asked(key, question, "number", (), given, right, told))
    if right:
        st.success(f"Right: {exact}. {explanation}")
    elif right is not None:
        st.info(f"Not quite: you said {given:.4g}. {explanation}")


def choice_exercise(question: str, options: dict[str, str], right: str, key: str) -> None:
    """A question with answers to choose from, each of which is explained once it is chosen.

    Args:
        options: answer -> why it is right or wrong.
        right: the one of them that holds, found from what is on screen.
    """
    given = None
    if not sheet.wanted():
        given = st.radio(question, list(options), index=None, key=key, persist_state="session")
    told = f"{verdict(UNASKED, right)} {options[right]}"
    asked.record(Asked(key, question, "choice", tuple(options), given, None if given is None else given == right, told))
    if given is not None:
        box, mark = (st.success, "Right") if given == right else (st.info, "Not quite")
        box(f"{mark}. {options[given]}")


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
