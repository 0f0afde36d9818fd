"""What many tests share."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch
from streamlit.components.v2 import manifest_scanner

ROOT = Path(__file__).resolve().parents[1]

SHARED = ROOT.parent / "shared"
"""Data and weights beside a development checkout; not part of the project."""
NO_SHARED = "the folder ../shared (photographs, published shapes, a real ImageNet network) is not here"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=NO_SHARED)

collect_ignore = ["app_with_local_weights.py", "app_with_scenes.py", "app_with_training.py"]  # apps, not tests


@pytest.fixture(scope="session")
def shared() -> Path:
    """`SHARED`; a test that asks for it skips where it is not."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small tensors: threads would only wait for each other, for seconds where other work keeps the cores busy."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def one_scan() -> Iterator[None]:
    """Each AppTest looks through all installed packages for components of theirs, a quarter of a second: once will do.

    What it finds is the same each time, since nothing is installed in between.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    """Keras on torch, which reads its backend from the environment when it is imported."""
    os.environ["KERAS_BACKEND"] = "torch"
    return pytest.importorskip("keras", reason="Keras, an oracle of development, is not installed")
