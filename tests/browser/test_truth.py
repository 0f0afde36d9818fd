"""The page on trust in a browser: a prediction uncovers maps that are scrubbed through without the server."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


def test_the_slider_scrubs_through_a_network_that_forgets(visit: Visit):
    page = visit("truth")
    assert page.locator(".scenes canvas").count() == 0
    page.locator("label").filter(has_text="only guided back-propagation's").first.click()
    page.locator(".scenes canvas[data-area]").first.wait_for()
    settled(page)
    canvas, slider = page.locator(".scenes canvas").first, page.locator(".scenes input[type=range]")
    before = canvas.evaluate("c => c.toDataURL()")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator(".scenes")).to_contain_text("8 random, down to conv1")
    assert canvas.evaluate("c => c.toDataURL()") != before
    page.keyboard.press("Home")
    expect(page.locator(".scenes")).to_contain_text("as trained")
    assert canvas.evaluate("c => c.toDataURL()") == before
    expect(page.get_by_text("rank correlation with its own first map")).to_be_visible()
