"""The five-minute page on a phone: typeset, inside the screen, and its clock runs from the end to the start."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


def test_the_clock_runs_backwards_on_a_phone(visit: Visit):
    page = visit("five-minutes", width=390)
    expect(page.locator(".katex-error")).to_have_count(0)
    page.locator(".st-key-v_guess label").nth(2).click()
    expect(page.get_by_text("The solver gathered")).to_be_visible()
    settled(page)
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('[data-testid=stMain]'))")
    canvas = page.locator(".scenes canvas[data-area]").nth(1)
    clock = page.locator(".scenes input[type=range]").first
    whole = canvas.evaluate("c => c.toDataURL()")
    clock.focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("t = 2", exact=False).first).to_be_visible()
    page.wait_for_function("([c, old]) => c.toDataURL() !== old", arg=[canvas.element_handle(), whole])
