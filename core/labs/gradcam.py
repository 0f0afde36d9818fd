"""What a network saw in a picture: parameters -> result, with the words and exports that go with it."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from jaxtyping import Float

from core.cam import METHODS, Explanation, Trace
from core.cam.overlay import blend, on_picture, png
from core.images import Picture
from core.nn.preprocess import Fed
from core.nn.registry import Pretrained
from core.nn.stages import StageRow, Stages

WEAK = 0.5
"""Below this probability of its best class a network is said to have no clear answer."""

SAME, ELSEWHERE, BLANK = "mostly in the same place", "mostly somewhere else", "nowhere: a blank map"
PLACES = [SAME, ELSEWHERE, BLANK]
"""What one can predict of another class's map."""


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


def label(entry: Pretrained, index: int) -> str:
    """A class's name; with its number where another class has the same name."""
    names = entry.classes
    return names[index] if names.count(names[index]) == 1 else f"{names[index]} ({index})"


def about_answer(entry: Pretrained, result: Answer) -> str | None:
    """A sentence if the network has no clear answer, else None."""
    (best,) = result.best(1)
    probability = float(result.probabilities[best])
    if probability >= WEAK:
        return None
    sentence = (
        f"No clear answer: the best class, {label(entry, best)}, gets only {probability:.0%}. "
        f"This network knows {len(entry.classes):,} kinds of things; perhaps the picture shows none of them, "
        "or several. The heat below says what speaks for a class, not that the class is right."
    )
    if len(entry.classes) == 10:
        sentence += f" It knows only: {', '.join(entry.classes)}. The ImageNet networks know 1,000 kinds."
    return sentence


def about_map(entry: Pretrained, explanation: Explanation, method: str) -> str | None:
    """A sentence if the map is blank or the score is exactly 0, else None."""
    target = int(explanation.targets[0])
    name = label(entry, target)
    score = float(explanation.scores[0, target])
    raw = explanation.raw_map(method)[0]
    if not bool(explanation.gradient.any()):
        reason = (
            f"The score of {name} is exactly 0: this network's head ends in a ReLU, and every cell's value was "
            "negative before it. "
            if score == 0
            else ""
        )
        return (
            f"{reason}The gradient of {name} is 0 in every cell, so there is nothing to show: the blank map is right."
        )
    if float(raw.max()) <= 0:
        return (
            f"The map is blank: the weighted sum is at most {float(raw.max()):.3g}, and the ReLU leaves nothing. "
            f"At this layer no place speaks for {name}; try counter-evidence, another layer or another class."
        )
    return None


def about_crop(picture: Picture, fed: Fed) -> str | None:
    """A sentence if the network was fed only a part of the picture, else None."""
    left, top, right, bottom = fed.box
    height, width = picture.rgb.shape[:2]
    share = (right - left) * (bottom - top) / (width * height)
    if share > 0.999:
        return None
    return f"The network sees only the part inside the dashed frame: {share:.0%} of the picture."


def compare(guess: str, name: str, other: str, one: Explanation, two: Explanation, method: str) -> str:
    """Whether the prediction was right, and the number that settles it."""
    if float(two.raw_map(method).max()) <= 0:
        truth, reason = BLANK, f"at no cell does the weighted sum for {other} rise above 0"
    else:
        cosine = similarity(one, two, method)
        truth = SAME if cosine >= 0.5 else ELSEWHERE
        reason = f"the cosine between the two maps is {cosine:.2f} (1: the same place; 0: nothing shared)"
    verdict = "You were right" if guess == truth else "Not this time"
    return (
        f"**{verdict}: {truth}.** For {name} and {other}, {reason}. Each map shows what speaks for its own class, so two "
        "classes can share a place, such as a head that two animals have in common."
    )


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
    default = f"SAMPLES[{sample!r}].read()" if sample else None
    read = (
        f"picture = {default}"
        if default
        else "picture = read_picture(Path(sys.argv[1]).read_bytes())  # the path of your picture"
    )
    head = "from core.samples import SAMPLES" if sample else "from core.images import read_picture"
    imports = "" if sample else "import sys\n"
    return f'''"""{METHODS[params.method].title} of class {params.target} at {params.layer} of {params.model}.

Run it in the project's folder{"" if sample else ": python gradcam_script.py PICTURE"}. It writes overlay.png and arrays.npz.
"""

{imports}from pathlib import Path

import numpy as np

from core.cam import explain
from core.figures.theme import lut
{head}
from core.labs import gradcam
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY

{read}
if picture.digest != {picture_digest!r}:
    print("note: this is not the picture that the explorer showed")
entry = REGISTRY[{params.model!r}]
path = weights.find(entry)
if path is None:
    raise SystemExit(f"put {{entry.file}} into the folder WEIGHTS_DIR first")
net = weights.load(entry, path)
fed = feed(picture.rgb, entry.preprocessing)
explanation = explain(net, fed.x, {params.layer!r}, {params.target!r})
params = gradcam.{params!r}
Path("overlay.png").write_bytes(gradcam.overlay_png(picture, fed, explanation, params, lut(params.scale)))
np.savez_compressed("arrays.npz", **gradcam.arrays(fed, explanation, params.method))
print(entry.title, entry.classes[{params.target!r}], "score", float(explanation.scores[0, {params.target!r}]))
'''
