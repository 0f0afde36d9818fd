"""The list of threats names tests that exist."""

import ast
import re

import pytest

from tests.conftest import ROOT

NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))


def test_each_threat_is_met_by_something():
    lines = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(lines) > 15
    assert all(line.rstrip("| ").endswith(("`", "by hand")) for line in lines)


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_named_tests_are_there(path: str, test: str):
    found = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
    assert not test or test in names
