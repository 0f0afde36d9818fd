"""Scenes in a real browser: clock, legend, readouts, handle, spaces; on a phone, in dark, with less motion."""

import base64
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.figures.theme import AGAINST, GRADIENT, STATE
from tests.app_server import running_app
from tests.browser.conftest import Visit, settled

TURN = 2 * np.pi


@pytest.fixture(scope="module")
def address(browser: Browser) -> Iterator[str]:
    """In place of the app's own: an app whose data are known."""
    with running_app("tests/app_with_scenes.py") as address:
        yield address


def canvas(page: Page, panel: int = 0) -> Locator:
    return page.locator(".scenes figure canvas").nth(panel)


def clock(page: Page) -> Locator:
    return page.locator(".scenes input[type=range]")


def area(page: Page, panel: int = 0) -> list[float]:
    """Left, top, right and bottom of the plot on its canvas."""
    return [float(edge) for edge in (canvas(page, panel).get_attribute("data-area") or "").split()]


def at(page: Page, x: float, y: float, panel: int = 0) -> tuple[float, float]:
    """Where a place, each coordinate from 0 to 1 along its axis, lies on the canvas."""
    left, top, right, bottom = area(page, panel)
    return left + x * (right - left), bottom - y * (bottom - top)


PIXELS = """c => {
  const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return [c.width, c.height, btoa(text)];
}"""


def pixels(page: Page, panel: int = 0) -> np.ndarray:
    width, height, packed = canvas(page, panel).evaluate(PIXELS)
    return np.frombuffer(base64.b64decode(packed), np.uint8).reshape(height, width, 4)


def count(page: Page, colour: str, panel: int = 0, within: tuple[float, float, float] | None = None) -> int:
    """How many pixels have this colour, in all or in a disc (x, y, radius)."""
    picture = pixels(page, panel)
    same = np.abs(picture[..., :3].astype(int) - list(bytes.fromhex(colour[1:]))).max(-1) < 8
    same &= picture[..., 3] > 250
    if within:
        y, x = np.indices(same.shape)
        same &= np.hypot(x + 0.5 - within[0], y + 0.5 - within[1]) <= within[2]
    return int(same.sum())


def scrub(page: Page, value: float) -> None:
    clock(page).fill(str(value))


def time(page: Page) -> float:
    return float(canvas(page).get_attribute("data-time") or "nan")


def painted(page: Page) -> None:
    """Wait for two animation frames: what a key or the pointer changed is painted in the next."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def server_heard(page: Page) -> tuple[float, float]:
    found = re.search(r"start (\S+) (\S+)", page.get_by_text(re.compile("^start ")).inner_text())
    assert found
    return float(found[1]), float(found[2])


def test_scrubbing_moves_the_head_to_the_state_at_that_time(visit: Visit):
    page = visit("?show=plane")
    assert time(page) == pytest.approx(TURN)  # at first the end: the whole picture
    whole = count(page, STATE)
    for percent in (25, 40):
        scrub(page, percent)
        angle = TURN * percent / 100
        assert time(page) == pytest.approx(angle)
        head = at(page, 0.5 + np.cos(angle) / 4, 0.5 + np.sin(angle) / 4)
        assert count(page, STATE, within=(*head, 4)) > 25
        ahead = at(page, 0.5 + np.cos(angle + 0.6) / 4, 0.5 + np.sin(angle + 0.6) / 4)
        assert count(page, STATE, within=(*ahead, 4)) == 0  # faint
    assert count(page, STATE) < 0.6 * whole
    assert clock(page).get_attribute("aria-valuetext") == "t = 2.51"


def test_a_curve_solved_backwards_is_drawn_from_its_first_time_down(visit: Visit):
    page = visit("?show=plane")
    scrub(page, 25)  # the curve's times run from pi down to 0; its radius is half of the circle's
    aside = np.sqrt(0.5) / 8
    assert count(page, AGAINST, within=(*at(page, 0.5 - aside, 0.5 + aside), 4)) > 4
    assert count(page, AGAINST, within=(*at(page, 0.5 + aside, 0.5 + aside), 4)) == 0


def test_dots_are_solid_from_their_time_on(visit: Visit):
    page = visit("?show=plane")
    eighth = at(page, 0.5 + np.cos(TURN / 4) / 4, 0.5 + np.sin(TURN / 4) / 4)
    scrub(page, 20)
    assert count(page, GRADIENT, within=(*eighth, 3)) == 0
    scrub(page, 30)
    assert count(page, GRADIENT, within=(*eighth, 3)) > 10


def test_play_moves_the_clock_stops_at_the_end_and_starts_anew(visit: Visit):
    page = visit("?show=plane")
    assert time(page) == pytest.approx(TURN)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(canvas(page)).to_have_attribute("data-time", re.compile(r"^[1-5]\."))
    page.get_by_role("button", name="Pause").click()
    stopped = time(page)
    page.wait_for_timeout(200)
    assert time(page) == stopped < TURN
    page.get_by_role("button", name="Play").click()  # on from where it stood
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=10_000)
    assert time(page) == pytest.approx(TURN)


def test_with_less_motion_play_goes_by_few_jumps(visit: Visit):
    page = visit("?show=plane")
    page.emulate_media(reduced_motion="reduce")
    canvas(page).evaluate(
        """c => { window.seen = new Set(); new MutationObserver(() => window.seen.add(c.dataset.time))
               .observe(c, {attributes: true, attributeFilter: ["data-time"]}); }"""
    )
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=10_000)
    seen = np.array(sorted(map(float, page.evaluate("[...window.seen]"))))
    np.testing.assert_allclose(seen / TURN * 10, np.rint(seen / TURN * 10), atol=1e-6)
    assert 3 <= len(seen) <= 11


def test_nothing_plays_in_a_hidden_tab(visit: Visit):
    page = visit("?show=plane")
    page.get_by_role("button", name="Play").click()
    page.evaluate(
        """() => { Object.defineProperty(document, "hidden", { value: true, configurable: true });
                   document.dispatchEvent(new Event("visibilitychange")); }"""
    )
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_frames_show_one_layer_each(visit: Visit):
    page = visit("?show=frames")
    places = [(*at(page, (k + 0.5) / 9, 0.5), 6) for k in range(3)]

    def shown() -> list[bool]:
        return [count(page, "#000000", within=place) > 60 for place in places]

    assert shown() == [True, False, False]
    clock(page).focus()
    page.keyboard.press("ArrowRight")
    assert shown() == [False, True, False]
    expect(page.get_by_text("frame 1, x = 1.5")).to_be_visible()
    assert clock(page).get_attribute("aria-valuetext") == "frame 1, x = 1.5"
    page.keyboard.press("End")
    assert shown() == [False, False, True]
    # The frame stays when more come; from the end the clock goes to the new end.
    more = page.get_by_role("spinbutton")
    more.fill("5")
    more.press("Enter")
    expect(canvas(page)).to_have_attribute("data-time", "4")
    scrub(page, 1)
    more.fill("3")
    more.press("Enter")
    expect(clock(page)).to_have_attribute("max", "2")
    assert time(page) == 1


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


@pytest.mark.parametrize("show", ["plane", "frames", "log", "space"])
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
