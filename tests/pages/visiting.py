"""A visitor of the pages without a browser."""

import base64
import json
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from pages.ui.menu import lessons
from tests.conftest import ROOT

MENU = str(ROOT / "pages" / "ui" / "menu.py")
SLUGS = list(lessons())


def visit(slug: str = "", **query: str) -> AppTest:
    """Come in by the start page, then go to another from the menu."""
    at = AppTest.from_file(MENU, default_timeout=60)
    at.query_params.update(query)
    at.run()
    if slug and slug != SLUGS[0]:
        at.switch_page(f"../{lessons()[slug].path.name}").run()
    return at


def open_page(slug: str, **query: str) -> AppTest:
    """A page opened by its own address, as a shared link does."""
    at = AppTest.from_file(str(lessons()[slug].path), default_timeout=60)
    at.query_params.update(query)
    return sound(at.run())


def sound(at: AppTest) -> AppTest:
    assert [error.value for error in at.exception] == []
    return at


def words(at: AppTest) -> str:
    return " ".join(element.value for element in (*at.markdown, *at.caption, *at.info, *at.warning, *at.error))


def component(at: AppTest, key: str) -> dict[str, Any]:
    """The data that a component on the page was given."""
    for found in at.get("bidi_component"):
        if found.proto.id.endswith(f"-{key}"):
            return json.loads(found.proto.json)
    raise AssertionError(f"no component {key!r} on the page")


def floats(packed: str, columns: int = 2) -> np.ndarray:
    """The points of a layer of a scene."""
    return np.frombuffer(base64.b64decode(packed), "<f4").reshape(-1, columns)


def chart(at: AppTest, key: str) -> dict[str, Any]:
    """A plotly chart of the page, as JSON."""
    for found in at.get("plotly_chart"):
        if found.proto.id.endswith(f"-{key}"):
            return json.loads(found.proto.spec)
    raise AssertionError(f"no chart {key!r} on the page")
