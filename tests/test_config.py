"""Settings and caches: nothing asked, nothing sent, everything bounded."""

import ast
import tomllib

from core.images import MAX_BYTES
from tests.conftest import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_starting_asks_nothing_and_sends_nothing():
    assert CONFIG["server"]["headless"] is True
    assert CONFIG["server"]["showEmailPrompt"] is False
    assert CONFIG["browser"]["gatherUsageStats"] is False


def test_uploads_have_one_limit():
    assert CONFIG["server"]["maxUploadSize"] * 1024**2 == MAX_BYTES
    assert CONFIG["server"]["enableXsrfProtection"] is True


def test_caches_are_in_one_place_and_bounded():
    found = []
    for path in [*ROOT.glob("pages/**/*.py"), ROOT / "streamlit_app.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"cache_data", "cache_resource"}:
                assert path.name == "cached.py", f"a cache in {path}"
            is_cache = isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "st.cache_data",
                "st.cache_resource",
                "cache",
            }
            if is_cache and path.name == "cached.py":
                assert isinstance(node, ast.Call)
                found.append("max_entries" in {keyword.arg for keyword in node.keywords})
    assert len(found) >= 5
    assert all(found)


def test_nothing_typed_or_uploaded_becomes_markup_or_code():
    for path in [*ROOT.glob("pages/**/*.py"), *ROOT.glob("core/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"eval", "exec", "pickle.load", "pickle.loads", "sympify"}, path
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert "unsafe_allow_html" not in keywords, path
                assert keywords.get("weights_only", "True") == "True", path
    for path in ROOT.glob("pages/**/*.js"):
        assert "innerHTML" not in path.read_text(encoding="utf-8")
