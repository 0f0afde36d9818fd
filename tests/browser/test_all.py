"""Every page in a real browser: on a desktop and a phone, in light and dark, and when the device changes its mind."""

import pytest
from playwright.sync_api import Page, expect

from pages.ui.menu import lessons
from tests.browser.conftest import Visit, settled


def check(page: Page, dark: bool) -> None:
    overflow = "[...document.querySelectorAll('[data-testid=stMain], .stMainBlockContainer')]"
    assert page.evaluate(f"{overflow}.every(e => e.scrollWidth <= e.clientWidth + 1)")
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert (sum(map(int, background[4:-1].split(",")[:3])) < 300) == dark
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


LAST = "every-equation"  # waits for every check of the process; its own module of tests does that, too
SLUGS = [pytest.param(slug, marks=pytest.mark.slow) if slug == LAST else slug for slug in lessons()]


@pytest.mark.parametrize("slug", SLUGS)
def test_pages_fit_and_the_console_stays_silent(visit: Visit, slug: str):
    page = visit("" if slug == "home" else slug)
    check(page, dark=False)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 800})
    settled(page)
    check(page, dark=True)
