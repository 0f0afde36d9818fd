"""PNG, JPEG and WebP files, taken apart before a decoder sees them.

A picture from outside is walked through here, container only, in bounds-checked Python: it yields
the size, the EXIF orientation, the number of frames, and `essential`, a file rebuilt from the parts
that carry pixels. The decoder is given nothing else, so text chunks, colour profiles, EXIF, further
frames and trailing bytes can neither fill memory nor make it warn or fail, and the limit on pixels
holds before any pixel is decoded. Parts that are kept must be whole.

Sources: PNG, 3rd edition (W3C), sections 5 and 11; JPEG, ITU T.81, annex B; WebP, RFC 9649,
section 2; EXIF 2.3 (JEITA CP-3451), section 4.6.
"""

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["PNG", "JPEG", "WebP"]

TOO_SHORT = "it ends too early"
HEADER = "its header is missing or malformed"

MAX_SCANS = 64
"""Most passes of a progressive JPEG over its pixels (encoders write about 10): a few bytes can demand a whole pass."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_WEBP_PIXELS = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"))
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 without DHT, JPG, DAC
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)  # within coded pixels, FF is followed by 00 or RSTn
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD8)))  # TEM and RST0 to RST7 carry no length

_SIGNATURES = (
    (b"GIF8", "a GIF"),
    (b"%PDF", "a PDF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"PK", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"RIFF", "a sound or a film (RIFF)"),
)


@dataclass
class PictureFile:
    """What the container says, and the part of it that carries pixels."""

    kind: Kind
    width: int = 0
    height: int = 0
    bits: int = 8
    """Bits of a sample (1 to 16; only PNG has other than 8)."""
    orientation: int = 1
    """EXIF orientation, 1 (upright) to 8."""
    frames: int = 1
    still: bool = False
    """Whether an animation's picture is a stand-in and none of its frames (APNG only)."""
    parts: list[bytes] = field(default_factory=list)

    @property
    def essential(self) -> bytes:
        """The file without everything that carries no pixels of its (first) picture."""
        return b"".join(self.parts)


def kind_of(data: bytes) -> Kind | None:
    """Which of the three formats the bytes begin like."""
    if data.startswith(_PNG_SIGNATURE):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    return None


def looks_like(data: bytes) -> str:
    """What other bytes begin like, in words of this module: nothing of the content is repeated.

    >>> looks_like(b"<!DOCTYPE html><p>")
    'HTML'
    """
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp":
        return "HEIC, AVIF or a film"
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        return "an SVG drawing" if b"<svg" in head else "XML or HTML"
    text = data[:1024].decode("utf-8", "replace").rstrip("\ufffd")  # the cut may run through a character
    if text and "\ufffd" not in text and all(character.isprintable() or character.isspace() for character in text):
        return "plain text"
    return "no kind of file that is known here"


def take_apart(data: bytes) -> PictureFile:
    """Walk through a PNG, JPEG or WebP file.

    Raises:
        ValueError: any other or a damaged file; the message is a clause that says what is wrong with it.
    """
    match kind_of(data):
        case "PNG":
            return _png(data)
        case "JPEG":
            return _jpeg(data)
        case "WebP":
            return _webp(data)
        case None:
            raise ValueError("it is neither PNG, JPEG nor WebP")


def _png(data: bytes) -> PictureFile:
    file = PictureFile("PNG", parts=[_PNG_SIGNATURE])
    at, name, animated, frames, pixels = 8, b"", False, 0, False
    while name != b"IEND":
        if at + 12 > len(data):
            raise ValueError(TOO_SHORT)
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError(TOO_SHORT)
        if (name == b"IHDR") != (at == 8) or (name == b"IHDR" and length != 13):
            raise ValueError(HEADER)
        if name in _PNG_PIXELS:
            # Pillow does not compare the checksums of pixel data.
            if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                raise ValueError("a checksum in it is wrong")
            file.parts.append(data[at:end])
        if name == b"IHDR":
            file.width, file.height, file.bits = struct.unpack_from(">IIB", data, at + 8)
        elif name == b"IDAT":
            file.still = file.still or (not pixels and frames == 0)
            pixels = True
        elif name == b"acTL":
            animated = True
        elif name == b"fcTL":
            frames += 1
        elif name == b"eXIf":
            file.orientation = orientation(data[at + 8 : end - 4])
        at = end
    file.frames = frames if animated and frames > 0 else 1
    file.still = file.still and file.frames > 1
    return file


def _jpeg(data: bytes) -> PictureFile:
    file = PictureFile("JPEG", parts=[b"\xff\xd8"])
    at, scans = 2, 0
    while data[at : at + 2] != b"\xff\xd9":  # end of image; what follows it is no part of it
        if at + 4 > len(data):
            raise ValueError(TOO_SHORT)
        if data[at] != 0xFF:
            raise ValueError("a marker is missing in it")
        marker = data[at + 1]
        if marker == 0xFF or marker in _JPEG_BARE:  # fill bytes, and markers without content
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if end > len(data):
            raise ValueError(TOO_SHORT)
        content = data[at + 4 : end]
        if marker in _JPEG_FRAMES:
            if file.width or len(content) < 6:
                raise ValueError(HEADER)
            file.height, file.width = struct.unpack_from(">HH", content, 1)
        elif marker == 0xE1 and content.startswith(b"Exif\0\0"):
            file.orientation = orientation(content)
        elif marker == 0xDA:  # start of scan: coded pixels follow, up to the next marker
            scans += 1
            following = _JPEG_MARKER.search(data, end)
            if following is None:
                raise ValueError(TOO_SHORT)
            end = following.start()
        # APP0 "JFIF" and APP14 "Adobe" tell the colour space; all other APPn and COM are for people.
        tells_colours = content.startswith((b"JFIF\0", b"Adobe"))
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or tells_colours:
            file.parts.append(data[at:end])
        at = end
    if not file.width or not scans:
        raise ValueError(HEADER)
    if scans > MAX_SCANS:
        raise ValueError(f"it has {scans:,} scans, more than {MAX_SCANS}")
    file.parts.append(b"\xff\xd9")
    return file


def _webp(data: bytes) -> PictureFile:
    file = PictureFile("WebP")
    total = 8 + int.from_bytes(data[4:8], "little")
    if total > len(data):
        raise ValueError(TOO_SHORT)
    at, frames = 12, 0
    while at + 8 <= total:
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length
        if end > total:
            raise ValueError(TOO_SHORT)
        content = data[at + 8 : end]
        if at == 12:
            file.width, file.height = _webp_size(name, content)
        elif name == b"VP8X":
            raise ValueError(HEADER)
        if name == b"VP8X":
            # The flags announce a colour profile, EXIF and XMP, all left out below.
            content = bytes((content[0] & ~0x2C,)) + content[1:]
        elif name == b"EXIF":
            file.orientation = orientation(content)
        frames += name == b"ANMF"
        if name in _WEBP_PIXELS and not (name == b"ANMF" and frames > 1):
            file.parts.append(struct.pack("<4sI", name, length) + content + b"\0" * (length % 2))
        at = end + length % 2
    if not file.parts:
        raise ValueError(HEADER)
    file.frames = max(frames, 1)
    file.parts.insert(0, b"RIFF" + struct.pack("<I", 4 + sum(map(len, file.parts))) + b"WEBP")
    return file


def _webp_size(name: bytes, content: bytes) -> tuple[int, int]:
    """Width and height of the canvas, from the first chunk."""
    if name == b"VP8X" and len(content) >= 10:
        return int.from_bytes(content[4:7], "little") + 1, int.from_bytes(content[7:10], "little") + 1
    if name == b"VP8L" and len(content) >= 5 and content[0] == 0x2F:
        bits = int.from_bytes(content[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and len(content) >= 10 and content[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError(HEADER)


def orientation(exif: bytes) -> int:
    """The orientation tag (0x0112) of an EXIF block, 1 where there is none or the block is broken."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, directory)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", exif, directory + 2 + 12 * entry)
            if tag == 0x0112:
                return value if (kind, count) == (3, 1) and 1 <= value <= 8 else 1
    except struct.error:
        pass  # the block ends too early
    return 1
