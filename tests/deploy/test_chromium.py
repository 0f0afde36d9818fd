"""A real browser before nginx: pages obey the content security policy, and come back after their replica's death."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from pages.ui.menu import lessons
from tests.deploy.site import Site

pytestmark = pytest.mark.slow
LONG = 120_000
"""Milliseconds: a busy machine is no failure."""


def rests(page: Page) -> None:
    """Wait for the end of the script; not by a function in the page, which the policy forbids to make from text."""
    page.locator("h1").first.wait_for(timeout=LONG)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=LONG)
    page.wait_for_timeout(1000)


def errors(page: Page) -> list[str]:
    """Fills with what the console says."""
    page.set_default_timeout(LONG)
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.parametrize("slug", lessons())
def test_the_console_stays_silent_under_the_policy(browser: Browser, site: Site, slug: str):
    page = browser.new_page()
    found = errors(page)
    page.goto(f"{site.address}/{'' if slug == 'home' else slug}")
    rests(page)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    page.close()
    assert found == []


def test_upload_camera_and_download_under_the_policy(browser: Browser, site: Site):
    page = browser.new_page(accept_downloads=True)
    found = errors(page)
    page.goto(f"{site.address}/gradcam")
    rests(page)
    stream = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(stream, "PNG")
    page.get_by_role("radio", name="Upload").click()
    file = FilePayload(name="a.png", mimeType="image/png", buffer=stream.getvalue())
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("Your picture, 256 x 256").first.wait_for()
    rests(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Overlay (PNG)").click()
    with Image.open(waiting.value.path()) as image:
        assert image.size == (256, 256)
    page.get_by_role("radio", name="Camera").click()
    page.get_by_role("button", name="Take Photo").click()
    page.get_by_role("button", name="Clear photo").wait_for()
    page.get_by_text("Your picture, 256 x 256").first.wait_for(state="detached")
    rests(page)
    page.close()
    assert found == []


def test_a_page_comes_back_with_its_state_after_its_replica_was_killed(browser: Browser, site: Site):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(LONG)
    page.goto(f"{site.address}/gradcam?opacity=30&method=layercam")
    rests(page)
    slider = page.locator("[data-testid=stSlider]").filter(has_text="Opacity").locator("input[type=range]")
    expect(slider).to_have_value("30", timeout=LONG)
    slider.press("ArrowRight")
    page.wait_for_url("**opacity=35**")
    (before,) = [cookie.get("value") for cookie in context.cookies() if cookie.get("name") == "replica"]
    assert before
    site.kill(before)
    try:
        rests(page)
        slider.press("ArrowRight")  # answered by the other replica
        page.wait_for_url("**opacity=40**")
        expect(slider).to_have_value("40")
        expect(page.get_by_role("combobox", name="Method")).to_have_value("LayerCAM")
        (after,) = [cookie.get("value") for cookie in context.cookies() if cookie.get("name") == "replica"]
        assert after != before
    finally:
        site.start(before)
        context.close()
