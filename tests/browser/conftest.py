"""A real Chromium on the real app. Without a Chromium these tests skip, unless REQUIRE_BROWSER is set."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.app_server import running_app

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a camera that shows a clock

Visit = Callable[..., Page]

expect.set_options(timeout=30_000)  # a busy machine is no failure


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = f"no Chromium on the PATH (looked for {', '.join(names)})"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(browser: Browser) -> Iterator[str]:
    with running_app() as address:
        yield address


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Open a page at a width, in light or dark; fails at the end on a console error or a request to elsewhere."""
    contexts, problems = [], []

    def watch(url: str) -> None:
        if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
            problems.append(f"request to {url}")

    def open_page(path: str = "", width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: watch(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address}/{path}")
        drawn(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def drawn(page: Page) -> None:
    """Wait until the server has run the script and the first maps or scenes, if there are any, have been painted."""
    painted = page.locator(".maps canvas, .scenes canvas[data-area], .sweep canvas").first
    page.locator("h1").or_(painted).first.wait_for()
    settled(page)
    if page.locator(".maps, .scenes, .sweep").count():
        painted.wait_for()


def settled(page: Page) -> None:
    """Wait until no script runs and the maps' pictures are decoded. The first visit of some pages takes its time."""
    resting = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    page.wait_for_function(resting, timeout=180_000)
    page.wait_for_timeout(300)
