"""The clock beneath scenes: scrubbing, playing, one frame at a time, less motion."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from core.figures.theme import AGAINST, GRADIENT, STATE
from tests.browser.conftest import Visit
from tests.browser.scenes.conftest import TURN, at, canvas, clock, count, scrub, time


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


@pytest.mark.slow
def test_a_curve_solved_backwards_is_drawn_from_its_first_time_down(visit: Visit):
    page = visit("?show=plane")
    scrub(page, 25)  # the curve's times run from pi down to 0; its radius is half of the circle's
    aside = np.sqrt(0.5) / 8
    assert count(page, AGAINST, within=(*at(page, 0.5 - aside, 0.5 + aside), 4)) > 4
    assert count(page, AGAINST, within=(*at(page, 0.5 + aside, 0.5 + aside), 4)) == 0


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
