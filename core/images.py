"""Untrusted bytes -> an RGB picture, or a clear error.

`read_picture` is the only way in. Pillow decodes, held to three formats and to limits on bytes and
pixels that are checked before a pixel is decoded; whatever goes wrong is a `PictureError` that says
what came and what is accepted.
"""

import hashlib
import re
import threading
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageOps

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
MAX_SCANS = 500
"""Most passes of a JPEG over its pixels (encoders write about 10): ten bytes demand one, of 3 ms at `MAX_PIXELS`."""

ACCEPTED = (
    f"Accepted are PNG, JPEG and WebP pictures up to {MAX_BYTES // 1024**2} MB, {MAX_PIXELS // 10**6} megapixels "
    f"and at least {MIN_SIDE} pixels a side."
)

# Pillow's own limit only warns at first, and is global: set once, here, and `MAX_PIXELS` is checked instead.
Image.MAX_IMAGE_PIXELS = None

_DECODING = threading.BoundedSemaphore(2)
# The largest picture takes 100 to 500 MB while it is decoded: memory is bounded by two, not by the number of sessions.

_LOOKS = (
    (rb"\Z", "an empty file"),
    (rb"\x89PNG", "a damaged PNG"),
    (rb"\xff\xd8\xff", "a damaged JPEG"),
    (rb"RIFF....WEBP", "a damaged WebP"),
    (rb"GIF8", "a GIF"),
    (rb"BM", "a BMP"),
    (rb"II\*\0|MM\0\*", "a TIFF"),
    (rb"....ftyp", "HEIC, AVIF or a film"),
    (rb"%PDF", "a PDF"),
    (rb"PK", "a ZIP archive or an office document"),
    (rb"(\xef\xbb\xbf)?\s*<(!doctype )?html", "HTML"),
    (rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|(!doctype )?svg)", "an SVG drawing or other XML"),
    (rb"[^\0-\x08\x0e-\x1f\x7f]+\Z", "plain text"),
    (rb"", "no kind of file that is known here"),
)
"""How a file begins, and what that is in words of this module: nothing of the content is repeated."""


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
    try:
        with _DECODING, Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            _check(image, data)
            rgb, notes = _decode(image, data)
    except PictureError:
        raise
    except Exception as error:  # decoders raise a dozen unrelated types, and each means the same here
        looks = next(name for start, name in _LOOKS if re.match(start, data[:1024], re.DOTALL | re.IGNORECASE))
        raise PictureError(f"The file is not a picture that can be read: it looks like {looks}. {ACCEPTED}") from error
    return Picture(rgb, hashlib.sha256(data).hexdigest(), notes)


def _check(image: Image.Image, data: bytes) -> None:
    width, height = image.size
    came = f"The picture is {width} x {height} pixels"
    if width * height > MAX_PIXELS:
        raise PictureError(f"{came}, {width * height / 10**6:,.1f} megapixels. {ACCEPTED}")
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{came}. {ACCEPTED}")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(f"{came}, more than {MAX_ASPECT} times as long as wide. {ACCEPTED}")
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAX_SCANS:
        raise PictureError(f"The JPEG has more than {MAX_SCANS} scans. {ACCEPTED}")


def _decode(stored: Image.Image, data: bytes) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[str, ...]]:
    notes = []
    came = stored.size
    frames = getattr(stored, "n_frames", 1)
    if frames > 1 and stored.format != "MPO":  # behind a phone's JPEG stands a map of depth or brightness
        notes.append(f"the first of {frames} frames")
    bits = data[24] if stored.format == "PNG" else 8  # PNG, 3rd edition (W3C), section 11.2.1
    if bits == 16:
        notes.append("16-bit values scaled to 8 bits")

    image = _with_8_bits(stored, bits)
    image.thumbnail((MAX_SIDE, MAX_SIDE))  # weighs colours by opacity; decodes a large JPEG at 1/2, 1/4 or 1/8
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        notes.append("transparent parts shown on white")
    image = image.convert("RGB")
    scaled = image.size != came

    turn = _orientation(stored)
    if turn in range(2, 9):
        image.info.clear()  # the rest of the EXIF block, which `exif_transpose` would write anew, may be damaged
        image.getexif()[ExifTags.Base.Orientation] = turn
        image = ImageOps.exif_transpose(image)
        came = came[::-1] if turn >= 5 else came
        notes.append("turned as its EXIF orientation says")
    if scaled:
        notes.append(f"scaled down from {came[0]} x {came[1]} pixels")

    rgb = np.array(image)
    rgb.flags.writeable = False
    return rgb, tuple(notes)


def _with_8_bits(image: Image.Image, bits: int) -> Image.Image:
    """In one of the modes L, RGB, RGBA and CMYK, in which scaling is right; a JPEG as it is, not yet decoded."""
    key = image.info.get("transparency")
    if image.mode.startswith("I"):
        # The upper byte, as Pillow takes of 16-bit colours; its own conversion from grey saturates at 255.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if key is not None:
        # A colour stands for transparency: PNG gives it in the file's bits, Pillow compares it in 8 (and knows of 1).
        if bits == 16:
            key = tuple(sample >> 8 for sample in key) if isinstance(key, tuple) else key >> 8
        elif bits in (2, 4) and image.mode == "L":
            key = key * 255 // (2**bits - 1)
        image.info["transparency"] = key
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """Of EXIF 2.3, tag 274: 1 (upright) to 8; 1 where the block is damaged."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # whatever a damaged block raises, the picture in it is whole
        return 1
