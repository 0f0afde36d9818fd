"""The sweep in a real browser: numbers on screen against torch, keyboard, pointer, less motion, a phone."""

import re

import numpy as np
import torch
from playwright.sync_api import Page, expect

from core.conv.kernels import KERNELS
from core.labs.convolution_inputs import GRIDS
from tests.browser.conftest import Visit, settled

RUNS = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    window.runs = 0;
    new MutationObserver(() => window.runs++).observe(app, { attributeFilter: ['data-test-script-state'] });
}"""


def sweep(page: Page) -> None:
    page.locator(".sweep canvas").first.wait_for()
    settled(page)
    page.evaluate(RUNS)


def scrub(page: Page, place: int) -> None:
    page.locator(".sweep input[type=range]").first.evaluate(
        "(slider, at) => { slider.value = at; slider.dispatchEvent(new Event('input')); }", place
    )


def numbers(page: Page, kind: str) -> np.ndarray:
    """The tables of a kind, one for each channel."""
    tables = page.locator(f".sweep table.{kind}").evaluate_all(
        "all => all.map(table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent)))"
    )
    return np.array([[[float(cell.replace("−", "-")) for cell in row] for row in table] for table in tables])


def told(page: Page) -> float:
    """The output in the sentence beneath the tables."""
    text = page.locator(".sweep .told").first.inner_text().replace("−", "-")
    found = re.search(r"the output is (-?[\d.e+-]+)\.( |$)", text)
    assert found, text
    return float(found[1])


def frame(page: Page) -> int:
    return int(page.locator(".sweep").first.get_attribute("data-frame") or -1)


def test_numbers_on_screen_are_torchs(visit: Visit):
    cells = "1 2 3 4\n5 6 7 8\n9 1 2 3\n4 5 6 7\n\n3 1 4 1\n5 9 2 6\n5 3 5 8\n9 7 9 3"
    page = visit(
        f"convolution?c_grid=own&c_cells={cells.replace(chr(10), '%0A')}&c_filters=2&c_k2=blur&c_b2=-3&c_m1_2=-0.5"
        "&c_pad=same&c_d=2"
    )
    sweep(page)
    x = torch.tensor([[[float(n) for n in row.split()] for row in grid.split("\n")] for grid in cells.split("\n\n")])
    sobel, blur = (torch.tensor(KERNELS[name].weights) for name in ("sobel-x", "blur"))
    w = torch.stack([torch.stack([sobel, -0.5 * sobel]), torch.stack([blur, blur])])
    y = torch.nn.functional.conv2d(x[None], w, torch.tensor([0.0, -3.0]), padding=2, dilation=2)[0]
    windows = torch.nn.functional.unfold(x[None], 3, 2, 2)[0].T.reshape(16, 2, 3, 3)
    for place in (0, 5, 15, 16, 26, 31):
        scrub(page, place)
        f, i = divmod(place, 16)
        np.testing.assert_array_equal(numbers(page, "window"), windows[i].numpy())
        np.testing.assert_allclose(numbers(page, "kernel"), w[f].numpy(), atol=5e-4)
        np.testing.assert_allclose(numbers(page, "products"), (windows[i] * w[f]).numpy(), rtol=5e-3, atol=6e-4)
        np.testing.assert_allclose(told(page), float(y[f].flatten()[i]), rtol=1e-5, atol=1e-6)
    assert page.evaluate("window.runs") == 0


def test_step_keys_pointer_and_play_without_the_server(visit: Visit):
    page = visit("convolution")
    sweep(page)
    step, back = (page.locator(".sweep").get_by_role("button", name=name) for name in ("Step", "Back"))
    expect(back).to_be_disabled()
    step.click()
    step.click()
    back.click()
    assert frame(page) == 1
    canvas = page.locator(".sweep canvas").first
    canvas.focus()
    for key, place in (("ArrowDown", 7), ("ArrowRight", 8), ("ArrowUp", 2), ("ArrowLeft", 1), ("End", 35), ("Home", 0)):
        page.keyboard.press(key)
        assert frame(page) == place
    page.keyboard.press("ArrowUp")  # there is no row above
    assert frame(page) == 0

    output = page.locator(".sweep canvas").nth(1)
    box = output.bounding_box()
    assert box is not None
    output.click(position={"x": 3.5 / 6 * box["width"], "y": 2.5 / 6 * box["height"]})
    assert frame(page) == 15
    grid = np.array(GRIDS["square"][1])
    np.testing.assert_array_equal(numbers(page, "window")[0], grid[2:5, 3:6])
    box = canvas.bounding_box()
    assert box is not None
    canvas.hover(position={"x": 3.5 / 8 * box["width"], "y": 0.5 / 8 * box["height"]})
    expect(page.locator(".sweep .told").first).to_contain_text("read for 3 cells of each map")
    expect(page.locator(".sweep .told").first).to_contain_text("9 products add up to")

    canvas.focus()
    page.mouse.move(0, 0)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):  # the first one points at the corner
        page.keyboard.press(f"Shift+{key}")
    expect(page.locator(".sweep .told").first).to_contain_text("read for 4 cells of each map")
    assert frame(page) == 15

    page.locator(".st-key-c_flip canvas").nth(1).focus()
    expect(page.locator(".sweep .told").first).not_to_contain_text("each map")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-c_flip .told")).to_have_text("What the layer makes of the cell, row 1, column 2: 0")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-c_flip .told")).to_contain_text("row 1, column 3: −1")
    assert frame(page) == 15

    canvas.focus()
    page.keyboard.press("Home")
    page.locator(".sweep select").first.select_option("60")
    canvas.focus()
    page.keyboard.press("Space")
    expect(page.locator(".sweep").get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".sweep").get_by_role("button", name="Play")).to_be_visible()
    assert frame(page) == 35
    assert page.evaluate("window.runs") == 0


def test_with_less_motion_play_goes_by_few_jumps(visit: Visit):
    page = visit("convolution")
    sweep(page)
    page.emulate_media(reduced_motion="reduce")
    page.locator(".sweep").first.evaluate(
        """root => { window.seen = []; new MutationObserver(() => window.seen.push([+root.dataset.frame,
             performance.now()])).observe(root, { attributes: true, attributeFilter: ["data-frame"] }); }"""
    )
    page.locator(".sweep select").first.select_option("1000")
    page.locator(".sweep").get_by_role("button", name="Play").click()
    expect(page.locator(".sweep").get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("new Set(window.seen.map(([place]) => place)).size >= 3")
    page.locator(".sweep").get_by_role("button", name="Pause").click()
    places = list(dict.fromkeys(place for place, _ in page.evaluate("window.seen")))
    assert np.diff(places).min() >= 3  # a tenth of the way at a time, however fast Play is set


def test_a_new_kernel_keeps_the_place_and_a_phone_shows_all(visit: Visit):
    page = visit("convolution?c_input=picture&c_colour=true&c_k1=gaussian&c_filters=2", width=390)
    sweep(page)
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth + 1)(document.querySelector('[data-testid=stMain]'))")
    width = page.locator(".sweep canvas").evaluate_all("all => Math.max(...all.map(canvas => canvas.clientWidth))")
    assert 100 < width <= 390
    scrub(page, 40)
    page.locator(".st-key-c_colour label").click()
    settled(page)
    expect(page.locator(".st-key-c_sweep figure")).to_have_count(3)
    assert frame(page) == 40
    np.testing.assert_allclose(numbers(page, "kernel")[0], np.array(KERNELS["gaussian"].weights), atol=5.1e-4)
