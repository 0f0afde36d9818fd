r"""Do the maps point at the objects?

    python -m benchmarks.truth [--scenes 500] [--data cifar10-jpeg.tar.xz]

1. Scenes with known boxes, none of which was in a training: the pointing game and IoU at 15 % of the maximum of every
   method, beside a random place and the centre (see `core.labs.pointing`, also for the intervals).
2. The planted shortcut: what both networks of scenes say, and where their heat points, with and without star and tag.
3. With `--data`: two CIFAR-10 test pictures of different classes in two of the four quadrants of a grey canvas of
   64 x 64 pixels. Does the hottest place of each class's map lie in its quadrant? Chance is 0.25.

Targets: Grad-CAM's pointing game reaches 0.9 on scenes, and 0.95 on quadrants.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.tables import network, table
from core.cam import METHODS, explain
from core.cam.metrics import points_at
from core.labs import pointing, shortcut
from core.nn import cifar10
from core.nn.registry import REGISTRY
from core.nn.scenes import Box

SIDE, PICTURE = 64, 32


def interval(estimate: pointing.Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def verdict(estimate: pointing.Estimate, target: float) -> None:
    print(f"\nGrad-CAM {estimate.value:.3f}, target {target}: {'met' if estimate.value >= target else 'MISSED'}")


def on_scenes(count: int, seed: int) -> None:
    net = network("scenes")
    for layer in ("layer3.0", "layer2.0", "layer1.0"):
        result = pointing.run(net, pointing.Params(count, seed, layer))
        of = result.rows[0].pointing.of
        rows = [[pointing.TITLES[row.method], *map(interval, (row.pointing, row.near, row.iou))] for row in result.rows]
        title = f"{count} scenes, {of} objects, {interval(result.found)} of them found; {layer}"
        table(title, ["method", "pointing game", "or one cell beside", "IoU"], rows)
        if layer == "layer3.0":
            verdict(result.row("gradcam").pointing, 0.9)


def on_shortcut(count: int, seed: int) -> None:
    nets = {name: network(name) for name in shortcut.NETWORKS}
    result = shortcut.run(nets, shortcut.Params(count, seed))
    asked = [(star, tag) for star in (1, 0) for tag in (0, 1)]
    names = {1: "a star", 0: "no star"}, {1: "a tag", 0: "no tag"}
    rows = [
        [shortcut.NETWORKS[name], *(interval(answers.says[star][tag]) for star, tag in asked)]
        for name, answers in result.of.items()
    ]
    table(f"{count} scenes: says star", ["network", *(f"{names[0][s]}, {names[1][t]}" for s, t in asked)], rows)
    rows = [
        [shortcut.NETWORKS[name], *(interval(answers.points[place]) for place in shortcut.PLACES)]
        for name, answers in result.of.items()
    ]
    table("Heat for star, where both star and tag are there", ["network", *shortcut.PLACES], rows)


def canvases(test: cifar10.Split, count: int, seed: int) -> Iterator[tuple[Tensor, list[int], list[Box]]]:
    """Normalised canvases (1, 3, 64, 64), the two classes, and their quadrants."""
    random = np.random.default_rng(seed)
    corners = [(row, column) for row in (0, PICTURE) for column in (0, PICTURE)]
    while count:
        chosen = random.choice(len(test.labels), 2, replace=False)
        labels = test.labels[chosen].tolist()
        if labels[0] == labels[1]:
            continue
        count -= 1
        x, boxes = torch.zeros(1, 3, SIDE, SIDE), []
        for number, corner in zip(chosen, random.permutation(4)[:2], strict=True):
            row, column = corners[corner]
            here = x[0, :, row : row + PICTURE, column : column + PICTURE]
            here.copy_(cifar10.normalise(test.pictures[number : number + 1])[0])
            boxes.append((column, row, column + PICTURE, row + PICTURE))
        yield x, labels, boxes


def on_quadrants(data: Path, count: int, seed: int) -> None:
    _, test = cifar10.read(data, cache=Path("runs/cifar10/data.npz"))
    for name in ("resnet_cifar10", "odenet_cifar10"):
        net, layer = network(name), REGISTRY[name].default_layer
        hits: dict[str, list[bool]] = {method: [] for method in METHODS}
        for x, labels, boxes in canvases(test, count, seed):
            explanation = explain(net, x.expand(2, -1, -1, -1), layer, labels)
            for method, found in hits.items():
                maps = explanation.map(method)[:, None]
                heats = F.interpolate(maps, size=(SIDE, SIDE), mode="bilinear", align_corners=False)[:, 0].numpy()
                found += [points_at(heat, box) for heat, box in zip(heats, boxes, strict=True)]
        rates = {method: pointing.share(np.array(found)) for method, found in hits.items()}
        rows = [[METHODS[method].title, interval(rate)] for method, rate in rates.items()]
        title = f"{count} canvases of four quadrants, two pictures each: {name}, {layer}"
        table(title, ["method", "pointing game (chance 0.25)"], rows)
        verdict(rates["gradcam"], 0.95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="CIFAR-10: tar archive of train|test/<class>/*.jpg")
    arguments = parser.parse_args()
    on_scenes(arguments.scenes, arguments.seed)
    on_shortcut(arguments.scenes, arguments.seed)
    if arguments.data is not None:
        on_quadrants(arguments.data, arguments.scenes, arguments.seed)


if __name__ == "__main__":
    main()
