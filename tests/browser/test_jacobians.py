"""The point of the page on Jacobians moved by pointer and keys; its formulas on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled

pytestmark = pytest.mark.slow


def test_a_click_and_the_arrow_keys_move_the_point(visit: Visit):
    page = visit("jacobians?j_map=polar")
    plane = page.locator(".scenes canvas[data-area]").first
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box is not None
    first = page.locator(".st-key-j_polar_p1 input")
    expect(first).to_have_value("1.400")
    plane.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.4})
    expect(first).not_to_have_value("1.400")
    settled(page)
    before = first.input_value()
    page.wait_for_url(lambda url: f"j_polar_p1={float(before):g}" in url)
    plane.focus()
    page.keyboard.press("ArrowRight")
    expect(first).not_to_have_value(before)
    settled(page)
    assert float(first.input_value()) > float(before)


def test_long_formulas_stay_inside_a_phone(visit: Visit):
    page = visit("jacobians?j_map=own&j_own_1=exp(sin(z1)*cos(z2))/(1%2Bz1^2)&j_own_2=tanh(z1*z2^3)*sin(z1)", width=390)
    expect(page.locator(".katex").first).to_be_visible()
    expect(page.locator(".katex-error")).to_have_count(0)
    page.locator(".st-key-j_guess_area label").nth(1).click()
    settled(page)
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('[data-testid=stMain]'))")
