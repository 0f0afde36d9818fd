"""The lesson on differential equations in a real browser: its formulas are typeset, its scenes painted."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


def test_formulas_are_typeset_and_an_answer_appears(visit: Visit):
    page = visit("differential-equations?d_equation=linear")
    expect(page.locator(".katex").first).to_be_visible()
    expect(page.locator(".katex-error")).to_have_count(0)
    page.get_by_text("they refuse").click()
    expect(page.get_by_text("0 to 8")).to_be_visible()
    settled(page)
    expect(page.locator(".katex-error")).to_have_count(0)


@pytest.mark.slow
def test_no_table_leaves_a_phone(visit: Visit):
    page = visit("differential-equations", width=390)
    for key in ("d_guess_fate", "d_guess_iterate", "d_guess_unique"):
        page.locator(f".st-key-{key} label").nth(1).click()
        settled(page)
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('[data-testid=stMain]'))")
