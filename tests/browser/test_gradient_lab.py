"""The gradient lab in a real browser: the way back plays backwards, and wide tables stay on the page."""

import re

import pytest
from playwright.sync_api import expect

from core.labs import gradient_words, way_back_words
from tests.browser.conftest import Visit, settled

pytestmark = pytest.mark.slow


def test_the_way_back_plays_from_the_end_to_the_start(visit: Visit):
    page = visit("gradient-lab?gl_tab=Failures&gl_stored=8")
    slider = page.locator(".scenes input[type=range]").first
    slider.focus()
    canvas = page.locator(".scenes figure canvas").first
    seen = set()
    for key, time in (("Home", "2"), ("End", "0")):
        page.keyboard.press(key)
        expect(page.get_by_text(re.compile(f"^time t, backwards = {time}"))).to_be_visible()
        page.evaluate("() => new Promise(requestAnimationFrame)")
        seen.add(canvas.evaluate("canvas => canvas.toDataURL()"))
    assert len(seen) == 2
    page.get_by_text(way_back_words.WORSE[1], exact=True).click()
    expect(page.get_by_text(re.compile("the gradient is .* off, relative to its size"))).to_be_visible()


def test_tables_and_charts_fit_a_phone(visit: Visit):
    page = visit("gradient-lab", width=390)
    page.get_by_text(gradient_words.NEAREST[2], exact=True).click()
    page.get_by_text(gradient_words.COMPUTED[2], exact=True).click()
    page.get_by_text(gradient_words.FINER[1], exact=True).click()
    page.get_by_text("differences", exact=True).first.wait_for()
    page.get_by_text("Measured slopes").first.wait_for()
    settled(page)
    overflow = "[...document.querySelectorAll('[data-testid=stMain], .stMainBlockContainer')]"
    assert page.evaluate(f"{overflow}.every(e => e.scrollWidth <= e.clientWidth + 1)")
