"""A download of weights as a person sees it: progress, cancel, and then the heat."""

import io
from pathlib import Path

import torch
from playwright.sync_api import Browser, expect

from core.nn.squeezenet import squeezenet1_1
from tests.app_server import running_app
from tests.browser.conftest import drawn
from tests.nn.weight_server import leftovers, serving


def test_progress_cancel_and_a_second_try(browser: Browser, tmp_path: Path):
    stream = io.BytesIO()
    torch.save(squeezenet1_1().state_dict(), stream)
    folder = tmp_path / "neural-ode-gradcam" / "weights"
    with serving(stream.getvalue(), "trickle") as server:
        local = {"LOCAL_WEIGHTS": str(server.entry().url), "XDG_CACHE_HOME": str(tmp_path), "WEIGHTS_DIR": ""}
        with running_app("tests/app_with_local_weights.py", **local) as address, browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{address}/gradcam?network=squeezenet1_1")
            page.get_by_role("button", name="Download 5 MB").click()
            expect(page.get_by_text("of 4.7 MB")).to_be_visible(timeout=20_000)
            assert [name.endswith(".part") for name in leftovers(folder)] == [True]
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
            expect(page.get_by_text("of 4.7 MB")).to_have_count(0)
            assert leftovers(folder) == []

            server.mode = "well"
            page.get_by_role("button", name="Download 5 MB").click()
            drawn(page)
            expect(page.get_by_role("combobox", name="Layer")).to_have_value("features.12: 512 maps of 13 x 13")
            assert leftovers(folder) == [server.entry().file]
