"""What was asked in the run of a page, in order: a sheet and a learner's progress are made of it.

It is kept in the session from one run to the next. A run of a fragment alone renews what that fragment asks.
"""

from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

_KEY = "_asked"


@dataclass(frozen=True)
class Asked:
    """A question as it was asked in this run."""

    key: str
    """Of its widget; may contain the numbers that the question is about."""
    question: str
    kind: Literal["prediction", "number", "choice"]
    options: tuple[str, ...] = ()
    given: str | float | None = None
    """What the learner answered; None as long as there is no answer."""
    right: bool | None = None
    """Whether that is right; None without an answer, and for a prediction."""
    answer: str | None = None
    """For the sheet of answers, as Markdown; None as long as nothing has been computed that tells it."""

    @property
    def name(self) -> str:
        """The same for every state of the page, and no other question's of the project."""
        return self.key.partition(" ")[0]


def start() -> None:
    """A run begins: nothing has been asked."""
    st.session_state[_KEY] = {}


def record(one: Asked) -> None:
    """It is being asked; nothing happens where no run was started, as for a page by itself."""
    if _KEY in st.session_state:
        st.session_state[_KEY][one.key] = one


def answered(key: str, answer: str) -> None:
    """Its answer has been told, if it was asked."""
    asked: dict[str, Asked] = st.session_state.get(_KEY, {})
    if key in asked:
        asked[key] = replace(asked[key], answer=answer)


def questions() -> list[Asked]:
    """All that were asked since the run began."""
    return list(st.session_state.get(_KEY, {}).values())
