"""The page of all equations in a real browser: its mathematics fits a phone, one check again, all checks and a stop."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, settled

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


def test_every_formula_is_typeset_and_fits_a_phone(visit: Visit):
    page = visit("every-equation", width=390, dark=True)
    fits(page)
    screens = re.search(r"of (\d+)", page.locator("label", has_text="Screen, of").inner_text())
    assert screens
    for screen in range(2, int(screens[1]) + 1):
        page.get_by_role("spinbutton").fill(str(screen))
        page.get_by_role("spinbutton").press("Enter")
        expect(page.get_by_text(re.compile(rf"^Formulas {10 * screen - 9} to "))).to_be_visible()
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
