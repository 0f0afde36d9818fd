"""What is done before the first visitor, in a process of its own."""

import subprocess
import sys

from tests.conftest import ROOT

PROGRAM = """
import gc, sys, torch
from pages.ui.server import warm_up
warm_up()
assert gc.get_freeze_count() > 50_000, gc.get_freeze_count()
assert torch.get_num_threads() == 1
assert {"plotly.graph_objects", "sympy"} <= sys.modules.keys()
from pages.ui import cached
assert cached.network("resnet_cifar10") is cached.network("resnet_cifar10")
"""


def test_the_warm_up_freezes_what_it_imported():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
