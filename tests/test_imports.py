"""Who may import whom: the house's rule, read from the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "core.expression": {"core.expression"},
    "core.images": set(),
    "core.samples": {"core.images"},
    "core.sources": set(),
    "core.nn": {"core.nn", "core.ode"},
    "core.cam": {"core.cam", "core.nn", "core.ode"},
    "core.ode": {"core.ode"},
    "core.conv": {"core.conv"},
    # its formulas are held against the functions that compute them
    "core.derivations": {"core.derivations", "core.ode", "core.nn", "core.cam", "core.conv", "core.expression"},
    "core.labs": {
        "core.labs",
        "core.expression",
        "core.ode",
        "core.nn",
        "core.cam",
        "core.conv",
        "core.derivations",
        "core.images",
        "core.sources",
    },
    "core.figures": {"core.figures", "core.labs", "core.cam"},  # core.cam: an Explanation is a result
}
"""Package -> what it may import of the project."""

THIRD_PARTY = {
    "core.ode": {"torch", "numpy", "scipy", "typing_extensions"},  # numpy: steps on small states; scipy: one method
    "core.figures": {"numpy", "plotly", "jaxtyping"},
}
"""Packages that may import no other third-party package than these."""

FILES = sorted([*ROOT.glob("core/**/*.py"), *ROOT.glob("pages/**/*.py"), ROOT / "streamlit_app.py"])


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            # `from core import x` names a module too
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module in {"core", "pages.ui"})


def inside(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def home(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:2])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_table(path: Path):
    package = home(path)
    for name in imports(path):
        if path.is_relative_to(ROOT / "core"):
            assert not inside(name, {"streamlit", "pages"}), f"core imports {name}"
            if package != "core.figures":
                assert not inside(name, {"plotly"}), f"plotly outside core.figures: {name}"
            if name.startswith("core.") and package in MAY_IMPORT:
                assert inside(name, MAY_IMPORT[package]), f"{package} imports {name}"
            top = name.split(".")[0]
            if package in THIRD_PARTY and top not in {"core", ""} and not is_standard(top):
                assert top in THIRD_PARTY[package], f"{package} imports {top}"
        else:
            assert not inside(name, {"tests", "benchmarks"})


def test_every_package_of_core_is_in_the_table():
    found = {home(path) for path in FILES if path.is_relative_to(ROOT / "core") and path.parent != ROOT / "core"}
    assert found <= MAY_IMPORT.keys()


@pytest.mark.parametrize("path", sorted(ROOT.glob("pages/[0-9]*.py")), ids=lambda path: path.name)
def test_a_page_is_one_literate_script(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    defined = [n for n in ast.walk(tree) if isinstance(n, (ast.ClassDef, ast.FunctionDef))]
    assert defined == []
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


def is_standard(top: str) -> bool:
    import sys

    return top in sys.stdlib_module_names
