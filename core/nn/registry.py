"""The trained networks that the tutorial can explain, as data.

Source: the tables of weights in torchvision's documentation (addresses, accuracies, preprocessing).
An official file's name ends in the first 8 hex digits of its sha256.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.nn import cifar10, scenes
from core.nn.odenet import Solver, odenet_cifar
from core.nn.preprocess import Preprocessing
from core.nn.resnet import resnet18, resnet34, resnet50, resnet_cifar, resnet_scenes
from core.nn.squeezenet import squeezenet1_0, squeezenet1_1
from core.nn.stages import Stages
from core.nn.vgg import vgg11, vgg13, vgg16, vgg16_bn, vgg19

ASSETS = Path(__file__).resolve().parents[2] / "assets"
"""The files that come with the program."""

IMAGENET_CLASSES = tuple((ASSETS / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines())
"""The 1,000 class names in index order."""


@dataclass(frozen=True)
class Pretrained:
    """One network with trained weights: what it is, where its weights are, how it is fed."""

    name: str
    """Key in `REGISTRY` and torchvision's name; ``<name>.safetensors`` is accepted as a weight file."""
    title: str
    """What a menu shows."""
    build: Callable[[], Stages]
    """Makes the network, untrained."""
    parameters: int
    url: str | None
    """Official address; None for the network that comes with the program."""
    file: str
    """Name of the weight file."""
    megabytes: float
    """Size of that file in units of 2**20 bytes."""
    sha256_prefix: str | None
    """First 8 hex digits of the file's sha256; None for the network that comes with the program."""
    top1: float
    """Accuracy on the data set's evaluation pictures, in percent."""
    top5: float | None
    """Percentage of those pictures whose class is among the five largest logits."""
    preprocessing: Preprocessing
    default_layer: str
    """The stage whose output Grad-CAM explains unless told otherwise."""
    classes: tuple[str, ...] = field(default=IMAGENET_CLASSES, repr=False, compare=False)
    """Names of the outputs, in index order."""


def _torchvision(
    title: str,
    build: Callable[[], Stages],
    parameters: int,
    file: str,
    megabytes: float,
    accuracies: tuple[float, float],
    default_layer: str,
    short_side: int = 256,
) -> Pretrained:
    prefix = file.removesuffix(".pth").rpartition("-")[2]
    url = f"https://download.pytorch.org/models/{file}"
    preprocessing = Preprocessing(short_side, 224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    return Pretrained(
        build.__name__,
        title,
        build,
        parameters,
        url,
        file,
        megabytes,
        prefix,
        *accuracies,
        preprocessing,
        default_layer,
    )


def _card(name: str) -> dict[str, Any]:
    """What stands beside the weights: how they were made, and what they are worth."""
    return json.loads((ASSETS / f"{name}.json").read_text(encoding="utf-8"))


def _embedded(
    name: str,
    title: str,
    build: Callable[[], Stages],
    preprocessing: Preprocessing,
    default_layer: str,
    classes: tuple[str, ...],
    accuracy: tuple[str, ...],
) -> Pretrained:
    """A network trained by this project; the card beside its weights holds its size and, under `accuracy`, that."""
    card, file = _card(name), f"{name}.safetensors"
    megabytes = round((ASSETS / file).stat().st_size / 2**20, 2)
    share: Any = functools.reduce(lambda found, key: found[key], accuracy, card)
    return Pretrained(
        name,
        title,
        build,
        card["parameters"],
        None,
        file,
        megabytes,
        None,
        100 * share,
        None,
        preprocessing,
        default_layer,
        classes,
    )


def _cifar10(name: str, title: str, build: Callable[[], Stages], default_layer: str) -> Pretrained:
    """Trained by `core.nn.train_cifar10`."""
    preprocessing = Preprocessing(48, None, cifar10.MEAN, cifar10.STD)
    return _embedded(
        name, title, build, preprocessing, default_layer, cifar10.CLASSES, ("test_accuracy_by_canvas", "32")
    )


def _odenet(name: str, title: str) -> Pretrained:
    """Solved as in the last run of its training; its accuracy was measured so."""
    run = _card(name)["runs"][-1]
    solver = Solver(run["method"], step_size=run["step_size"])
    return _cifar10(name, title, functools.partial(odenet_cifar, solver=solver), "last_relu")


def _scenes(name: str, title: str) -> Pretrained:
    """Trained by `core.nn.train_scenes`; its scores are no distribution: several kinds may be there, or none."""
    half = (0.5, 0.5, 0.5)
    preprocessing = Preprocessing(scenes.CANVAS, None, half, half)
    return _embedded(
        name,
        title,
        resnet_scenes,
        preprocessing,
        "layer3.0",
        scenes.CLASSES,
        ("accuracy", "unseen scenes", "each answer"),
    )


# fmt: off
_MENU = (
    _cifar10("resnet_cifar10", "ResNet for CIFAR-10", resnet_cifar, "layer3.1"),
    _odenet("odenet_cifar10", "ODE-Net for CIFAR-10"),
    _torchvision("SqueezeNet 1.1", squeezenet1_1, 1_235_496, "squeezenet1_1-b8a52dc0.pth", 4.729, (58.178, 80.624), "features.12"),  # noqa: E501 (a table)
    _torchvision("SqueezeNet 1.0", squeezenet1_0, 1_248_424, "squeezenet1_0-b66bff10.pth", 4.778, (58.092, 80.420), "features.12"),  # noqa: E501
    _torchvision("ResNet-18", resnet18, 11_689_512, "resnet18-f37072fd.pth", 44.661, (69.758, 89.078), "layer4.1"),
    _torchvision("ResNet-34", resnet34, 21_797_672, "resnet34-b627a593.pth", 83.275, (73.314, 91.420), "layer4.2"),
    _torchvision("ResNet-50", resnet50, 25_557_032, "resnet50-11ad3fa6.pth", 97.790, (80.858, 95.434), "layer4.2", 232),
    _torchvision("VGG-11", vgg11, 132_863_336, "vgg11-8a719046.pth", 506.840, (69.020, 88.628), "features.19"),
    _torchvision("VGG-13", vgg13, 133_047_848, "vgg13-19584684.pth", 507.545, (69.928, 89.246), "features.23"),
    _torchvision("VGG-16", vgg16, 138_357_544, "vgg16-397923af.pth", 527.796, (71.592, 90.382), "features.29"),
    _torchvision("VGG-19", vgg19, 143_667_240, "vgg19-dcbb9e9d.pth", 548.051, (72.376, 90.876), "features.35"),
    _torchvision("VGG-16 with batch normalisation", vgg16_bn, 138_365_992, "vgg16_bn-6c64b313.pth", 527.866, (73.360, 91.516), "features.42"),  # noqa: E501
)
# fmt: on

REGISTRY: dict[str, Pretrained] = {entry.name: entry for entry in _MENU}
"""Every trained network by name, in the order of the menu."""

UNLISTED: dict[str, Pretrained] = {
    entry.name: entry
    for entry in (
        _scenes("scenes", "Scenes"),
        _scenes("scenes_tagged", "Scenes, with a tag beside every star"),
        _odenet("odenet_coarse", "ODE-Net trained with two Euler steps"),
    )
}
"""Trained networks of single lessons, which are in no menu."""
