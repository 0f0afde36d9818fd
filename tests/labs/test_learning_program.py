"""The program that the page hands out repeats the page's training, with either package."""

import difflib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

from core.labs import measurements
from core.labs.learning import Training
from core.labs.learning_problem import Problem, Settings
from core.labs.learning_program import FLAVOURS, program, trajectory_csv, weights_file, why_not
from core.labs.measurements import Measurements
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def run(text: str, folder: Path, own: Measurements | None, table: str = measurements.example_csv()) -> list[float]:
    (folder / "learn.py").write_text(text)
    (folder / "data.csv").write_text(table, encoding="utf-8")
    command = [sys.executable, "-W", "error", "learn.py", *(["data.csv"] if own else [])]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return [float(line.split()[1]) for line in done.stdout.splitlines()[:-1]]


SPIRAL, CSV = None, measurements.example()


@pytest.mark.parametrize(
    ("own", "gradient", "method"),
    [(SPIRAL, "direct", "dopri5"), (CSV, "adjoint", "rk4"), (SPIRAL, "checkpointed", "tsit5")],
    ids=["spiral-direct", "csv-adjoint", "spiral-checkpointed"],
)
def test_the_program_repeats_the_losses(own: Measurements | None, gradient: str, method: str, tmp_path: Path):
    problem = Problem(cubed=own is None, seed=2)
    settings = Settings(method, gradient=gradient, iterations=4, batch_size=5, batch_time=5)
    work = Training(problem, settings, own)
    while work.done < work.total:
        work.step()
    for flavour in FLAVOURS:
        if why_not(settings, flavour):
            continue
        if flavour == "torchdiffeq":
            pytest.importorskip("torchdiffeq")
        losses = run(program(problem, settings, work.data, flavour, own), tmp_path, own)
        np.testing.assert_allclose(losses, work.losses, rtol=1e-12 if flavour == "core.ode" else 1e-4)


def test_the_program_reads_a_file_as_the_page_does(tmp_path: Path):
    rows = "".join(f"{i};{np.cos(i)};{np.sin(i)}\n\n" for i in range(12))
    text = f'\ufeff\nt;"x,\x0c in\u2028m";"two\nlines"\n{rows}'
    own = measurements.read_measurements(text.encode())
    problem, settings = Problem(cubed=False), Settings(iterations=2, batch_size=5, batch_time=3)
    work = Training(problem, settings, own)
    work.step()
    work.step()
    losses = run(program(problem, settings, work.data, "core.ode", own), tmp_path, own, text)
    np.testing.assert_allclose(losses, work.losses, rtol=1e-12)


def test_the_two_programs_differ_in_one_line():
    problem, settings = Problem(), Settings(gradient="adjoint")
    data = Training(problem, settings).data
    one, two = (program(problem, settings, data, flavour).splitlines() for flavour in FLAVOURS)
    changed = [line for line in difflib.ndiff(one, two) if line[0] in "+-"]
    assert changed == [
        "- from core.ode import odeint, odeint_adjoint",
        "+ from torchdiffeq import odeint, odeint_adjoint",
    ]


def test_what_torchdiffeq_lacks_is_refused_with_a_reason():
    settings = Settings(gradient="checkpointed")
    data = Training(Problem(), settings).data
    with pytest.raises(ValueError, match="has no checkpointed gradient"):
        program(Problem(), settings, data, "torchdiffeq")
    assert "tsit5" in why_not(Settings("tsit5"), "torchdiffeq")
    assert not why_not(settings, "core.ode")


def test_weights_and_trajectory_hold_what_was_learned():
    work = Training(Problem(), Settings(iterations=2))
    work.step()
    progress = work.snapshot()
    for name, value in load(weights_file(progress)).items():
        assert torch.equal(value, work.field.state_dict()[name])
    table = np.genfromtxt(trajectory_csv(progress).splitlines(), delimiter=",", skip_header=1)
    np.testing.assert_allclose(table[:, 1:], progress.learned, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(table[:, 0], progress.times)
