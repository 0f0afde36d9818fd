"""Widgets of the page on back-propagation node by node, and how far it is uncovered."""

import streamlit as st

from core.derivations.nodes import FORWARD, LEAVES
from core.figures import nodes as figures
from core.labs import node_words, nodes
from core.labs.nodes import STEPS, Params
from pages.ui import cached, derivations, exercise, share, show

KEY = "n_step"
_DEFAULTS = {"h_0": 0.5, "w_0": 1.2, "b_0": -0.3, "w_1": 0.8, "b_1": 0.1, "y": 1.0}
_WORDS = {"h_0": "Input", "y": "Target", "w_0": "Weight", "w_1": "Weight", "b_0": "Bias", "b_1": "Bias"}


def choose() -> Params:
    """The numbers that are given, and the kind of layer."""
    residual = share.toggle("Residual layers: each adds what came in", False, "n_residual")
    values = {}
    columns = [*st.columns(3), *st.columns(3)]
    for column, name in zip(columns, LEAVES, strict=True):
        with column:
            label = f"{_WORDS[name]} ${name}$"
            values[name] = round(share.slider(label, -2.0, 2.0, _DEFAULTS[name], 0.1, f"n_{name}"), 6)
    return Params(residual, **values)


def walk(params: Params) -> None:
    """The graph, and the step that one is at: its formula, its numbers, its ticks."""
    step = int(share.slider(f"Step, from 0 to {STEPS}", 0, STEPS, 0, 1, KEY))
    with st.container(horizontal=True):
        label = "Next: forward" if step < len(FORWARD) else "Next: backward" if step < STEPS else "Done"
        _button(label, "n_next", step == STEPS, step + 1, primary=True)
        _button("One back", "n_back", step == 0, step - 1)
        _button("From the start", "n_first", step == 0, 0)
    view = cached.run(nodes.view, params, step)
    show.figure(cached.draw(figures.graph, nodes.view, params, step), figures.alt(view), "n_graph")
    st.markdown(node_words.about_step(step))
    if step:
        _show_step(view)
    if step:
        with st.expander("All numbers so far"):
            st.markdown(node_words.table(view.run, step))


def _show_step(view: nodes.View) -> None:
    _, back = node_words.named(view.step)
    symbolic = derivations.report("node-by-node", view.run.params.residual).steps[view.step - 1]
    derivations.show_step(symbolic)
    if back:
        derivations.show_verdict(view.run.report.steps[view.step - 1 - len(FORWARD)])
    st.latex(node_words.substituted(view.run, view.step))


def ask_larger(params: Params) -> None:
    """Which weight has the larger gradient: said first, then told."""
    question = "Before you walk: which weight's gradient will be larger in size?"
    guess = exercise.predict(question, node_words.LARGER, key="n_guess_larger")
    if guess is not None:
        guess.reveal(node_words.about_larger(cached.run(nodes.run, params), guess))


def descend(params: Params) -> None:
    """One step of gradient descent, predicted first."""
    rate = round(share.slider(r"Rate $\eta$", 0.1, 5.0, 0.5, 0.1, "n_rate"), 6)
    guess = exercise.predict("After one step of gradient descent, the loss", node_words.LOSS, key="n_guess_loss")
    if guess is not None:
        guess.reveal(node_words.about_descent(cached.run(nodes.descend, params, rate), guess))


def _button(label: str, key: str, disabled: bool, to: int, primary: bool = False) -> None:
    kind = "primary" if primary else "secondary"
    st.button(label, key, type=kind, disabled=disabled, on_click=_go, args=(to,))


def _go(to: int) -> None:
    st.session_state[KEY] = to
