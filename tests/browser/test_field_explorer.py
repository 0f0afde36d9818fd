"""The start of a trajectory moved by pointer and keyboard; time scrubbed and played in the browser alone."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, settled


def canvas(page: Page) -> Locator:
    """The phase plane."""
    return page.locator(".scenes canvas[data-area]").first


def pixels(page: Page) -> str:
    return canvas(page).evaluate("c => c.toDataURL()")


def start(page: Page) -> tuple[float, float]:
    fields = [page.locator(f".st-key-f_vdp_s{index} input").input_value() for index in (1, 2)]
    return float(fields[0]), float(fields[1])


def test_a_click_sets_the_start_and_the_arrow_keys_move_it(visit: Visit):
    page = visit("field-explorer?f_system=vdp")
    assert start(page) == (0.3, 0.0)
    canvas(page).scroll_into_view_if_needed()
    box = canvas(page).bounding_box()
    assert box is not None
    canvas(page).click(position={"x": box["width"] * 0.8, "y": box["height"] * 0.3})
    expect(page.locator(".st-key-f_vdp_s1 input")).not_to_have_value("0.300")
    settled(page)
    x, y = start(page)
    assert 1.0 < x < 4.0
    assert 0.5 < y < 6.0
    page.wait_for_url(lambda url: f"f_vdp_s1={x:g}" in url and f"f_vdp_s2={y:g}" in url)
    before = page.locator(".st-key-f_vdp_s1 input").input_value()
    canvas(page).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".st-key-f_vdp_s1 input")).not_to_have_value(before)
    settled(page)
    assert start(page)[0] < x
    assert start(page)[1] == pytest.approx(y, abs=0.01)


def test_time_runs_without_the_server(visit: Visit):
    page = visit("field-explorer?f_system=vdp&f_portrait=false")
    sent: list[object] = []
    page.on("websocket", lambda socket: sent.append(socket))
    page.evaluate(
        "() => { window.runs = 0; new MutationObserver(() => window.runs++).observe("
        "document.querySelector('[data-testid=stApp]'), {attributeFilter: ['data-test-script-state']}) }"
    )
    at_end = pixels(page)
    clock = page.locator(".scenes input[type=range]").first
    clock.focus()
    page.keyboard.press("Home")
    page.wait_for_function("([c, old]) => c.toDataURL() !== old", arg=[canvas(page).element_handle(), at_end])
    at_begin = pixels(page)
    page.get_by_role("button", name="Play").first.click()
    page.wait_for_function("c => Number(c.dataset.time) > 0", arg=canvas(page).element_handle())
    assert pixels(page) != at_begin
    assert page.evaluate("window.runs") == 0
    assert sent == []


def test_a_formula_typed_with_a_mistake_is_pointed_at(visit: Visit):
    page = visit("field-explorer?f_system=own", width=390)
    field = page.locator(".st-key-f_own_1 input")
    field.fill("z1 + sin(z2")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="cannot be read")).to_be_visible()
    expect(page.get_by_text("z1 + sin(z2").first).to_be_visible()
    field.fill("-z2")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="cannot be read")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
