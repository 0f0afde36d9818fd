"""Navigation: every file of pages/ is a lesson; its number gives part and order, its docstring the title."""

import ast
from functools import cache
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[1]
PARTS = {
    "": range(0, 1),
    "Networks as dynamical systems": range(1, 8),
    "Seeing what a network sees": range(8, 11),
    "Checked": range(11, 100),
}


@cache
def pages() -> dict[str, tuple[int, st.Page]]:
    """Slug -> number and page, in the order of the numbers."""
    found = {}
    for path in sorted(PAGES.glob("[0-9]*.py")):
        number, _, name = path.stem.partition("_")
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        slug = name.replace("_", "-")
        found[slug] = (
            int(number),
            st.Page(path, title=docstring.splitlines()[0], url_path=slug, default=int(number) == 0),
        )
    return found


def link(slug: str, label: str) -> None:
    """A link to the lesson of that slug."""
    st.page_link(pages()[slug][1], label=label, icon=":material/play_arrow:")


def main() -> None:
    """Configure the page and run the lesson that the address names."""
    icon = PAGES.parent / "assets" / "icon.svg"
    st.set_page_config(page_title="Neural ODEs and Grad-CAM", page_icon=str(icon), layout="wide")
    parts = {part: [page for number, page in pages().values() if number in numbers] for part, numbers in PARTS.items()}
    st.navigation({part: inside for part, inside in parts.items() if inside}).run()


if __name__ == "__main__":
    main()
