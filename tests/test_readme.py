"""What the README promises."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ANSWERS = (r"\d+ \d+ \d+ tensor\(\[[-\d., ]+\]\)\n", r"ship torch\.Size\(\[1, 12.*\n")


@pytest.mark.parametrize(("program", "answer"), list(zip(PROGRAMS, ANSWERS, strict=True)), ids=["solve", "explain"])
def test_the_examples_run_as_printed(program: str, answer: str):
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.fullmatch(answer, done.stdout)


def test_every_path_of_the_map_exists():
    paths = re.findall(r"^\| (`.*?`) \|", README, re.MULTILINE)
    for path in re.findall(r"`([^`]+)`", " ".join(paths)):
        assert list(ROOT.glob(path.rstrip("/").replace("NN", "[0-9]*").replace("topic", "*"))), path
    assert (ROOT / "assets" / "screenshot.png").exists()


def test_the_two_commands():
    assert "\npip install -r requirements.txt && streamlit run streamlit_app.py\n" in README
    assert "\npip install -r requirements-dev.txt && pytest -n auto --dist worksteal\n" in README
