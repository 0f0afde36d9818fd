"""The gallery's own pictures, each with two things that the embedded network knows, in places that are known.

    python -m core.drawings

writes assets/pictures/. Noise keeps flat colours from looking like nothing a camera ever saw; it is seeded.
"""

from importlib.resources import files

import numpy as np
from PIL import Image, ImageDraw

from core.samples import PICTURES

Colour = tuple[int, int, int]


def harbour() -> Image.Image:
    """A ship at the left and an airplane at the upper right: 720 x 400 pixels."""
    scale = 3  # drawn large and scaled down, for smooth edges
    picture = _gradient(720 * scale, 400 * scale, (96, 150, 210), (205, 225, 240))
    picture.paste(_gradient(720 * scale, 150 * scale, (60, 100, 140), (25, 60, 95)), (0, 250 * scale))
    _ship(_Pen(picture, scale, 60, 225))
    _airplane(_Pen(picture, scale, 430, 110))
    picture = picture.resize((720, 400), Image.Resampling.LANCZOS)
    noise = np.random.default_rng(1)
    waves = noise.normal(0, 1, (400, 720 + 24)).cumsum(1)
    pixels = np.asarray(picture, float)
    pixels[285:] += (waves[285:, 24:] - waves[285:, :-24])[..., None] * 2.4  # longer than high, on the near sea
    return _grain(pixels + noise.normal(0, 4, (400, 720, 1)))


def cat_and_horse() -> Image.Image:
    """A photographed cat on the left half, the silhouette of a horse on the right one: 720 x 360 pixels.

    From scikit-image's `chelsea` (Stefan van der Walt, CC0) and `horse` (Andreas Preuss, CC0).
    """
    folder = files("skimage").joinpath("data")
    picture = _gradient(720, 360, (150, 175, 205), (235, 205, 170))
    picture.paste((110, 125, 70), (0, 285, 720, 360))
    with folder.joinpath("chelsea.png").open("rb") as file, Image.open(file) as cat:
        picture.paste(cat.convert("RGB").crop((60, 0, 360, 300)).resize((360, 360), Image.Resampling.LANCZOS))
    with folder.joinpath("horse.png").open("rb") as file, Image.open(file) as horse:
        shape = Image.eval(horse.convert("L"), lambda value: 255 - value)
    shape = shape.resize((312, 256), Image.Resampling.LANCZOS)
    picture.paste(Image.new("RGB", shape.size, (92, 58, 38)), (385, 70), shape)
    return _grain(np.asarray(picture, float) + np.random.default_rng(0).normal(0, 5, (360, 720, 1)))


class _Pen:
    """Draws shapes given in pixels of the final picture, from an origin."""

    def __init__(self, picture: Image.Image, scale: int, x: int, y: int) -> None:
        self.draw = ImageDraw.Draw(picture)
        self.scale, self.x, self.y = scale, x, y

    def polygon(self, points: list[tuple[int, int]], colour: Colour) -> None:
        self.draw.polygon([((self.x + x) * self.scale, (self.y + y) * self.scale) for x, y in points], fill=colour)

    def box(self, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def ellipse(self, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        corners = ((self.x + left, self.y + top), (self.x + right, self.y + bottom))
        self.draw.ellipse([(x * self.scale, y * self.scale) for x, y in corners], fill=colour)


def _ship(pen: _Pen) -> None:
    pen.polygon([(0, 0), (300, 0), (275, 60), (30, 60)], (120, 35, 35))
    pen.polygon([(0, 0), (300, 0), (296, 14), (6, 14)], (235, 235, 235))
    for left, right, top in ((70, 240, 30), (90, 210, 58), (110, 180, 84)):
        pen.box(left, -top, right, -top + 28, (236, 236, 236))
    for top in (20, 46):
        for i in range(6):
            pen.box(100 + 19 * i, -top, 110 + 19 * i, -top + 9, (50, 70, 95))
    pen.polygon([(150, -84), (180, -84), (176, -118), (154, -118)], (200, 90, 40))
    pen.box(229, -120, 232, -30, (60, 60, 60))


def _airplane(pen: _Pen) -> None:
    pen.ellipse(0, -16, 220, 18, (225, 228, 232))
    pen.polygon([(190, -8), (235, -58), (215, -58), (165, -10)], (190, 60, 60))
    pen.polygon([(80, 2), (135, 2), (175, 58), (150, 58)], (150, 155, 162))
    pen.polygon([(90, -10), (125, -10), (150, -46), (138, -46)], (175, 180, 186))
    for i in range(9):
        pen.box(40 + 15 * i, -5, 46 + 15 * i, 1, (60, 80, 110))
    pen.polygon([(4, -4), (22, -11), (24, -3)], (50, 60, 80))


def _gradient(width: int, height: int, top: Colour, bottom: Colour) -> Image.Image:
    share = np.linspace(0, 1, height)[:, None, None]
    rows = (1 - share) * np.array(top) + share * np.array(bottom)  # (height, 1, 3)
    return Image.fromarray(np.rint(rows).astype(np.uint8).repeat(width, axis=1))


def _grain(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(pixels.clip(0, 255)).astype(np.uint8))


def main() -> None:
    """Draw and write every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for draw in (harbour, cat_and_horse):
        draw().save(PICTURES / f"{draw.__name__}.jpg", quality=90)


if __name__ == "__main__":
    main()
