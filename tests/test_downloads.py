"""What a learner takes home: the script repeats the state, the files hold it and nothing else."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cam import METHODS, explain
from core.figures.theme import SEQUENTIAL, lut
from core.images import read_picture
from core.labs import gradcam
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY
from core.samples import SAMPLES
from tests.conftest import ROOT
from tests.pictures import GOOD

ENTRY = REGISTRY["resnet_cifar10"]
STATES = [
    ("harbour", gradcam.Params(ENTRY.name, "layer3.1", 8, "gradcam", "inferno", 0.55, True)),
    (None, gradcam.Params(ENTRY.name, "layer2.0", 3, "layercam", "cividis", 0.3, False)),
]


@pytest.mark.parametrize(("sample", "params"), STATES, ids=["sample", "upload"])
def test_the_script_repeats_the_state(sample: str | None, params: gradcam.Params, tmp_path: Path):
    data = GOOD[next(iter(GOOD))]
    picture = SAMPLES[sample].read() if sample else read_picture(data)
    own = tmp_path / "own picture.png"
    own.write_bytes(data)
    script = tmp_path / "gradcam_script.py"
    script.write_text(gradcam.script(params, picture.digest, sample), encoding="utf-8")
    arguments = [] if sample else [str(own)]
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "not the picture" not in done.stdout

    path = weights.find(ENTRY)
    assert path is not None
    fed = feed(picture.rgb, ENTRY.preprocessing)
    explanation = explain(weights.load(ENTRY, path), fed.x, params.layer, params.target)
    expected = gradcam.overlay_png(picture, fed, explanation, params, lut(params.scale))
    assert pixels((tmp_path / "overlay.png").read_bytes()) == pixels(expected)
    with (
        np.load(tmp_path / "arrays.npz") as got,
        np.load(BytesIO(gradcam.npz(fed, explanation, params.method))) as want,
    ):
        assert set(got) == set(want)
        for name in want:
            np.testing.assert_allclose(got[name], want[name], rtol=1e-5, atol=1e-6)


def pixels(png: bytes) -> tuple[tuple[int, int], bytes]:
    with Image.open(BytesIO(png)) as image:
        assert image.info == {}
        return image.size, image.tobytes()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", SEQUENTIAL)
def test_every_state_makes_a_program(method: str, scale: str):
    params = gradcam.Params(ENTRY.name, "layer1.0", 0, method, scale, 0.0, True)
    for sample in ("cat", None):
        compile(gradcam.script(params, "0" * 64, sample), "gradcam_script.py", "exec")
