"""Weights fetched from the page, from a real server on this machine."""

import io
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.nn import weights
from core.nn.registry import REGISTRY
from core.nn.squeezenet import squeezenet1_1
from pages.ui import cached
from pages.ui.menu import lessons
from tests.nn.weight_server import WeightServer, leftovers, serving

NAME = "squeezenet1_1"


@pytest.fixture(scope="module")
def body() -> bytes:
    stream = io.BytesIO()
    torch.save(squeezenet1_1().state_dict(), stream)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path) -> Path:
    """Where downloads go: empty at first."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("WEIGHTS_DIR", raising=False)
    weights.cache_folder().mkdir(parents=True)
    cached.network.clear()
    return weights.cache_folder()


def download(server: WeightServer, monkeypatch) -> AppTest:
    monkeypatch.setitem(REGISTRY, NAME, server.entry())
    at = AppTest.from_file(str(lessons()["gradcam"].path), default_timeout=60)
    at.query_params["network"] = NAME
    at.run()
    assert "MB" in at.info[0].value
    at.button(key="download").click().run()
    assert [error.value for error in at.exception] == []
    return at


def test_a_download_ends_in_an_explained_picture(body, folder, monkeypatch):
    with serving(body) as server:
        at = download(server, monkeypatch)
    assert leftovers(folder) == [server.entry().file]
    assert at.selectbox(key="layer").value == "features.12"
    assert at.get("bidi_component")


@pytest.mark.parametrize(
    ("mode", "says"), [("half", "cut off"), ("missing", "404"), ("html", "not the official file")], ids=str
)
def test_a_failure_is_a_sentence_and_can_be_tried_again(body, folder, monkeypatch, mode, says):
    with serving(body, mode) as server:
        at = download(server, monkeypatch)
        assert says in at.error[0].value
        assert "WEIGHTS_DIR" in at.error[0].value
        assert leftovers(folder) == []
        server.mode = "well"
        at.button(key="download").click().run()
    assert not at.error
    assert at.get("bidi_component")


def test_a_damaged_file_in_the_weights_folder_is_a_sentence(body, folder, monkeypatch):
    (folder / f"{NAME}.safetensors").write_bytes(body[:1000])
    at = AppTest.from_file(str(lessons()["gradcam"].path), default_timeout=60)
    at.query_params["network"] = NAME
    at.run()
    assert [error.value for error in at.exception] == []
    assert f"{NAME}.safetensors" in at.error[0].value
