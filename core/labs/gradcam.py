"""What a network saw in a picture: its answer, the overlay, and what a learner takes home."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from jaxtyping import Float

from core.cam import METHODS, Explanation, Trace
from core.cam.overlay import blend, on_picture, png
from core.images import Picture
from core.nn.preprocess import Fed
from core.nn.stages import StageRow, Stages


@dataclass(frozen=True)
class Params:
    """All that determines an overlay, beside the picture."""

    model: str
    layer: str
    target: int
    method: str
    scale: str
    opacity: float
    smooth: bool


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network says of a picture as a whole."""

    scores: Float[np.ndarray, " classes"]
    probabilities: Float[np.ndarray, " classes"]

    def best(self, count: int) -> list[int]:
        """The classes with the highest scores, best first."""
        return np.argsort(-self.scores, kind="stable")[:count].tolist()


def answer(passed: Trace) -> Answer:
    """Scores and probabilities of the only picture of a forward pass."""
    scores = passed.scores.detach()[0]
    return Answer(scores.numpy(), scores.softmax(0).numpy())


def layers(net: Stages, shape: tuple[int, ...]) -> list[StageRow]:
    """The stages whose output is a stack of feature maps for an input of `shape`, from input to output."""
    return [row for row in net.table(shape) if row.is_spatial]


def rival(result: Answer, target: int) -> int:
    """The class with the highest score beside `target`."""
    return next(index for index in result.best(2) if index != target)


def overlay_pixels(picture: Picture, fed: Fed, explanation: Explanation, params: Params, lut: np.ndarray) -> np.ndarray:
    """The picture with the class activation map on it: uint8 (h, w, 3)."""
    values = explanation.map(params.method)[0].numpy()
    on = on_picture(values, picture.rgb.shape[:2], fed.box, params.smooth)
    return blend(picture.rgb, on, lut, (0.0, float(values.max())), params.opacity)


def overlay_png(picture: Picture, fed: Fed, explanation: Explanation, params: Params, lut: np.ndarray) -> bytes:
    """`overlay_pixels` as a PNG file without metadata."""
    return png(overlay_pixels(picture, fed, explanation, params, lut))


def arrays(fed: Fed, explanation: Explanation, method: str) -> dict[str, np.ndarray]:
    """Everything that was computed, under the names of the formulas."""
    return {
        "x": fed.x[0].numpy(),
        "box": np.array(fed.box),
        "scores": explanation.scores[0].numpy(),
        "target": explanation.targets.numpy(),
        "A": explanation.activation[0].numpy(),
        "gradient": explanation.gradient[0].numpy(),
        "alpha": explanation.alpha[0].numpy(),
        "raw_map": explanation.raw_map(method)[0].numpy(),
        "map": explanation.map(method)[0].numpy(),
    }


def npz(fed: Fed, explanation: Explanation, method: str) -> bytes:
    """`arrays` as an npz file."""
    stream = BytesIO()
    np.savez_compressed(stream, **arrays(fed, explanation, method))  # pyright: ignore[reportArgumentType] (numpy's stub mistakes ** for allow_pickle)
    return stream.getvalue()


def similarity(one: Explanation, other: Explanation, method: str) -> float:
    """Cosine of the angle between two class activation maps: 1 for the same place, 0 for disjoint ones or a blank."""
    a, b = one.map(method).flatten(), other.map(method).flatten()
    return float(torch.nn.functional.cosine_similarity(a, b, dim=0))


def script(params: Params, picture_digest: str, sample: str | None) -> str:
    """A program that repeats exactly this state with `core` and writes the overlay and the arrays."""
    if sample:
        usage, source = "", f"SAMPLES[{sample!r}].read()"
        imports = "from core.samples import SAMPLES"
    else:
        usage, source = " with the path of the picture", "read_picture(Path(sys.argv[1]).read_bytes())"
        imports = "from core.images import read_picture"
    return _SCRIPT.format(
        title=METHODS[params.method].title,
        params=params,
        digest=picture_digest,
        usage=usage,
        source=source,
        imports=imports,
        sys="" if sample else "import sys\n",
    )


_SCRIPT = '''"""{title} of class {params.target} at {params.layer} of {params.model}.

Run it in the project's folder{usage}. It writes overlay.png and arrays.npz.
"""

{sys}from pathlib import Path

from core.cam import explain
from core.figures.theme import lut
{imports}
from core.labs import gradcam
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY

params = gradcam.{params!r}
picture = {source}
if picture.digest != "{digest}":
    print("This is not the picture that the explorer showed.")

entry = REGISTRY[params.model]
path = weights.find(entry)
if path is None:
    raise SystemExit(weights.advice(entry))
net = weights.load(entry, path)
fed = feed(picture.rgb, entry.preprocessing)
explanation = explain(net, fed.x, params.layer, params.target)

Path("overlay.png").write_bytes(gradcam.overlay_png(picture, fed, explanation, params, lut(params.scale)))
Path("arrays.npz").write_bytes(gradcam.npz(fed, explanation, params.method))
print(f"{{entry.classes[params.target]}}: score {{float(explanation.scores[0, params.target]):.4f}}")
'''
