"""Scenes under the pointer, the keyboard and a finger: readouts, the handle, turning a space."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, settled
from tests.browser.scenes.conftest import TURN, at, canvas, painted, pixels, scrub, server_heard, time

pytestmark = pytest.mark.slow


def test_pointing_reads_places_points_and_times(visit: Visit):
    page = visit("?show=plane")
    readout = page.locator(".scenes output")
    x, y = at(page, 0.95, 0.95)
    canvas(page).hover(position={"x": x, "y": y})
    expect(readout.first).to_have_text(re.compile(r"^z₁ = 1\.8\d*, z₂ = 1\.8\d*$"))
    x, y = at(page, 0.5, 0.75)
    canvas(page).hover(position={"x": x, "y": y})
    expect(readout.first).to_have_text(re.compile(r"^steps, step 2: z₁ = 0(\.\d+)?, z₂ = 1\.000?, t = 1\.57\d*$"))
    x, y = at(page, TURN / 2 / 12, 0.25, panel=1)
    canvas(page, 1).hover(position={"x": x, "y": y})
    expect(readout.nth(1)).to_have_text(re.compile(r"^z₁: t = 3\.1\d*, z = −1\.000?$"))
    page.mouse.move(2, 2)
    expect(readout.nth(1)).to_have_text("")


def test_points_are_read_by_keyboard(visit: Visit):
    page = visit("?show=plane")
    canvas(page, 1).focus()
    readout = page.locator(".scenes output").nth(1)
    page.keyboard.press("ArrowRight")
    expect(readout).to_have_text("z₁: t = 0, z = 1.000")
    assert readout.get_attribute("aria-live") == "polite"
    page.keyboard.press("ArrowRight")
    expect(readout).to_have_text(re.compile(r"^z₁: t = 0\.1\d*, z = 0\.99\d*$"))
    page.keyboard.press("ArrowDown")
    expect(readout).to_have_text(re.compile(r"^z₂: t = 0\.1\d*, z = 0\.1\d*$"))


def test_a_click_a_drag_and_keys_move_the_handle(visit: Visit):
    page = visit("?show=plane")
    box = canvas(page).bounding_box()
    assert box
    x, y = at(page, 0.75, 0.25)
    canvas(page).click(position={"x": x, "y": y})
    page.wait_for_function("() => !document.body.innerText.includes('start 1.000 0.000')")
    np.testing.assert_allclose(server_heard(page), (1, -1), atol=0.02)
    settled(page)

    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    x, y = at(page, 0.25, 0.5)
    page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    expect(page.locator(".scenes output").first).to_have_text(re.compile("^start: z₁ = −1"))
    np.testing.assert_allclose(server_heard(page), (1, -1), atol=0.02)  # not before it is let go
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^start -(1\.0|0\.99)"))).to_be_visible()
    np.testing.assert_allclose(server_heard(page), (-1, 0), atol=0.02)
    settled(page)

    before = np.array(server_heard(page))
    canvas(page).focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_function(f"() => !document.body.innerText.includes('start {before[0]:.3f} ')")
    np.testing.assert_allclose(server_heard(page) - before, (0.2, 0.02), atol=0.004)
    assert canvas(page).get_attribute("role") == "application"
    assert "Arrow keys move the start." in (canvas(page).get_attribute("aria-label") or "")


def test_the_handle_stays_inside_its_axes(visit: Visit):
    page = visit("?show=plane")
    box = canvas(page).bounding_box()
    assert box
    x, y = at(page, 0.75, 0.5)
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    page.mouse.move(box["x"] + x + 900, box["y"] - 900, steps=3)
    page.mouse.up()
    expect(page.get_by_text("start 2.000 2.000")).to_be_visible()


def test_logarithmic_axes_are_picked_in_their_own_values(visit: Visit):
    page = visit("?show=log")
    expect(page.locator(".scenes .clock")).to_be_hidden()
    x, y = at(page, 0.75, 0.25)
    canvas(page).click(position={"x": x, "y": y})
    page.wait_for_function("() => !document.body.innerText.includes('start 0.01 0.0001')")
    np.testing.assert_allclose(np.log10(server_heard(page)), (-1, -6), atol=0.05)
    settled(page)
    before = np.array(server_heard(page))
    canvas(page).focus()
    page.keyboard.press("ArrowLeft")  # a fortieth of four powers of ten
    page.wait_for_function(f"() => !document.body.innerText.includes('start {before[0]:.4g} ')")
    np.testing.assert_allclose(np.log10(server_heard(page) / before), (-0.1, 0), atol=0.002)
    x, y = at(page, 0.5, 0.75)
    canvas(page).hover(position={"x": x, "y": y})
    expect(page.locator(".scenes output")).to_have_text(re.compile(r"^Euler: h = 0\.0100*, global error = 0\.0100*$"))


def test_a_finger_on_the_handle_moves_it_and_elsewhere_scrolls(browser: Browser, address: str):
    context = browser.new_context(viewport={"width": 390, "height": 500}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/?show=plane")
    canvas(page).wait_for()
    settled(page)
    canvas(page).scroll_into_view_if_needed()
    touch = context.new_cdp_session(page)

    def swipe(start: tuple[float, float], down: float) -> None:
        box = canvas(page).bounding_box()
        assert box
        x, y = box["x"] + start[0], box["y"] + start[1]
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(1, 9):
            point = {"x": x, "y": y + down * step / 8}
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def scrolled() -> float:
        return page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")

    before = scrolled()
    swipe(at(page, 0.75, 0.5), 60)
    page.wait_for_function("() => !document.body.innerText.includes('start 1.000 0.000')")
    assert scrolled() == before
    x, y = server_heard(page)
    assert x == pytest.approx(1, abs=0.05)
    assert y < -0.5
    settled(page)
    swipe(at(page, 0.25, 0.6), -120)
    page.wait_for_function(f"() => document.querySelector('[data-testid=stMain]').scrollTop > {before + 50}")
    assert server_heard(page) == (x, y)
    context.close()


def test_a_space_turns_by_keys_and_by_dragging(visit: Visit):
    page = visit("?show=space")
    assert time(page) == pytest.approx(3 * TURN / 2)
    first = pixels(page)
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    painted(page)
    turned = pixels(page)
    assert (turned != first).any()
    scrub(page, 20)
    assert (pixels(page) != turned).any()
    canvas(page).focus()
    page.keyboard.press("Home")
    scrub(page, 50)
    painted(page)
    np.testing.assert_array_equal(pixels(page), first)
    box = canvas(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 130, steps=3)
    page.mouse.up()
    page.mouse.move(2, 2)
    painted(page)
    assert (pixels(page) != first).any()
