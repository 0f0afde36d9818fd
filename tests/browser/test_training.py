"""Live training as a person sees it: train, pause, resume, stop, reset, and a change of page."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app_server import running_app

APP = "tests/app_with_training.py"


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def says(page: Page, status: str) -> None:
    expect(page.get_by_role("status")).to_have_text(re.compile(status), timeout=20_000)


def drawn(page: Page) -> int:
    """The iteration whose result is on the page."""
    return int(page.get_by_text(re.compile("^value")).inner_text().split()[-1])


@pytest.mark.slow
def test_train_pause_resume_stop_reset_and_leave(browser: Browser):
    problems = []
    with running_app(APP) as address, browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address}/?total=100000")
        says(page, "Not trained yet")
        expect(button(page, "Stop")).to_be_disabled()
        expect(button(page, "Reset")).to_be_disabled()

        button(page, "Train").focus()
        page.keyboard.press("Enter")
        says(page, "Training")
        expect(page.get_by_text(re.compile(r"^Iteration [\d,]+ of 100,000, \d+ (s|min) left$"))).to_be_visible()
        early = drawn(page)
        page.wait_for_function(
            "early => [...document.querySelectorAll('[data-testid=stText]')]"
            ".some(text => text.innerText.startsWith('value') && +text.innerText.split(' ').at(-1) > early)",
            arg=early,
        )  # the picture moves on by itself
        expect(button(page, "Pause")).to_be_focused()  # the same button under another name
        page.keyboard.press("Enter")
        says(page, "Paused; nothing is lost")
        paused = drawn(page)
        assert paused > early
        expect(page.get_by_text(f"Iteration {paused:,} of 100,000", exact=True)).to_be_visible()

        button(page, "Resume").click()
        says(page, "Training")
        page.get_by_role("link", name="other").click()
        page.get_by_role("heading", name="Another page").wait_for()
        page.wait_for_timeout(5_000)  # longer than the lease: with nobody there it pauses
        page.get_by_role("link", name="lesson").click()
        says(page, "Paused; nothing is lost")
        assert drawn(page) > paused

        button(page, "Resume").click()
        says(page, "Training")
        button(page, "Stop").click()
        says(page, "Finished")
        expect(button(page, "Train on")).to_be_enabled()
        button(page, "Reset").click()
        says(page, "Not trained yet")
        expect(page.get_by_text("untrained", exact=True)).to_be_visible()
    assert problems == []
