"""From ResNet to ODE in a real browser: frames without the server, a training that starts and pauses."""

import re

from playwright.sync_api import Page, expect

from core.labs import residual_words
from tests.browser.conftest import Visit, settled


def pixels(page: Page) -> str:
    return page.locator(".scenes figure canvas").first.evaluate("canvas => canvas.toDataURL()")


def test_the_slider_thins_the_blocks_without_the_server(visit: Visit):
    page = visit("resnet-to-ode")
    slider = page.locator(".scenes input[type=range]").first
    frames = {pixels(page)}
    page.evaluate("""() => {
        const app = document.querySelector('[data-testid=stApp]');
        window.runs = 0;
        new MutationObserver(() => window.runs++).observe(app, { attributeFilter: ['data-test-script-state'] });
    }""")
    slider.focus()
    for h in ("1/2", "1/4", "1/8"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text(re.compile(f"^h = {h}, ")).first).to_be_visible()
        page.evaluate("() => new Promise(requestAnimationFrame)")
        frames.add(pixels(page))
    assert len(frames) == 4
    assert page.evaluate("window.runs") == 0


def test_keys_walk_over_the_breaks_of_a_line_to_its_last_point(visit: Visit):
    page = visit("resnet-to-ode?r_starts=3")
    page.locator(".scenes figure canvas").first.focus()
    readout = page.locator(".scenes output").first
    for _ in range(60):  # some 50 steps for all curves, one after the other with a break after each
        page.keyboard.press("ArrowRight")
        assert "NaN" not in readout.inner_text()
    expect(readout).to_have_text(re.compile(r"^solution of the ODE: t = 4\.0+, z = "))
    page.keyboard.press("ArrowLeft")
    expect(readout).not_to_have_text(re.compile(r"t = 4\.0+,"))


def test_the_training_starts_pauses_and_keeps_what_it_has(visit: Visit):
    page = visit("resnet-to-ode?r_seeds=1&r_iterations=800")
    page.get_by_text(residual_words.SEPARABLE[1], exact=True).click()
    page.get_by_text("Not trained yet").wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("loss, last 25").wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_text("Paused; nothing is lost.").wait_for()
    settled(page)
    progress = page.get_by_text(re.compile(r"^Iteration [\d,]+ of 1,600"))
    before = progress.inner_text()
    settled(page)
    assert progress.inner_text() == before
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_enabled()
