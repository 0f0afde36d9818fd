"""Layers in a real browser: a cloud moves without the server, a click adds a point, both networks learn."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from core.labs import clouds
from core.labs import layers_words as words
from core.labs.clouds import place, write
from tests.browser.conftest import Visit, settled

OWN = write([place(x, y, int(x > 0)) for x in (-1, 1) for y in (-1, 1)])


def pixels(page: Page, number: int) -> str:
    return page.locator(".scenes figure canvas").nth(number).evaluate("canvas => canvas.toDataURL()")


def test_the_cloud_moves_through_the_layers_without_the_server(visit: Visit):
    page = visit("layers?p_layers=4")
    slider = page.locator(".scenes input[type=range]").first
    seen = [{pixels(page, number)} for number in (0, 1)]
    page.evaluate("""() => {
        const app = document.querySelector('[data-testid=stApp]');
        window.runs = 0;
        new MutationObserver(() => window.runs++).observe(app, { attributeFilter: ['data-test-script-state'] });
    }""")
    slider.focus()
    for label in ("between h0 and h1", "between h0 and h1", "between h0 and h1", "h1, after layer 1 of 4"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text(label, exact=True).first).to_be_visible()
        page.evaluate("() => new Promise(requestAnimationFrame)")
        for number in (0, 1):
            seen[number].add(pixels(page, number))
    assert [len(pictures) for pictures in seen] == [5, 5]
    assert page.evaluate("window.runs") == 0


def test_a_click_adds_a_point_and_keys_move_the_pen(visit: Visit):
    page = visit(f"layers?p_data=own&p_points={OWN}", width=390)
    plane = page.locator(".scenes canvas[data-area]").first
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box is not None
    page.get_by_text("4 of at most 60 points.").wait_for()
    for number, part in enumerate((0.3, 0.34), start=5):  # the second straight below the first, and near it
        plane.click(position={"x": box["width"] * 0.6, "y": box["height"] * part})
        page.get_by_text(f"{number} of at most 60 points.").wait_for()
        settled(page)
    (code,) = parse_qs(urlsplit(page.url).query)["p_points"]
    above, below = clouds.read(code)[-2:]
    assert above.x == below.x
    assert 0 < above.y - below.y < 0.4
    pen = page.locator(".st-key-p_pen1 input"), page.locator(".st-key-p_pen2 input")
    plane.focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp"):  # told together: the pen moves in both directions
        page.keyboard.press(key)
    expect(pen[0]).to_have_value("-1.70")
    expect(pen[1]).to_have_value("-1.68")
    settled(page)
    expect(page.get_by_text("6 of at most 60 points.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("5 of at most 60 points.").wait_for()
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('[data-testid=stMain]'))")


def test_both_networks_learn_and_the_program_downloads(visit: Visit):
    page = visit("layers?p_layers=4&p_iterations=100&p_data=moons&p_rate=0.02")
    page.get_by_text(words.LEARNS[1], exact=True).click()
    page.get_by_text("Not trained yet").wait_for()
    settled(page)
    before = pixels(page, 3)
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("Finished.").wait_for()
    page.get_by_text(re.compile("After 100 iterations with 4 layers")).wait_for()
    settled(page)
    assert pixels(page, 3) != before
    with page.expect_download() as download:
        page.get_by_role("button", name="Program (PyTorch)").click()
    text = download.value.path().read_text()
    assert "moons(200, 0.06," in text
    assert "for iteration in range(100)" in text
