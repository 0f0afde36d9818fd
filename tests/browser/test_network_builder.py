"""The network builder by hand and by keyboard: add, break, repair; a file saved and opened; the link; both programs."""

import runpy
from typing import Any

import pytest
import torch
from playwright.sync_api import expect

from core.conv.presets import PRESETS
from core.conv.storing import from_json
from tests.browser.conftest import Visit, settled


def test_add_break_and_repair(visit: Visit):
    page = visit("network-builder?b_net=3x32x32_Cp1AMFL&b_new=dropout")
    table = page.locator(".st-key-b_table table")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(7)  # the input, five layers and the total
    page.locator(".st-key-b_add button").click()
    expect(rows).to_have_count(8)
    expect(rows.nth(2)).to_contain_text("dropout: rate 0.5")
    page.wait_for_url("**b_net=3x32x32_Cp1DAMFL*")
    layer = page.locator(".st-key-b_at input")
    layer.focus()  # by keyboard: choose the flatten layer, and remove it
    page.keyboard.type("flatten")
    page.keyboard.press("Enter")
    expect(rows.nth(5).locator("strong")).to_have_text("flatten")
    page.locator(".st-key-b_remove button").focus()
    page.keyboard.press("Enter")
    error = page.locator("[data-testid=stAlert]").first
    expect(error).to_contain_text("Layer 5 (dense: 10 units) cannot take its input 16 x 16 x 16")
    expect(rows.nth(1)).to_contain_text("442,368")
    expect(rows.nth(5)).to_contain_text("✗")
    page.locator(".st-key-b_repair button").click()
    expect(page.locator(".st-key-b_repair")).to_have_count(0)
    expect(rows.nth(6)).to_contain_text("40,970")
    page.wait_for_url("**b_net=3x32x32_Cp1DAMFL*")


@pytest.mark.slow
def test_a_saved_network_opens_in_another_visit_and_fits_a_phone(visit: Visit):
    page = visit("network-builder?b_net=vgg19", width=390)
    with page.expect_download() as saved:
        page.locator(".st-key-b_save button").click()
    data = saved.value.path().read_bytes()
    assert from_json(data) == PRESETS["vgg19"].network
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('[data-testid=stMain]'))")
    other = visit("network-builder")
    chooser = other.locator(".st-key-b_upload input[type=file]")
    chooser.set_input_files({"name": "network.json", "mimeType": "application/json", "buffer": data})
    expect(other.locator(".st-key-b_table table")).to_contain_text("143,667,240")
    other.wait_for_url("**b_net=vgg19*")
    settled(other)


@pytest.mark.slow
def test_both_programs_are_downloaded_and_count_what_the_page_counts(visit: Visit, keras: Any):
    page = visit("network-builder?b_net=lenet5")
    programs = {}
    for tab, name in (("PyTorch", "network_torch.py"), ("Keras", "network_keras.py")):
        page.get_by_role("tab", name=tab).click()
        with page.expect_download() as saved:
            page.locator(f".st-key-b_{name.replace('.', '-')} button").click()
        assert saved.value.suggested_filename == name
        programs[tab] = runpy.run_path(str(saved.value.path()))["network"]
    expect(page.locator(".st-key-b_table table")).to_contain_text("61,706")
    assert sum(p.numel() for p in programs["PyTorch"].parameters()) == 61_706
    assert programs["PyTorch"](torch.zeros(1, 1, 32, 32)).shape == (1, 10)
    assert programs["Keras"].count_params() == 61_706
    assert programs["Keras"].output_shape == (None, 10)
