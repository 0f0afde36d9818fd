"""The explorer in a real browser: upload, hover, keyboard, links, downloads, narrow and dark."""

from base64 import b64decode
from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from core.cam import explain
from core.figures.theme import lut
from core.labs import gradcam
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from tests.browser.conftest import Visit, drawn, settled
from tests.pictures import BAD

PHOTOGRAPH = SAMPLES["coffee"].read()


def overlay(page: Page) -> np.ndarray:
    """The pixels of the first canvas of the page."""
    url = page.locator(".maps canvas").first.evaluate("c => c.toDataURL('image/png')")
    return np.array(Image.open(BytesIO(b64decode(url.partition(",")[2]))).convert("RGB"))


def photograph(rgb: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def upload(page: Page, name: str, data: bytes, until: str) -> None:
    if not page.locator("input[type=file]").count():
        page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
    page.get_by_text(until).first.wait_for()
    settled(page)


def test_the_canvas_shows_what_core_computes_and_is_downloaded(visit: Visit):
    page = visit("gradcam?sample=cat")
    picture, entry = SAMPLES["cat"].read(), REGISTRY["resnet_cifar10"]
    path = weights.find(entry)
    assert path is not None
    fed = feed(picture.rgb, entry.preprocessing)
    explanation = explain(weights.load(entry, path), fed.x, entry.default_layer)
    target = int(explanation.targets[0])
    params = gradcam.Params(entry.name, entry.default_layer, target, "gradcam", "inferno", 0.55, smooth=True)
    expected = gradcam.overlay_pixels(picture, fed, explanation, params, lut("inferno"))
    difference = np.abs(overlay(page).astype(int) - expected)
    assert difference.mean() < 2.5  # the browser's copy of the picture went through JPEG
    assert np.percentile(difference, 99) < 16
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Overlay (PNG)").click()
    with Image.open(waiting.value.path()) as image:
        assert image.size == (picture.rgb.shape[1], picture.rgb.shape[0])
        assert image.info == {}  # nothing but pixels
        assert not image.getexif()


def test_a_photograph_is_uploaded_and_explained_and_a_bad_file_refused_in_words(visit: Visit):
    page = visit("gradcam")
    canvas = page.locator(".maps canvas").first
    expect(canvas).to_have_js_property("width", 640)  # with the picture: until it has come there are cells alone
    before = overlay(page)
    upload(page, "my photo.jpg", photograph(PHOTOGRAPH.rgb), "Your picture, 600")
    expect(canvas).to_have_js_property("width", 600)
    after = overlay(page)
    assert after.shape == (400, 600, 3)
    expect(page.get_by_role("combobox", name="Layer")).to_have_value("layer3.1: 128 maps of 12 x 18")
    assert after.shape != before.shape
    assert after.std() > 10
    html = next(data for name, data in BAD.items() if "html" in name.lower())
    upload(page, "**bold** <img src=x onerror=alert(1)>.png", html, "Accepted are PNG")
    expect(page.get_by_role("alert").filter(has_text="Accepted are PNG")).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    np.testing.assert_array_equal(overlay(page), after)

    page.get_by_role("radio", name="Sample").click()
    expect(canvas).to_have_js_property("width", before.shape[1])
    assert overlay(page).shape == before.shape


def test_a_photograph_is_taken_and_explained(visit: Visit):
    page = visit("gradcam")
    page.get_by_role("radio", name="Camera").click()
    page.wait_for_function("document.querySelector('video')?.readyState === 4")
    page.get_by_role("button", name="Take Photo").click()
    page.get_by_text("Your picture, ").wait_for()
    settled(page)
    expect(page.locator(".maps canvas").first).to_have_js_property("width", 640)
    assert overlay(page).std() > 10


def test_the_maps_are_read_by_pointer_and_by_keyboard(visit: Visit):
    page = visit("gradcam")
    canvas = page.locator(".maps canvas").first
    canvas.hover(position={"x": 60, "y": 40})
    readouts = page.locator(".maps output")
    shown = readouts.all_inner_texts()
    assert len(shown) > 20
    assert all("at row" in text for text in shown)
    page.mouse.move(2, 2)
    assert not any("at row" in text for text in readouts.all_inner_texts())

    canvas.focus()
    page.keyboard.press("ArrowRight")  # the first key goes to the largest value
    readout = readouts.first
    expect(readout).to_contain_text("at row")
    first = readout.inner_text()
    page.keyboard.press("ArrowDown")
    expect(readout).not_to_have_text(first)
    assert readout.get_attribute("aria-live") == "polite"
    page.keyboard.press("Escape")
    expect(readout).not_to_contain_text("at row")
    assert "Grad-CAM for" in (canvas.get_attribute("aria-label") or "")


def test_a_link_holds_the_state(visit: Visit):
    page = visit("gradcam")
    method = page.get_by_role("combobox", name="Method")
    method.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a scroll closes an open list
    method.fill("LayerCAM")
    page.locator("[role=option][data-focused=true]").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**method=layercam**")
    settled(page)
    one = overlay(page)
    other = visit(page.url.split("/", 3)[3])
    np.testing.assert_array_equal(overlay(other), one)


def test_from_the_start_page_to_the_heat_by_keyboard(visit: Visit):
    page = visit("")
    button = page.get_by_role("button", name="Open the Grad-CAM explorer")
    for _ in range(80):  # past the whole menu
        page.keyboard.press("Tab")
        if button.evaluate("b => b === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/gradcam")
    drawn(page)
    expect(page.get_by_role("heading", name="Grad-CAM explorer")).to_be_visible()
