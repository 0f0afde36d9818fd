"""The embedded network on photographs, at several input sizes: why its input has 48 pixels a side.

    python -m benchmarks.photographs --photos FOLDER

FOLDER holds photographs named by ImageNet class, such as ``160_Afghan_hound.jpg``. For every length of the
input's shorter side are printed: how many photographs of the network's own ten classes it names rightly, how
many it names wrongly with a probability of at least `WEAK`, for how many of the other photographs it says
that it has no clear answer, and how many cells the map of a 4 : 3 picture has.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from core.images import read_picture
from core.labs.gradcam_words import WEAK
from core.nn import weights
from core.nn.preprocess import feed
from core.nn.registry import REGISTRY
from core.nn.stages import Stages

ENTRY = REGISTRY["resnet_cifar10"]
SIDES = (32, 40, 48, 56, 64)
OF_ITS_CLASSES = {
    "016_bulbul": "bird",
    "032_tailed_frog": "frog",
    "080_black_grouse": "bird",
    "096_toucan": "bird",
    "128_black_stork": "bird",
    "144_pelican": "bird",
    "160_Afghan_hound": "dog",
    "176_Saluki": "dog",
    "192_cairn": "dog",
    "208_Labrador_retriever": "dog",
    "224_groenendael": "dog",
    "240_Appenzeller": "dog",
    "256_Newfoundland": "dog",
    "352_impala": "deer",
    "576_gondola": "ship",
    "656_minivan": "automobile",
    "864_tow_truck": "truck",
}
"""Photographs that show one of the ten classes, and which."""


def answers(net: Stages, folder: Path, side: int) -> dict[str, tuple[str, float]]:
    """Name of every photograph -> best class and its probability, the shorter side of the input being `side`."""
    preprocessing = replace(ENTRY.preprocessing, short_side=side)
    found = {}
    for path in sorted(folder.glob("*.jpg")):
        x = feed(read_picture(path.read_bytes()).rgb, preprocessing).x
        with torch.no_grad():
            probability, best = net(x).softmax(1)[0].max(0)
        found[path.stem] = ENTRY.classes[int(best)], float(probability)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    folder = parser.parse_args().photos
    path = weights.find(ENTRY)
    if path is None:
        raise SystemExit(weights.advice(ENTRY))
    net = weights.load(ENTRY, path)
    print(f"{'side':>4}{'right':>10}{'sure, wrong':>13}{'others unsure':>15}{'cells':>10}")
    for side in SIDES:
        found = answers(net, folder, side)
        own = {name: found[name] for name in OF_ITS_CLASSES if name in found}
        right = sum(best == OF_ITS_CLASSES[name] for name, (best, _) in own.items())
        wrong = sum(best != OF_ITS_CLASSES[name] and p >= WEAK for name, (best, p) in own.items())
        others = [p for name, (_, p) in found.items() if name not in own]
        unsure = sum(p < WEAK for p in others)
        cells = f"{side // 4} x {side // 3}"
        print(f"{side:4}{f'{right}/{len(own)}':>10}{wrong:13}{f'{unsure}/{len(others)}':>15}{cells:>10}")


if __name__ == "__main__":
    main()
