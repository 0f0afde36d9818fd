"""Objects are moved in a real browser, by pointer, touch and keys, and the heat follows."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.labs import pointing_scene
from core.labs.pointing_scene import NETWORK
from pages.ui import cached
from tests.browser.conftest import Visit, settled


def table(page: Page) -> Locator:
    found = page.locator(".arrange").first
    found.locator("button.thing").first.wait_for()
    settled(page)
    return found


def places(page: Page) -> tuple[int, ...]:
    """As the link holds them."""
    return tuple(map(int, re.findall(r"\d+", page.url.partition("o_at=")[2].partition("&")[0].replace("%2C", ","))))


def predict(page: Page) -> Locator:
    page.get_by_text("inside of the object's box", exact=True).click()
    found = table(page)
    expect(found.locator(".heat")).to_be_visible()
    return found


def at_rest(page: Page, found: Locator) -> None:
    """Wait until the last move is answered and its place is in the link."""
    expect(found.locator(".heat.old")).to_have_count(0)
    settled(page)


def expected(seed: int, at: tuple[int, ...]) -> str:
    """The hottest place of a scene whose objects are there, as the component tells it."""
    scene = pointing_scene.placed(pointing_scene.start(seed, 2), at)
    look = pointing_scene.look(cached.network(NETWORK), scene, scene.things[0].kind)
    return "" if look.hottest is None else ",".join(map(str, look.hottest))


def drag(page: Page, thing: Locator, right: float, down: float) -> None:
    box = thing.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 7):
        page.mouse.move(x + right * step / 6, y + down * step / 6)
        page.wait_for_timeout(20)
    page.mouse.up()


def test_a_drag_moves_the_object_at_once_and_the_heat_follows_into_the_link(visit: Visit):
    page = visit("scenes?o_seed=2")
    found = table(page)
    expect(found.locator(".heat")).to_be_hidden()
    predict(page)
    assert found.get_attribute("data-hottest") == expected(2, ())
    thing = found.locator("button.thing").first
    thing.scroll_into_view_if_needed()
    before, picture = thing.bounding_box(), found.locator(".picture").evaluate("c => c.toDataURL()")
    scene = pointing_scene.start(2, 2)
    right, down = (-90 if scene.things[0].x > 0.5 else 90), (-60 if scene.things[0].y > 0.5 else 60)
    drag(page, thing, right, down)
    after = thing.bounding_box()
    assert before
    assert after
    assert after["x"] - before["x"] == pytest.approx(right, abs=8)  # by whole pixels of the picture
    assert after["y"] - before["y"] == pytest.approx(down, abs=8)
    assert found.locator(".picture").evaluate("c => c.toDataURL()") != picture
    at_rest(page, found)
    moved = places(page)
    assert abs(moved[0] / 1000 - scene.things[0].x) > 0.1
    assert moved[2:] == pointing_scene.places(scene)[2:]
    expect(found).to_have_attribute("data-hottest", expected(2, moved))
    page.reload()
    again = predict(page)
    assert places(page) == moved
    expect(again).to_have_attribute("data-hottest", expected(2, moved))
    box = again.locator("button.thing").first.bounding_box()
    assert box
    assert box["width"] == pytest.approx(after["width"], abs=9)


def test_tab_and_arrow_keys_move_an_object_as_far_as_the_canvas_goes(visit: Visit):
    page = visit("scenes?o_seed=2")
    found = predict(page)
    scene = pointing_scene.start(2, 2)
    first, second = (found.locator("button.thing").nth(i) for i in (0, 1))
    first.focus()
    page.keyboard.press("Tab")
    assert second.evaluate("node => node.getRootNode().activeElement === node")
    page.keyboard.press("ArrowRight")
    at_rest(page, found)
    assert places(page)[2] == pytest.approx(1000 * min(scene.things[1].x + 2 / 64, 1 - scene.things[1].size), abs=2)
    for _ in range(10):
        page.keyboard.press("Shift+ArrowUp")
    at_rest(page, found)
    moved = places(page)
    assert moved[3] == pytest.approx(1000 * scene.things[1].size, abs=2)
    assert moved[:2] == pointing_scene.places(scene)[:2]
    expect(found).to_have_attribute("data-hottest", expected(2, moved))
    assert f"{round(moved[3] / 10)} % from the top" in (second.get_attribute("aria-label") or "")
    assert second.evaluate("node => node.getRootNode().activeElement === node")


def test_a_finger_moves_an_object_on_a_phone_in_the_dark(visit: Visit):
    page = visit("scenes?o_seed=2", width=390, height=840, dark=True)
    found = predict(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    thing = found.locator("button.thing").first
    thing.scroll_into_view_if_needed()
    box = thing.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 6):
        point = {"x": x + 8 * step, "y": y - 12 * step}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    at_rest(page, found)
    moved = places(page)
    assert moved[:2] != pointing_scene.places(pointing_scene.start(2, 2))[:2]
    expect(found).to_have_attribute("data-hottest", expected(2, moved))
