"""Navigation: every numbered file of pages/ is a lesson; the number gives part and order, the docstring the title."""

import ast
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from core.sources import tree
from pages.ui import asked, sheet
from pages.ui.components import tools

PAGES = Path(__file__).resolve().parents[1]
PARTS = {
    "": range(0, 1),
    "Networks as dynamical systems": range(1, 8),
    "Seeing what a network sees": range(8, 11),
    "Checked": range(11, 100),
}

STYLE = """
.stMainBlockContainer { padding-top: 3.5rem; }
/* Streamlit's own greys and accents here have less contrast than 4.5 : 1. */
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8; }
button[data-variant][data-selected="true"] { color: inherit !important; }
/* A table that is wider than a phone scrolls by itself. */
[data-testid="stMarkdownContainer"]:has(table) { overflow-x: auto; }
"""


@dataclass(frozen=True)
class Lesson:
    """A page of the tutorial, as its file tells."""

    path: Path
    number: int
    title: str
    question: str
    """What it answers: the first sentence of its docstring after the title."""

    @property
    def slug(self) -> str:
        """Its part of the address."""
        return self.path.stem.partition("_")[2].replace("_", "-")

    def page(self) -> st.Page:
        """The page as Streamlit knows it; only inside a visitor's session."""
        return st.Page(self.path, title=self.title, url_path=self.slug, default=self.number == 0)


@cache
def lessons() -> dict[str, Lesson]:
    """Slug -> lesson, in the order of the numbers."""
    found = {}
    for path in sorted(PAGES.glob("[0-9]*.py")):
        docstring = ast.get_docstring(tree(path)) or path.stem
        title, _, rest = docstring.partition("\n\n")
        question = " ".join(rest.partition("\n\n")[0].split()).partition("? ")
        lesson = Lesson(path, int(path.stem.partition("_")[0]), title, question[0] + question[1].strip())
        found[lesson.slug] = lesson
    return found


def main() -> None:
    """Configure the page and run the lesson that the address names."""
    icon = PAGES.parent / "assets" / "icon.svg"
    st.set_page_config(page_title="Neural ODEs and Grad-CAM", page_icon=str(icon), layout="wide")
    st.html(f"<style>{STYLE}</style>")
    pages = {
        part: [lesson.page() for lesson in lessons().values() if lesson.number in numbers]
        for part, numbers in PARTS.items()
    }
    page = st.navigation({part: inside for part, inside in pages.items() if inside}, expanded=True)
    lesson = lessons()[page.url_path or "home"]
    asked.start()
    if sheet.wanted():
        sheet.show(page, lesson.question)
        return
    with suppress(StopException):
        page.run()
    with st.sidebar:
        tools.show_tools(lesson.slug, {slug: lesson.title for slug, lesson in lessons().items()})


if __name__ == "__main__":
    from pages.ui import menu  # Streamlit runs this file anew each time; the module keeps its lessons

    menu.main()
