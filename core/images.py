"""Untrusted bytes -> an RGB picture, or a clear error.

`read_picture` is the only way in. Three formats, each by its own decoder and nothing guessed; limits
on bytes and pixels that hold before a pixel is decoded; metadata left out before decoding (see
`core.image_files`); whatever goes wrong is a `PictureError` that says what came and what is accepted.
No global state of Pillow or of `warnings` is read or changed: sessions are threads of one process,
so a limit or a filter set for one would be seen, or undone, by another.
"""

import hashlib
import threading
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core.image_files import PictureFile, kind_of, looks_like, take_apart

MAX_BYTES = 5 * 1024**2
"""Largest file."""
MAX_PIXELS = 25_000_000
"""Most pixels, as stored."""
MIN_SIDE = 32
"""Shortest side, in pixels, as stored and as kept."""
MAX_SIDE = 1024
"""Longest side, in pixels, as kept: a larger picture is scaled down at once."""
MAX_ASPECT = MAX_SIDE // MIN_SIDE
"""Greatest ratio of the sides: one more, scaled down to `MAX_SIDE`, would be thinner than `MIN_SIDE`."""

ACCEPTED = (
    f"Accepted are PNG, JPEG and WebP pictures up to {MAX_BYTES // 1024**2} MB, {MAX_PIXELS // 10**6} megapixels "
    f"and at least {MIN_SIDE} pixels a side."
)

_READERS = {"PNG": PngImageFile, "JPEG": JpegImageFile, "WebP": WebPImageFile}
# Each is built directly: `Image.open` would warn of large pictures against a limit that is Pillow's global state.

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the turn that undoes it."""

_DECODING = threading.BoundedSemaphore(2)
# The largest picture takes 200 to 400 MB while it is decoded: memory is bounded by two, not by the number of sessions.


class PictureError(ValueError):
    """The bytes are no picture that is accepted; the message says what came and what is."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as everything behind `read_picture` sees it."""

    rgb: UInt8[np.ndarray, "h w 3"]
    """Upright, opaque, C-contiguous, read-only; sides between `MIN_SIDE` and `MAX_SIDE`."""
    digest: str
    """SHA-256 of the bytes that came, in hexadecimal: a key for caches."""
    notes: tuple[str, ...]
    """What was done to the picture, one phrase each; empty if it is shown as it came."""


def read_picture(data: bytes) -> Picture:
    """Decode a PNG, JPEG or WebP picture that may be anything at all.

    Raises:
        PictureError: for whatever reason there is no picture.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"The file has {len(data):,} bytes; the most is {MAX_BYTES:,}. {ACCEPTED}")
    if not data:
        raise PictureError(f"The file is empty. {ACCEPTED}")
    kind = kind_of(data)
    if kind is None:
        raise PictureError(f"The file is not a picture that can be read: it begins like {looks_like(data)}. {ACCEPTED}")
    try:
        file = take_apart(data)
    except ValueError as error:
        raise PictureError(f"The {kind} file is damaged: {error}. {ACCEPTED}") from error
    _check_size(file)
    try:
        with _DECODING:
            rgb, notes = _decode(file)
    except Exception as error:  # decoders raise a dozen unrelated types, and each means the same here
        raise PictureError(f"The {kind} file is damaged: its pixels cannot be decoded. {ACCEPTED}") from error
    return Picture(rgb, hashlib.sha256(data).hexdigest(), notes)


def _check_size(file: PictureFile) -> None:
    width, height = file.width, file.height
    came = f"The picture is {width} x {height} pixels"
    if width * height > MAX_PIXELS:
        raise PictureError(f"{came}, {width * height / 10**6:,.1f} megapixels. {ACCEPTED}")
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{came}. {ACCEPTED}")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(f"{came}, more than {MAX_ASPECT} times as long as wide. {ACCEPTED}")


def _decode(file: PictureFile) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[str, ...]]:
    notes = []
    if file.frames > 1:
        notes.append(f"the {'still picture before' if file.still else 'first of'} {file.frames} frames")

    image: Image.Image = _READERS[file.kind](BytesIO(file.essential))
    if image.size != (file.width, file.height):
        raise ValueError(f"the container says {file.width} x {file.height} pixels, the decoder {image.size}")
    kept = kept_size(file.width, file.height)
    image.draft(image.mode, kept)  # a JPEG more than twice as large is decoded at 1/2, 1/4 or 1/8
    image.load()

    if file.bits == 16:
        notes.append("16-bit values scaled to 8 bits")
    image = _with_8_bits(image, file.bits)
    if image.size != kept:
        image = image.resize(kept, Image.Resampling.BICUBIC)  # weighs colours by opacity
    if image.mode in ("LA", "RGBA"):
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() != (255, 255):
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            notes.append("transparent parts shown on white")
    image = image.convert("RGB")

    stored = (file.width, file.height)
    if file.orientation in _TURNS:
        image = image.transpose(_TURNS[file.orientation])
        stored = stored[::-1] if file.orientation >= 5 else stored
        notes.append("turned as its EXIF orientation says")
    if (file.width, file.height) != kept:
        notes.append(f"scaled down from {stored[0]} x {stored[1]} pixels")

    rgb = np.array(image)
    rgb.flags.writeable = False
    return rgb, tuple(notes)


def kept_size(width: int, height: int) -> tuple[int, int]:
    """Width and height with the longer side at most `MAX_SIDE`.

    >>> kept_size(4000, 3000), kept_size(640, 480)
    ((1024, 768), (640, 480))
    """
    longer = max(width, height)
    if longer <= MAX_SIDE:
        return width, height
    return round(width * MAX_SIDE / longer), round(height * MAX_SIDE / longer)


def _with_8_bits(image: Image.Image, bits: int) -> Image.Image:
    """One of the modes L, LA, RGB, RGBA, in which resizing and compositing are right."""
    key = image.info.get("transparency")
    if image.mode in ("P", "CMYK"):
        return image.convert("RGBA" if key is not None else "RGB")
    if image.mode.startswith("I"):
        # The upper byte, as Pillow takes of 16-bit colours; its own conversion from grey saturates at 255.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if key is None:
        return image.convert("L") if image.mode == "1" else image
    # A colour stands for transparency: PNG gives it in the file's bits, Pillow compares it in 8 (and knows of 1).
    if bits == 16:
        key = tuple(sample >> 8 for sample in key) if isinstance(key, tuple) else key >> 8
    elif bits > 1 and not isinstance(key, tuple):
        key = key * 255 // (2**bits - 1)
    image.info["transparency"] = key
    return image.convert("RGBA" if image.mode == "RGB" else "LA")
