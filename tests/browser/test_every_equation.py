"""The page of all equations in a real browser: its mathematics fits a phone, one check again, all checks and a stop."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from core.derivations.catalogue import CATALOGUE
from tests.browser.conftest import Visit, settled

pytestmark = pytest.mark.slow

WIDE = """() => [...document.querySelectorAll('.katex-display')].filter(formula => {
  const box = formula.getBoundingClientRect();
  return box.left < 0 || box.right > innerWidth + 1;
}).map(formula => formula.innerText)"""
"""Displayed formulas that stick out of the window; one that scrolls in its own box does not."""


def fits(page: Page) -> None:
    assert page.evaluate(WIDE) == []
    assert page.locator(".katex-error").count() == 0
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth + 1")


@pytest.fixture(scope="module", autouse=True)
def checked(browser: Browser, address: str) -> None:
    """All checks have run: the first visitor after a start of the server waits for them, longer than a test does."""
    page = browser.new_page()
    page.goto(f"{address}/every-equation")
    page.get_by_text(re.compile("^Formulas 1 to ")).wait_for(timeout=240_000)
    page.context.close()


def test_every_formula_is_typeset_and_fits_a_phone(visit: Visit):
    total = sum(len(entry.build().steps) for entry in CATALOGUE.values())
    for screen, first in enumerate(range(1, total + 1, 200), 1):
        page = visit(f"every-equation?e_many=200&e_screen={screen}", width=390, dark=True)
        shown = page.get_by_text(f"Formulas {first} to {min(first + 199, total)} of {total}.", exact=True)
        expect(shown).to_be_visible(timeout=30_000)
        settled(page)
        fits(page)


def test_one_step_is_checked_again(visit: Visit):
    page = visit("every-equation?e_kind=identity")
    page.get_by_role("button", name="Check it again").first.click()
    expect(page.get_by_text(re.compile(r"^Checked again just now, in \d+ ms: proved\.$"))).to_be_visible()


def test_all_checks_run_again_and_stop(visit: Visit):
    page = visit("every-equation")
    page.get_by_role("button", name="Check all again").click()
    expect(page.get_by_text(re.compile(r"^So far \d+"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Finished.")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Nothing checked again yet")).to_be_visible()


def test_a_search_is_in_the_link(visit: Visit):
    page = visit("every-equation")
    page.get_by_label("Search").fill("euler")
    page.get_by_label("Search").press("Enter")
    expect(page).to_have_url(re.compile("e_words=euler"))
    again = visit(page.url.rpartition("/")[2])
    expect(again.get_by_label("Search")).to_have_value("euler")
