"""Links, sheets and progress in the sidebar; all of it happens in the browser, nothing is kept on the server.

A link can carry, beside a page's own state, `hide` (keys of controls, separated by commas), `lock` and `big`
(presentation size), which the browser carries out.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from pages.ui import asked
from pages.ui.asked import Asked

_HERE = Path(__file__).parent
_tools = component(
    "tools",
    html='<div class="tools"></div>',
    css=(_HERE / "tools.css").read_text(),
    js="\n".join(
        (_HERE / name).read_text() for name in ("saving.js", "tools_link.js", "tools_progress.js", "tools.js")
    ),
)
_KEY = "tools"


def show_tools(slug: str, titles: Mapping[str, str]) -> None:
    """The tools for a lesson that has just run.

    Args:
        titles: slug -> title of every lesson.
    """
    questions = [
        {"name": one.name, "kind": one.kind, "given": one.given, "right": one.right} for one in asked.questions()
    ]
    _tools(
        key=_KEY,
        data={"slug": slug, "titles": dict(titles), "questions": questions},
        on_answers_change=lambda: _bring_back(st.session_state.get(_KEY)),
    )


def _bring_back(sent: object) -> None:
    """Answer the open questions as the browser says that they were answered on an earlier visit."""
    answers = sent.get("answers") if isinstance(sent, Mapping) else None
    if not isinstance(answers, Mapping):
        return
    for one in asked.questions():
        answer = answers.get(one.name)
        if one.given is None and _fits(one, answer):
            st.session_state[one.key] = answer


def _fits(one: Asked, answer: object) -> bool:
    """Whether it can be the answer: what a browser sends may be anything."""
    if one.kind != "number":
        return isinstance(answer, str) and answer in one.options
    return isinstance(answer, int | float) and not isinstance(answer, bool) and math.isfinite(answer)
