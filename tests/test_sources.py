"""The project's own code, read by many sessions at once."""

from concurrent.futures import ThreadPoolExecutor

from core import sources
from core.nn.odenet import ODEBlock
from tests.conftest import ROOT


def test_a_class_is_found_whole():
    text = sources.source(ODEBlock)
    assert text.startswith("class ODEBlock(nn.Module):")
    assert "def counted" in text


def test_many_threads_may_ask_at_once():
    paths = sorted(ROOT.glob("core/ode/*.py")) * 4
    with ThreadPoolExecutor(8) as threads:
        trees = list(threads.map(sources.tree, paths))
    assert len(trees) == len(paths)
    assert all(tree.body for tree in trees)
