"""What many tests share."""

from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]

collect_ignore = ["app_with_local_weights.py"]  # an app, not a module of tests


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and weights that stands beside a development checkout, and is not part of the project."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared (photographs, published shapes, a real ImageNet network) is not here")
    return folder


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small tensors: threads would only wait for each other, for seconds where other work keeps the cores busy."""
    torch.set_num_threads(1)
