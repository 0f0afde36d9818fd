"""Shared pieces of text: an answer's best classes, notices, the code that was run, references."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from core.figures.chart import numbers
from core.labs import gradcam
from core.nn.registry import Pretrained
from core.sources import source as source_of


def top_classes(entry: Pretrained, answer: gradcam.Answer, count: int = 5) -> None:
    """A table of the best classes: name, probability (after softmax) and score (before it)."""
    rows = [
        f"| {entry.classes[index]} | {answer.probabilities[index]:.1%} | {answer.scores[index]:.2f} |"
        for index in answer.best(count)
    ]
    st.markdown("\n".join(["| class | probability | score $y^c$ |", "|:--|--:|--:|", *rows]))


def notices(*sentences: str | None) -> None:
    """Sentences that a learner must not miss; None is skipped."""
    for sentence in filter(None, sentences):
        st.warning(sentence, icon=":material/info:")


def figure(chart: go.Figure, alt: str, key: str) -> None:
    """A plotly chart with its text alternative, `alt`, which says what it shows, and its numbers as a table."""
    st.plotly_chart(chart, key=key, config={"displayModeBar": False}, alt=alt)
    fold = st.expander("The numbers", key=f"{key}_numbers", on_change="rerun")
    if fold.open:
        fold.dataframe(numbers(chart), hide_index=True, height=280)


def source(*functions: Callable[..., object]) -> None:
    """The real source of what the page has just run."""
    with st.expander("The code that was just run", icon=":material/code:"):
        for function in functions:
            st.code(source_of(function), language="python")


def references(*entries: str) -> None:
    """Sources as Markdown, one line each."""
    st.subheader("References")
    st.markdown("\n".join(f"- {entry}" for entry in entries))
