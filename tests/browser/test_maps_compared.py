"""The page that compares maps in a browser: pins are in the address, which reopens them on a narrow screen."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit, settled


def test_two_pins_and_their_link(visit: Visit):
    page = visit("maps-compared?x_a=harbour~resnet_cifar10~layer2.1~8~gradcam")
    page.get_by_role("button", name="Pin this as B").click()
    expect(page.get_by_text("A less B", exact=True)).to_be_visible()
    settled(page)
    assert "x_b=harbour" in page.url
    other = visit(page.url.split("/", 3)[3], width=390)
    expect(other.get_by_text("A less B", exact=True)).to_be_visible()
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    assert other.locator(".maps canvas").count() == 4
