"""The layer calculator in a real browser: fields, examples and the address follow each other; a phone holds it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


@pytest.mark.slow
def test_fields_examples_and_address_follow_each_other(visit: Visit):
    page = visit("layer-calculator")
    expect(page.get_by_text("(None, 196, 196, 10)", exact=True)).to_be_visible()
    stride = page.locator(".st-key-k_s")
    stride.get_by_test_id("stNumberInputStepUp").click()
    expect(page.get_by_text("(None, 98, 98, 10)", exact=True)).to_be_visible()
    page.wait_for_url(lambda url: "k_s=2" in url)
    page.locator(".st-key-k_k input").fill("7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("(None, 97, 97, 10)", exact=True)).to_be_visible()
    page.get_by_role("button", name="DCGAN's, upwards").click()
    expect(page.get_by_text("(None, 16, 16, 128)", exact=True)).to_be_visible()
    expect(stride.locator("input")).to_have_value("2")
    settled(page)
    address = page.url
    for part in ("k_kind=transposed", "k_n1=8", "k_padding=number", "k_p=1", "k_bias=0"):
        assert part in address, address
    again = visit(address.partition("/layer")[2].join(["layer", ""]))
    expect(again.get_by_text("(None, 16, 16, 128)", exact=True)).to_be_visible()


def test_an_impossible_layer_is_told_and_mended_on_a_phone(visit: Visit):
    page = visit("layer-calculator?k_axes=1&k_n1=10&k_k=7", width=390)
    expect(page.get_by_text("(None, 4, 10)", exact=True)).to_be_visible()
    dilation = page.locator(".st-key-k_d")
    dilation.get_by_test_id("stNumberInputStepUp").click()
    expect(page.get_by_text("kernel 7 dilated to 13 exceeds input 10")).to_be_visible()
    expect(page.get_by_text("(None, 4, 10)", exact=True)).to_be_visible()
    dilation.get_by_test_id("stNumberInputStepDown").click()
    expect(page.get_by_text("the page stays with the last one")).to_have_count(0)
    settled(page)
    expect(page.locator(".katex-error")).to_have_count(0)
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('[data-testid=stMain]'))")
