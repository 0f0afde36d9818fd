"""The film over the depth in a real browser: it scrubs by itself, by keyboard too, also on a phone."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit

STEP_ONE = "depth 0.5: block 1, t = 0.5"


def test_the_slider_scrubs_in_the_browser(visit: Visit):
    page = visit("depth-is-time?z_solver=euler&z_steps=2")
    titles = page.locator(".maps figcaption")
    slider = page.locator(".maps .clock input")
    expect(slider).to_have_attribute("aria-valuetext", "depth 3: block 3, t = 1")
    expect(page.locator(".maps figure.now")).to_contain_text("layer3.1")
    canvas = page.locator(".maps canvas").first
    before = canvas.evaluate("c => c.toDataURL()")
    # Within one turn of the browser's loop: nothing can have come from the server.
    title, after = slider.evaluate(
        """s => {
            s.value = 1;
            s.dispatchEvent(new Event("input"));
            const root = s.closest(".maps");
            return [root.querySelector("figcaption").textContent, root.querySelector("canvas").toDataURL()];
        }"""
    )
    assert STEP_ONE in title
    assert after != before
    expect(page.locator(".maps figure.now")).to_contain_text("layer1.0")

    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(titles.first).to_contain_text("depth 1: block 1, t = 1")
    page.keyboard.press("End")
    expect(titles.first).to_contain_text("block 3, t = 1")
    canvas.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".maps output").first).to_contain_text("at row")
    page.keyboard.press("Escape")
    expect(page.locator(".maps output").first).to_contain_text("against")


def test_on_a_phone_the_film_is_as_wide_as_the_page(visit: Visit):
    page = visit("depth-is-time?z_solver=euler&z_steps=2", width=390, height=800, dark=True)
    film, small = (page.locator(".maps canvas").nth(i).bounding_box() for i in (0, 1))
    assert film is not None
    assert small is not None
    assert film["width"] > 330
    assert 80 < small["width"] < film["width"] / 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
