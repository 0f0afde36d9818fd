"""Controls of the page of all equations: search, one more check, all of them again."""

from functools import partial

import streamlit as st

from core.derivations.catalogue import CATALOGUE
from core.labs import every
from core.labs.checked import Checked, Report
from core.labs.every import Filter, Found, Progress, Recheck
from pages.ui import derivations, menu, share, training
from pages.ui.formulas import Unchecked, on_page
from pages.ui.worker import Job

_WORDS = training.Words("Check all again", "", "Nothing checked again yet", "Checking", "Formula")
SHOWN = ("10", "50", "200")
"""Steps on one screen."""
_WANTED = "_e_wanted"


def all_reports() -> dict[str, Report]:
    """Every derivation as it was checked; who comes first after a start of the server sees how far that is."""
    first = not st.session_state.get("_e_checked")
    bar = st.empty()
    reports = {}
    for place, slug in enumerate(CATALOGUE):
        if first:
            bar.progress(place / len(CATALOGUE), f"Checking {slug.replace('-', ' ').replace('_', ' ')}")
        reports[slug] = derivations.report(slug)
    bar.empty()
    st.session_state["_e_checked"] = True
    return reports


def choose() -> Filter:
    """What to look for."""
    titles = {slug: lesson.title for slug, lesson in menu.lessons().items()}
    shown_on = [slug for slug in titles if any(entry.page == slug for entry in CATALOGUE.values())]
    words = share.text("Search", "", 60, key="e_words", placeholder="euler, adjoint, \\theta …")
    first, second, third = st.columns(3)
    with first:
        page = share.select("Page", ["", *shown_on], "", lambda slug: titles.get(slug, "All"), "e_page")
    with second:
        kind = share.select("Check", ["", *every.KINDS], "", lambda name: name.capitalize() or "All", "e_kind")
    with third:
        status = share.select(
            "Verdict", ["", *every.STATUSES], "", lambda name: every.STATUSES.get(name, "all").capitalize(), "e_status"
        )
    wanted = Filter(words, page, kind, status)
    if st.session_state.get(_WANTED, wanted) != wanted:
        st.session_state["e_screen"] = 1  # another list begins at its beginning
    st.session_state[_WANTED] = wanted
    return wanted


def show_counts(found: tuple[Found, ...]) -> None:
    """How many formulas carry which verdict."""
    counts = every.count(found)
    rows = [f"| {words} | {counts[status]} |" for status, words in every.STATUSES.items()]
    st.markdown("\n".join(["| verdict | formulas |", "|:--|--:|", *rows, f"| **all** | **{len(found)}** |"]))


def show_found(found: tuple[Found, ...]) -> None:
    """The steps that were found, some at a time, each with a button that checks it once more."""
    first, second, _ = st.columns(3)
    with first:
        many = int(share.select("Formulas at a time", SHOWN, SHOWN[0], str, "e_many"))
    screens = -(-len(found) // many)
    with second:
        screen = int(share.number(f"Screen (of {screens})", 1, 500, 1, 1, key="e_screen")) if screens > 1 else 1
    start = many * (min(screen, screens) - 1)
    titles = {slug: lesson.title for slug, lesson in menu.lessons().items()}
    st.caption(f"Formulas {start + 1} to {min(start + many, len(found))} of {len(found)}.")
    for one in found[start : start + many]:
        with st.container(border=True):
            st.markdown(f"**{one.title}** · step {one.number} · {titles[one.page]}")
            derivations.show_step(one.step)
            st.caption(f"Holds for: {one.holds}")
            _offer_again(one)


def _offer_again(one: Found) -> None:
    key = f"e_again {one.slug} {one.number}"
    if st.button("Check it again", key=key, disabled=one.step.status == "defined"):
        found: Checked = every.again(one.slug, one.number)
        st.caption(f"Checked again just now, in {1000 * found.seconds:.0f} ms: {every.STATUSES[found.status]}.")


def check_all(total: int) -> None:
    """Offer to check everything again, one step at a time, beside all else that the server does."""
    training.live("e_all", total, partial(Recheck, total), _draw, words=_WORDS)


def _draw(progress: Progress | None, _job: Job | None) -> None:
    if progress is None or progress.last is None:
        return
    told = ", ".join(f"{number} {every.STATUSES[status]}" for status, number in progress.counts.items() if number)
    st.markdown(f"So far {told}; {progress.seconds:.1f} s of checking. The last one, of *{progress.title}*:")
    derivations.show_step(progress.last)
    for one in progress.bad:
        st.error(f"{one.title}, step {one.number}: {one.step.how}", icon=":material/error:")


def show_unchecked(steps: tuple[Found, ...], page: str) -> None:
    """How many formulas stand in the texts without a check, by page; those of one page in full."""
    lessons = menu.lessons()
    found = {slug: on_page(lesson, every.explanations(steps, slug)) for slug, lesson in lessons.items()}
    rows = [f"| {lessons[slug].title} | {len(formulas)} |" for slug, formulas in found.items() if formulas]
    total = sum(map(len, found.values()))
    st.markdown("\n".join(["| page | without a tick |", "|:--|--:|", *rows, f"| **all** | **{total}** |"]))
    if not page:
        st.caption("Choose a page above to see its formulas.")
        return
    with st.expander(f"The {len(found[page])} of the page “{lessons[page].title}”"):
        st.markdown("\n".join(f"- {_listed(formula)}" for formula in found[page]))


def _listed(formula: Unchecked) -> str:
    if formula.made:
        return f"made at run time: `{formula.latex.replace('`', '')}`"
    return f"${formula.latex}$"
