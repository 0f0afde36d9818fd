"""Derivations on a page. Only what this file shows carries a tick, and each tick is the verdict of a check run here."""

import streamlit as st

from core.figures.theme import EVIDENCE, GRADIENT, STATE
from core.labs import checked
from pages.ui import cached

COLOURS = (("z", STATE), ("a", GRADIENT), ("theta", EVIDENCE))
"""One colour for each symbol, beside its letter."""

_MARKS = {
    "defined": "A definition: nothing to check.",
    "proved": ":green[✓ checked]",
    "sampled": ":green[✓ verified]",
    "failed": ":red[✗ failed]",
    "undecided": ":orange[? undecided]",
}


def report(slug: str, *arguments: object, coloured: bool = False) -> checked.Report:
    """A derivation of the catalogue with its verdicts; checked once, and kept for everyone."""
    return cached.report(checked.Params(slug, arguments, COLOURS if coloured else ()))


def show(slug: str, *arguments: object, coloured: bool = False) -> None:
    """All steps of a derivation, each as it was checked, with what the check found."""
    show_report(report(slug, *arguments, coloured=coloured))


def proof(slug: str, *arguments: object, key: str, title: str = "The derivation, checked") -> None:
    """A derivation folded away: nothing is checked before somebody opens it.

    Args:
        slug, arguments: as for `show`.
        key: of the fold, which stays as it is when the arguments change.
        title: what the fold is called.
    """
    fold = st.expander(title, key=key, on_change="rerun")
    if fold.open:
        with fold:
            show(slug, *arguments)


def show_report(found: checked.Report) -> None:
    """The same, of what a lab has checked."""
    for number, step in enumerate(found.steps, 1):
        show_step(step, number)
    st.caption(f"Checked for: {found.holds} Source: {found.source}.")


def show_step(step: checked.Checked, number: int | None = None) -> None:
    """One step: why, the formula, the verdict, and the difference where it failed."""
    st.markdown(step.why if number is None else f"**{number}.** {step.why}")
    show_formula(step)


def show_formula(step: checked.Checked) -> None:
    """The formula of a step with its verdict, under words of the page's own."""
    st.latex(step.latex)
    show_verdict(step)


def show_verdict(step: checked.Checked) -> None:
    """The mark and how it was found; the difference of both sides where the check failed."""
    mark = _MARKS[step.status]
    st.caption(mark if step.status == "defined" else f"{mark} {step.how}.")
    if step.difference:
        st.latex(rf"\text{{left}} - \text{{right}} = {step.difference}")
