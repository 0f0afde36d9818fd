"""Pictures, good and bad, made in memory: what people upload, and what they upload by mistake or malice.

`GOOD`, `ODD` and `BAD` are name -> bytes. Odd ones are good but for their metadata, of which Pillow warns in the
log; `SAYS` tells for each bad one a phrase that its refusal must hold.
"""

import random
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 48, 64
_Y, _X = np.mgrid[:HEIGHT, :WIDTH]
SCENE = np.stack([4 * _X, 5 * _Y, 255 - 2 * _X - 2 * _Y], axis=2).astype(np.uint8)
"""A smooth picture without any symmetry, so that every turn of it is another picture."""
SCENE[4:12, 6:20] = (255, 255, 255)
GREY = SCENE[..., 0]
ALPHA = ((3 * _X + 2 * _Y) % 256).astype(np.uint8)
SCENE_16 = (SCENE.astype(np.uint16) << 8) | 77
"""The scene in 16 bits, with something in the lower byte."""

SECRET = "correct-horse-battery-staple"
"""Stands in bad files; no message may repeat it."""


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file that Pillow writes."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, bits: int, colours: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG from its unfiltered rows; `extra` chunks stand before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def rows_of(samples: np.ndarray) -> bytes:
    """Rows as PNG wants them: a filter byte 0, then samples, big end first."""
    big = samples.astype(samples.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big)


def exif(orientation: int, order: str = ">") -> bytes:
    """An EXIF block with nothing but the orientation."""
    head = b"MM\0*" if order == ">" else b"II*\0"
    return head + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpeg_segment(marker: int, content: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with segments put in behind its first marker."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def with_chunks(picture: bytes, *chunks: bytes) -> bytes:
    """A PNG with chunks put in behind its header."""
    return picture[:33] + b"".join(chunks) + picture[33:]


def resized_jpeg(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header tells another size than its pixels have."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


_scene = Image.fromarray(SCENE)
_rgba = Image.fromarray(np.dstack([SCENE, ALPHA]))
_palette = _scene.quantize(16)
_frames = [Image.fromarray(np.roll(SCENE, 7 * i, axis=1)) for i in range(1, 4)]
_large = Image.fromarray(SCENE).resize((2600, 1950), Image.Resampling.BICUBIC)
CMYK = np.stack([3 * _X, 4 * _Y, 255 - 3 * _X, 2 * _X + _Y], axis=2).astype(np.uint8)

PNG = encoded(_scene, "PNG")
JPEG = encoded(_scene, "JPEG", quality=90)
WEBP = encoded(_scene, "WEBP", lossless=True)
PROGRESSIVE = encoded(_scene, "JPEG", quality=90, progressive=True)
WEBP_ANIMATED = encoded(_scene, "WEBP", lossless=True, save_all=True, append_images=_frames)

GOOD: dict[str, bytes] = {
    "png": PNG,
    "jpeg": JPEG,
    "jpeg, progressive": PROGRESSIVE,
    "webp": WEBP,
    "webp, lossy": encoded(_scene, "WEBP", quality=80),
    "png, grey": encoded(Image.fromarray(GREY), "PNG"),
    "jpeg, grey": encoded(Image.fromarray(GREY), "JPEG"),
    "png, 1 bit": encoded(Image.fromarray(GREY > 128), "PNG"),
    "png, grey, 16 bits": png(WIDTH, HEIGHT, 16, 0, rows_of(SCENE_16[..., 0])),
    "png, 16 bits": png(WIDTH, HEIGHT, 16, 2, rows_of(SCENE_16)),
    "png, grey and alpha": encoded(Image.fromarray(np.dstack([GREY, ALPHA])), "PNG"),
    "png, alpha": encoded(_rgba, "PNG"),
    "png, opaque alpha": encoded(_scene.convert("RGBA"), "PNG"),
    "webp, alpha": encoded(_rgba, "WEBP", lossless=True, exact=True),
    "png, palette": encoded(_palette, "PNG"),
    "png, palette, transparent": encoded(_palette, "PNG", transparency=3),
    "png, palette, alphas": encoded(_palette, "PNG", transparency=bytes(range(0, 256, 16))),
    "png, colour key": encoded(_scene, "PNG", transparency=(255, 255, 255)),
    "png, grey key, 16 bits": png(
        WIDTH, HEIGHT, 16, 0, rows_of(SCENE_16[..., 0]), chunk(b"tRNS", struct.pack(">H", SCENE_16[4, 6, 0]))
    ),
    "png, grey key, 4 bits": png(32, 32, 4, 0, (b"\0" + b"\x5a" * 16) * 32, chunk(b"tRNS", b"\0\x05")),
    "jpeg, cmyk": encoded(Image.fromarray(CMYK, "CMYK"), "JPEG", quality=100, subsampling=0),
    "apng": encoded(_scene, "PNG", save_all=True, append_images=_frames),
    "apng, separate still": encoded(_scene, "PNG", save_all=True, append_images=_frames, default_image=True),
    "webp, animated": WEBP_ANIMATED,
    "mpo": encoded(_scene, "MPO", save_all=True, append_images=_frames),
    "png, large": encoded(_large, "PNG", compress_level=1),
    "jpeg, large": encoded(_large, "JPEG", quality=90),
    "smallest": encoded(Image.new("RGB", (32, 32), (1, 2, 3)), "PNG"),
    "longest": encoded(Image.new("RGB", (2048, 64), (1, 2, 3)), "PNG"),
    "jpeg, bytes behind": JPEG + b"\xff\xd8\xff\xe1\0",
    "png, bytes behind": PNG + b"\0" * 1000,
    "jpeg, exif of 9": with_segments(JPEG, jpeg_segment(0xE1, b"Exif\0\0" + exif(9))),
}
for _turn in range(1, 9):
    GOOD[f"png, exif {_turn}"] = with_chunks(PNG, chunk(b"eXIf", exif(_turn, "<" if _turn % 2 else ">")))
    GOOD[f"webp, exif {_turn}"] = encoded(_scene, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(_turn))
    GOOD[f"jpeg, exif {_turn}"] = encoded(_scene, "JPEG", quality=90, exif=b"Exif\0\0" + exif(_turn))

ODD: dict[str, bytes] = {
    "png, wrong animation": with_chunks(PNG, chunk(b"acTL", bytes(8)), chunk(b"acTL", bytes(8))),
    "png, wrong exif": with_chunks(PNG, chunk(b"eXIf", exif(6)[:16])),
    "jpeg, wrong exif": with_segments(JPEG, jpeg_segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff")),
    "jpeg, endless exif": with_segments(JPEG, jpeg_segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")),
    "jpeg, wrong mpo": with_segments(JPEG, jpeg_segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\0\0")),
}

_html = f"<!DOCTYPE html><html><body>{SECRET}</body></html>".encode()
_svg = f'<svg xmlns="http://www.w3.org/2000/svg"><text>{SECRET}</text></svg>'.encode()
_canvas = WEBP_ANIMATED.index(b"VP8X") + 12

_BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "an empty file"),
    "text": (f"Dear reader,\nçà et là {SECRET}".encode() * 100, "plain text"),
    "noise": (random.Random(1).randbytes(4000), "no kind of file"),
    "html": (_html, "looks like HTML"),
    "html, blank lines first": (b"\xef\xbb\xbf\r\n\r\n  " + _html, "looks like HTML"),
    "svg": (_svg, "SVG"),
    "svg, xml first": (b'<?xml version="1.0"?>\n' + _svg, "SVG"),
    "pdf": (b"%PDF-1.7\n" + SECRET.encode(), "a PDF"),
    "zip": (b"PK\3\4" + bytes(100), "ZIP"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(100), "no kind of file"),
    "gif": (encoded(_scene, "GIF"), "a GIF"),
    "gif, animated": (encoded(_scene, "GIF", save_all=True, append_images=_frames), "a GIF"),
    "bmp": (encoded(_scene, "BMP"), "a BMP"),
    "tiff": (encoded(_scene, "TIFF"), "a TIFF"),
    "png, truncated": (PNG[: len(PNG) // 2], "a damaged PNG"),
    "jpeg, truncated": (JPEG[: len(JPEG) // 2], "a damaged JPEG"),
    "webp, truncated": (WEBP[: len(WEBP) // 2], "a damaged WebP"),
    "png, signature only": (PNG[:8], "a damaged PNG"),
    "jpeg, marker only": (JPEG[:3], "a damaged JPEG"),
    "webp, name only": (b"RIFF\x04\0\0\0WEBP", "a damaged WebP"),
    "png, wrong checksum": (PNG[:-20] + bytes([PNG[-20] ^ 1]) + PNG[-19:], "a damaged PNG"),
    "png, pixels missing": (png(WIDTH, HEIGHT, 8, 2, bytes(1000)), "a damaged PNG"),
    "png, much text": (
        with_chunks(PNG, *[chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6)))] * 80),
        "a damaged PNG",
    ),
    "png, wrong text": (with_chunks(PNG, chunk(b"zTXt", b"k\0\7broken")), "a damaged PNG"),
    "png, wrong profile": (with_chunks(PNG, chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(10**7)))), "a damaged PNG"),
    "jpeg, wrong profile": (with_segments(JPEG, jpeg_segment(0xE2, b"ICC_PROFILE\0\7")), "a damaged JPEG"),
    "png, no such mode": (png(WIDTH, HEIGHT, 7, 5, bytes(10_000)), "a damaged PNG"),
    "jpeg, no header": (b"\xff\xd8" + jpeg_segment(0xDA, b"\0\0") + b"\xff\xd9", "a damaged JPEG"),
    "jpeg, no scan": (JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9", "a damaged JPEG"),
    "jpeg, 5,000 scans": (PROGRESSIVE[:-2] + jpeg_segment(0xDA, b"\1\1\0\1\5\2") * 5000 + b"\xff\xd9", "scans"),
    "webp, second canvas": (
        WEBP_ANIMATED[:4] + struct.pack("<I", len(WEBP_ANIMATED)) + WEBP_ANIMATED[8:] + b"VP8X\0\0\0\0",
        "a damaged WebP",
    ),
    "png, 20,000 x 20,000": (png(20_000, 20_000, 1, 0, bytes(2501 * 20_000)), "20000 x 20000 pixels"),
    "png, 12,000 x 12,000": (png(12_000, 12_000, 1, 0, bytes(1501 * 12_000)), "144.0 megapixels"),
    "jpeg, 65,000 x 65,000": (resized_jpeg(JPEG, 65_000, 65_000), "65000 x 65000"),
    "webp, 16,384 x 16,384": (
        WEBP_ANIMATED[:_canvas] + b"\xff\x3f\0" * 2 + WEBP_ANIMATED[_canvas + 6 :],
        "16384 x 16384",
    ),
    "1 x 1": (encoded(Image.new("RGB", (1, 1)), "PNG"), "1 x 1 pixels"),
    "31 x 100": (encoded(Image.new("RGB", (31, 100)), "WEBP"), "31 x 100 pixels"),
    "5,000 x 20": (encoded(Image.new("RGB", (5000, 20)), "JPEG"), "5000 x 20 pixels"),
    "5,000 x 40": (encoded(Image.new("RGB", (5000, 40)), "PNG"), "more than 32 times"),
    "larger than 5 MB": (PNG + bytes(5 * 1024**2), "bytes; the most is 5,242,880"),
}

BAD: dict[str, bytes] = {name: data for name, (data, _) in _BAD.items()}
SAYS: dict[str, str] = {name: says for name, (_, says) in _BAD.items()}
