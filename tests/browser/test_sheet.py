"""Sheets on paper: what a printer gets of them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit


@pytest.mark.parametrize("dark", [False, True])
def test_a_sheet_prints_black_on_white_without_what_surrounds_it(visit: Visit, dark: bool):
    page = visit("node-by-node?sheet=answers&n_rate=1.5", dark=dark)
    sidebar, back = page.locator(".stSidebar"), page.get_by_text("Back to the lesson")
    expect(sidebar).to_be_visible()
    expect(back).to_be_visible()
    expect(page.locator(".st-key-sheet_lesson")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark" if dark else "light")
    expect(sidebar).to_be_hidden()
    expect(back).to_be_hidden()
    for question in page.locator("[class*=st-key-sheet_question]").all():
        expect(question).to_be_visible()
        expect(question).to_have_css("break-inside", "avoid")
        expect(question.locator("p").first).to_have_css("color", "rgb(0, 0, 0)")
    for surface in ("body", ".stApp"):
        expect(page.locator(surface)).to_have_css("background-color", "rgb(255, 255, 255)")


def test_the_way_back_keeps_the_state(visit: Visit):
    page = visit("node-by-node?sheet=questions&n_rate=1.5")
    expect(page.get_by_text("Reason:").first).to_be_visible()
    page.get_by_text("Back to the lesson").click()
    expect(page.locator(".st-key-n_rate")).to_contain_text("1.5")
    expect(page).to_have_url(re.compile(r"n_rate=1\.5$"))
