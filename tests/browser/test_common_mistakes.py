"""Common mistakes in a real browser: the quiz, its link, and all statements on a phone."""

import re

import pytest
from playwright.sync_api import expect

from core.labs import mistakes_quiz
from core.labs.mistakes import MISTAKES
from tests.browser.conftest import Visit, settled


def test_a_statement_is_answered_settled_and_shared(visit: Visit):
    page = visit("common-mistakes?m_open=13")
    right = mistakes_quiz.answer(MISTAKES[12], 0)
    page.get_by_text(right, exact=True).click()
    expect(page.get_by_text(f"Right: {right}.")).to_be_visible()
    expect(page.get_by_text("1 of 22 answered, 1 of them right")).to_be_visible()
    expect(page.get_by_text(re.compile(r"evaluated f", re.IGNORECASE)).first).to_be_visible()
    settled(page)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("m_v13=5"))
    page.get_by_role("button", name="Next statement").click()
    expect(page).to_have_url(re.compile("m_open=14"))
    expect(page.get_by_text("statement 14 of 22")).to_be_visible()


@pytest.mark.slow
def test_all_statements_fit_a_phone(visit: Visit):
    page = visit("common-mistakes?m_all=true", width=390)
    expect(page.get_by_text("22. " + MISTAKES[21].title)).to_be_visible()
    settled(page)
    overflow = "[...document.querySelectorAll('[data-testid=stMain], .stMainBlockContainer')]"
    assert page.evaluate(f"{overflow}.every(e => e.scrollWidth <= e.clientWidth + 1)")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
