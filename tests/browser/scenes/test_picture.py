"""What scenes draw and keep: shades, legends, new data, a phone, the theme."""

import re

import pytest
from playwright.sync_api import expect

from core.figures.theme import AGAINST
from tests.browser.conftest import Visit, settled
from tests.browser.scenes.conftest import at, canvas, clock, count, painted, pixels, scrub, time

pytestmark = pytest.mark.slow


def test_a_shade_leaves_open_what_is_no_number(visit: Visit):
    page = visit("?show=frames")
    picture = pixels(page)

    def colour(x: float, y: float) -> list[int]:
        column, row = at(page, x, y)
        return picture[round(row), round(column), :3].astype(int).tolist()

    open_, low, high = colour(0.05, 0.05), colour(0.05, 0.4), colour(0.98, 0.95)
    assert max(open_) - min(open_) < 6  # the ground, a grey
    assert low[1] - low[0] > 30  # against: green
    assert high[0] - high[1] > 20  # for: red


def test_new_data_keep_the_clock_the_focus_and_hidden_names(visit: Visit):
    page = visit("?show=plane")
    page.get_by_role("button", name="backwards").click()
    scrub(page, 25)
    clock(page).focus()
    canvas(page).evaluate("c => (c.mine = true)")
    slider = page.get_by_role("slider", name="end")
    slider.focus()
    page.keyboard.press("End")
    expect(canvas(page)).to_have_attribute("data-time", re.compile("^3$"))  # a quarter of 12 now
    assert canvas(page).evaluate("c => c.mine")
    expect(page.get_by_role("button", name="backwards")).to_have_attribute("aria-pressed", "false")
    assert count(page, AGAINST) == 0
    canvas(page).focus()
    page.keyboard.press("ArrowUp")  # moves the handle; the server answers with new data
    expect(page.get_by_text("start 1.000 0.100")).to_be_visible()
    settled(page)
    assert canvas(page).evaluate("c => c.getRootNode().activeElement === c")
    assert time(page) == 3


def test_a_name_of_the_legend_hides_all_its_layers(visit: Visit):
    page = visit("?show=plane")
    field = "#8a8f98"
    assert count(page, field) > 300
    button = page.get_by_role("button", name="field")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert count(page, field) < 100  # the fixed point has the same colour
    button.click()
    assert count(page, field) > 300


def test_what_makes_no_sense_is_survived(visit: Visit):
    page = visit("?show=odd")
    expect(page.locator(".scenes figure canvas")).to_have_count(4)
    assert time(page) == 0
    scrub(page, 50)
    assert time(page) == 0.5
    for panel in page.locator(".scenes figure canvas").all():
        panel.hover()
        panel.focus()
        page.keyboard.press("ArrowRight")
    painted(page)


def test_the_first_of_three_leads_where_there_is_room(visit: Visit):
    wide, narrow = visit("?show=three"), visit("?show=three", width=340)
    for page, beside in ((wide, True), (narrow, False)):
        boxes = "canvases => canvases.map(c => c.getBoundingClientRect().toJSON())"
        first, second, third = page.locator(".scenes figure canvas").evaluate_all(boxes)
        assert (second["x"] > first["x"] + first["width"]) == beside
        assert second["y"] + second["height"] < third["y"]
        assert first["height"] > 1.3 * second["height"]
        if beside:
            assert first["y"] + first["height"] == pytest.approx(third["y"] + third["height"], abs=12)


@pytest.mark.parametrize("show", ["plane", "frames", "log", "space", "three"])
def test_a_phone_shows_all_of_it(visit: Visit, show: str):
    page = visit(f"?show={show}", width=340, dark=True)
    overflow = "[...document.querySelectorAll('[data-testid=stMain], .stMainBlockContainer')]"
    assert page.evaluate(f"{overflow}.every(e => e.scrollWidth <= e.clientWidth + 1)")
    for panel in page.locator(".scenes figure canvas").all():
        box = panel.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 340


def test_the_theme_is_followed(visit: Visit):
    page = visit("?show=plane")
    light = pixels(page)
    page.emulate_media(color_scheme="dark")
    background = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    page.wait_for_function(f"() => {background} === 'rgb(20, 23, 28)'")
    settled(page)
    dark = pixels(page)
    column, row = (round(pixel) for pixel in at(page, 0.9, 0.1, panel=0))
    assert light[row, column - 3 : column + 3, :3].max() > 200
    assert dark[row, column - 3 : column + 3, :3].min() < 60
    assert (pixels(visit("?show=plane", dark=True)) != dark).mean() < 1e-3


def test_a_pinned_state_stays_pale_beneath_what_comes_next(visit: Visit):
    page = visit("?show=plane")
    pin = page.locator(".scenes .pin")
    pin.click()
    expect(pin).to_have_text("Unpin A")
    legend = page.get_by_role("button", name="A, pinned")
    expect(legend).to_have_count(0)  # what is pinned is what is on screen
    canvas(page).focus()
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    expect(page.get_by_text("start 1.000 0.500")).to_be_visible()
    settled(page)
    expect(legend).to_be_visible()
    assert "Beneath it, pinned: A circle" in (canvas(page).get_attribute("aria-label") or "")
    both = pixels(page)
    legend.click()
    painted(page)
    assert (pixels(page) != both).any(-1).sum() > 500  # a circle of its own, and the dots on it
    pin.click()
    expect(pin).to_have_text("Pin as A")
    expect(legend).to_have_count(0)
