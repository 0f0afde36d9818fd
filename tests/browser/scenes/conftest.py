"""An app whose scenes are known, and how to read them."""

import base64
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.app_server import running_app

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
