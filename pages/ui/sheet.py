"""A lesson's questions on paper: `sheet=questions` in the address shows a worksheet, `sheet=answers` its answers.

The lesson runs as always, but unseen, and with every prediction answered by nobody, so that all its questions are
asked. Nothing long is computed for a sheet: an answer that needs it says that it comes from a run.
"""

from typing import Literal
from urllib.parse import urlencode

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.runtime.scriptrunner import StopException

from core.labs.verdict import OWN_RUN
from pages.ui import asked

Kind = Literal["questions", "answers"]
_TITLES: dict[Kind, str] = {"questions": "Worksheet", "answers": "Answer sheet"}

_STYLE = """
.st-key-sheet_lesson { display: none; }
.st-key-sheet { max-width: 46rem; }
.st-key-sheet code { overflow-wrap: anywhere; white-space: normal; }
[class*="st-key-sheet_question"] { break-inside: avoid; margin-top: 1rem; }
[class*="st-key-sheet_options"] ul { list-style: none; padding-left: 0; }
[class*="st-key-sheet_options"] li { margin-left: 0; padding: 0.15rem 0 0.15rem 1.6rem; position: relative; }
[class*="st-key-sheet_options"] li::before {
    border: 1.5px solid currentcolor; content: ""; height: 0.8em; left: 0.2rem; position: absolute; top: 0.5em;
    width: 0.8em;
}
[class*="st-key-sheet_write"] { border-bottom: 1px solid currentcolor; min-height: 4rem; }
@page { margin: 15mm; }
@media print {
    html, body, .stApp { background: white !important; color-scheme: light !important; }
    .stApp * { background: transparent !important; box-shadow: none !important; color: black !important; }
    .stApp :is(td, th) { border-color: grey !important; }
    .stAppHeader, .stSidebar, .stApp button, .st-key-sheet_back { display: none !important; }
    .stMainBlockContainer { padding: 0 !important; }
    .st-key-sheet { max-width: none; }
}
"""


def wanted() -> Kind | None:
    """Which sheet the address asks for, if any."""
    found = st.query_params.get("sheet")
    return found if found == "questions" or found == "answers" else None


def opens(tab: TabContainer) -> bool:
    """Whether to run what is in a tab: it is the open one, or a sheet needs the questions of all."""
    return bool(tab.open) or wanted() is not None


def show(lesson: st.Page, question: str) -> None:
    """The sheet that is wanted, in place of the lesson.

    Args:
        lesson: the page that the address names.
        question: what it answers.
    """
    kind = wanted() or "questions"
    st.html(f"<style>{_STYLE}</style>")
    paper, stopped = st.container(key="sheet"), False
    with st.container(key="sheet_lesson"):
        try:
            lesson.run()
        except StopException:
            stopped = True
    with paper:
        state = {name: value for name, value in st.query_params.items() if name != "sheet"}
        link = "?".join(filter(None, (st.context.url, urlencode(state))))
        with st.container(key="sheet_back"):
            st.page_link(lesson, label="Back to the lesson", icon=":material/arrow_back:", query_params=state)
        st.title(lesson.title)
        st.markdown(f"**{_TITLES[kind]}.** {question}")
        st.markdown(f"The figures, and what the questions call *on screen*, are at `{link}`")
        if stopped:
            st.info("The lesson stopped before its last question. Open it: it says what it waits for.")
        for number, one in enumerate(asked.questions(), 1):
            with st.container(key=f"sheet_question_{number}"):
                _show(number, one, kind)


def _show(number: int, one: asked.Asked, kind: Kind) -> None:
    st.markdown(f"**{number}.** {one.question}")
    if one.options:
        with st.container(key=f"sheet_options_{number}"):
            st.markdown("\n".join(f"- {option}" for option in one.options))
    if kind == "answers":
        st.markdown(one.answer or OWN_RUN)
    else:
        with st.container(key=f"sheet_write_{number}"):
            st.markdown("Reason:" if one.options else "Answer:")
