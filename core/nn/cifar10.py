"""CIFAR-10 from an archive of JPEG files, as tensors.

Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).
"""

import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image
from torch import Tensor

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)
"""Mean and standard deviation of the training pixels, red, green, blue, on the scale [0, 1]."""


@dataclass(frozen=True)
class Split:
    """Pictures and their class indices."""

    pictures: UInt8[Tensor, "n 3 32 32"]
    labels: Int64[Tensor, " n"]


def read(archive: Path, cache: Path | None = None) -> tuple[Split, Split]:
    """The training and the test split of a tar archive of ``train|test/<class>/<number>.jpg``.

    Args:
        archive: the archive, of any compression that `tarfile` reads.
        cache: where to keep the decoded pictures (npz); read instead of the archive if it exists.

    Raises:
        ValueError: a file whose class is none of the ten, or whose picture is not 32 x 32.
    """
    if cache is not None and cache.exists():
        with np.load(cache) as arrays:
            return _split(arrays, "train"), _split(arrays, "test")
    found: dict[str, list[tuple[str, np.ndarray, int]]] = {"train": [], "test": []}
    with tarfile.open(archive, "r|*") as tar:
        for member in tar:
            stream = tar.extractfile(member)
            if stream is None or not member.name.endswith(".jpg"):
                continue
            split, name, _ = PurePosixPath(member.name).parts[-3:]
            picture = np.asarray(Image.open(BytesIO(stream.read())).convert("RGB"))
            if name not in CLASSES or picture.shape != (32, 32, 3):
                raise ValueError(
                    f"{member.name}: expected a 32 x 32 picture of one of {CLASSES}; got {picture.shape} of {name!r}"
                )
            found[split].append((member.name, picture.transpose(2, 0, 1), CLASSES.index(name)))
    arrays = {}
    for split, rows in found.items():
        rows.sort(key=lambda row: row[0])
        arrays[f"{split}_pictures"] = np.stack([picture for _, picture, _ in rows])
        arrays[f"{split}_labels"] = np.array([label for _, _, label in rows], dtype=np.int64)
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, **arrays)
    return _split(arrays, "train"), _split(arrays, "test")


def normalise(pictures: UInt8[Tensor, "n 3 h w"]) -> Tensor:
    """Pixels 0..255 -> zero mean and unit variance per colour over the training set."""
    return (pictures / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def _split(arrays, name: str) -> Split:
    return Split(torch.from_numpy(arrays[f"{name}_pictures"]), torch.from_numpy(arrays[f"{name}_labels"]))
