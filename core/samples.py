"""The gallery: pictures that are there before anyone uploads one.

Photographs that scikit-image carries in its wheel (nothing is fetched), all in the public domain or
under CC0 by the words of its `skimage.data` functions; and pictures made by this project, in
``assets/pictures``. They are read by the way that uploads take.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from core.images import Picture, read_picture

PICTURES = Path(__file__).parent.parent / "assets" / "pictures"
"""Where the pictures made by this project lie."""


@dataclass(frozen=True)
class Sample:
    """One picture of the gallery."""

    name: str
    """A short name for menus' state and links: lower-case letters, digits, hyphens."""
    title: str
    credit: str
    """Author and licence, in words."""
    file: str
    home: Literal["skimage", "assets"] = "skimage"
    """Whether `file` lies in scikit-image's wheel or in `PICTURES`."""

    def read(self) -> Picture:
        """The picture; a cache is the caller's business.

        Raises:
            FileNotFoundError: the file is not where `home` says.
        """
        folder = files("skimage").joinpath("data") if self.home == "skimage" else PICTURES
        return read_picture(folder.joinpath(self.file).read_bytes())


_IN_ORDER = (
    Sample("harbour", "A ship and an airplane, drawn", "Made by this project, MIT", "harbour.jpg", "assets"),
    Sample("cat", "Chelsea, a cat", "Stefan van der Walt, CC0", "chelsea.png"),
    Sample(
        "cat-and-horse",
        "A cat and the silhouette of a horse",
        "Made by this project from photographs by Stefan van der Walt and Andreas Preuss, CC0",
        "cat_and_horse.jpg",
        "assets",
    ),
    Sample("coffee", "A cup of espresso", "Rachel Michetti, CC0", "coffee.png"),
    Sample("rocket", "A Falcon 9 lifting off", "SpaceX, public domain", "rocket.jpg"),
    Sample("astronaut", "Eileen Collins, astronaut", "NASA, public domain", "astronaut.png"),
    Sample("clock", "A wall clock, blurred by motion", "Stefan van der Walt, public domain", "clock_motion.png"),
    Sample("camera", "A man with a camera on a tripod", "Lav Varshney, CC0", "camera.png"),
)

SAMPLES: dict[str, Sample] = {sample.name: sample for sample in _IN_ORDER}
"""Name -> sample, in the order of the menu."""
