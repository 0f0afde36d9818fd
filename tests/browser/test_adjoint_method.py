"""The adjoint method in a real browser: the clock runs backwards, the handle solves anew, formulas fit."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, settled

pytestmark = pytest.mark.slow

ALL = "a_adjoint-equation_all=true&a_adjoint-augmented_all=true"


def fitting(page: Page) -> bool:
    """Whether the page is no wider than the screen, and each formula scrolls inside its own box."""
    return page.evaluate("""() => {
        const main = document.querySelector('[data-testid=stMain]');
        const formulas = [...document.querySelectorAll('.katex-display')];
        const inside = (e) => e.scrollWidth <= e.clientWidth + 1 || getComputedStyle(e).overflowX === 'auto';
        return formulas.length > 0 && main.scrollWidth <= main.clientWidth && formulas.every(inside);
    }""")


@pytest.mark.parametrize("query", [f"{ALL}&a_proof=adjoint-augmented&a_n=3&a_m=2&a_open=true", f"{ALL}&a_kind=screen"])
def test_no_formula_is_wider_than_a_phone(visit: Visit, query: str):
    page = visit(f"adjoint-method?{query}", width=390)
    page.get_by_text("L rises", exact=True).click()
    page.get_by_text("two solves").first.wait_for()
    settled(page)
    assert page.locator(".katex-error").count() == 0
    assert fitting(page)


def test_the_clocks_run_from_the_end_to_the_start(visit: Visit):
    page = visit("adjoint-method")
    first = page.locator(".scenes input[type=range]").first
    expect(page.get_by_text("t = 0.00", exact=True).first).to_be_visible()
    first.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("t = 0.16", exact=True)).to_be_visible()
    page.keyboard.press("Home")
    expect(page.get_by_text("t = 4.00", exact=True)).to_be_visible()


def test_a_click_moves_the_start_and_solves_anew(visit: Visit):
    page = visit("adjoint-method")
    picture = page.locator(".scenes canvas[data-area]").first
    before = picture.get_attribute("aria-label")
    start = page.locator(".st-key-a_pendulum_s1 input")
    expect(start).to_have_value("1.00")
    picture.scroll_into_view_if_needed()
    picture.click(position={"x": 120, "y": 120})
    expect(start).not_to_have_value("1.00")
    settled(page)
    assert before
    assert picture.get_attribute("aria-label") != before  # with another end, another loss


def test_play_uncovers_steps_by_itself(visit: Visit):
    page = visit("adjoint-method")
    button = page.locator(".st-key-a_adjoint-equation-play button")
    button.click()
    page.get_by_text(re.compile(r"^[3-9] of \d+ steps shown")).wait_for()
    button.click()
    expect(button).to_have_text("Play")


def test_a_broken_step_shows_its_cross(visit: Visit):
    page = visit("adjoint-method?a_break_adjoint-equation=sign")
    page.get_by_text("step 11", exact=True).click()
    page.get_by_text("✗ failed").first.wait_for()
    expect(page.get_by_text("Right: step 11.")).to_be_visible()
