"""Untrusted bytes: the right pixels, or a refusal that says what came; never anything else."""

import contextlib
import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from core.images import ACCEPTED, MAX_BYTES, MAX_SIDE, MIN_SIDE, Picture, PictureError, read_picture
from core.samples import PICTURES, SAMPLES
from tests import pictures
from tests.pictures import ALPHA, BAD, GOOD, GREY, ODD, SAYS, SCENE, SCENE_16, SECRET

UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: np.rot90(a, 2),
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}
"""EXIF orientation -> the upright picture from the stored one (EXIF 2.3, section 4.6.4, tag 274)."""


def on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Composited in exact arithmetic."""
    opacity = alpha[..., None] / 255
    return opacity * rgb + (1 - opacity) * 255


def as_pillow_sees(data: bytes) -> np.ndarray:
    """Decoded by the whole of Pillow, without this project's way in."""
    with Image.open(BytesIO(data)) as image:
        return np.array(image.convert("RGB"))


def sound(picture: Picture, data: bytes) -> None:
    """What every picture promises."""
    height, width, channels = picture.rgb.shape
    assert picture.rgb.dtype == np.uint8
    assert channels == 3
    assert min(height, width) >= MIN_SIDE
    assert max(height, width) <= MAX_SIDE
    assert picture.rgb.flags.c_contiguous
    assert not picture.rgb.flags.writeable
    assert picture.digest == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", GOOD)
def test_good_pictures_are_read_in_silence(name):
    sound(read_picture(GOOD[name]), GOOD[name])  # a warning would be an error here


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused_with_what_came_and_what_is_accepted(name):
    with pytest.raises(PictureError) as error:
        read_picture(BAD[name])
    message = str(error.value)
    assert SAYS[name] in message
    assert message.endswith(ACCEPTED)
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "expected", "notes"),
    [
        ("png", SCENE, ()),
        ("webp", SCENE, ()),
        ("png, opaque alpha", SCENE, ()),
        ("png, grey", GREY, ()),
        ("png, 1 bit", np.where(GREY > 128, 255, 0), ()),
        ("png, 16 bits", SCENE_16 // 256, ("16-bit values scaled to 8 bits",)),
        ("png, grey, 16 bits", SCENE_16[..., 0] // 256, ("16-bit values scaled to 8 bits",)),
        ("apng", SCENE, ("the first of 4 frames",)),
        ("apng, separate still", SCENE, ("the first of 4 frames",)),
        ("webp, animated", SCENE, ("the first of 4 frames",)),
        ("png, bytes behind", SCENE, ()),
    ],
)
def test_lossless_pictures_keep_every_pixel(name, expected, notes):
    picture = read_picture(GOOD[name])
    if expected.ndim == 2:
        expected = np.repeat(expected[..., None], 3, axis=2)
    assert_array_equal(picture.rgb, expected)
    assert picture.notes == notes


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
@pytest.mark.parametrize("turn", UPRIGHT)
def test_all_orientations_are_undone(kind, turn):
    picture = read_picture(GOOD[f"{kind}, exif {turn}"])
    assert_array_equal(picture.rgb, UPRIGHT[turn](as_pillow_sees(GOOD[kind])))
    assert picture.notes == (("turned as its EXIF orientation says",) if turn > 1 else ())


@pytest.mark.parametrize(
    "name", ["jpeg", "jpeg, progressive", "jpeg, grey", "webp, lossy", "png, palette", "mpo", "jpeg, bytes behind"]
)
def test_nothing_is_done_without_need(name):
    picture = read_picture(GOOD[name])
    assert_array_equal(picture.rgb, as_pillow_sees(GOOD[name]))
    assert picture.notes == ()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Invalid APNG", "ignore:Image appears to be a malformed MPO")
@pytest.mark.parametrize(("name", "data"), [*ODD.items(), ("jpeg, exif of 9", GOOD["jpeg, exif of 9"])])
def test_wrong_metadata_changes_no_pixel(name, data):
    picture = read_picture(data)
    assert_array_equal(picture.rgb, as_pillow_sees(GOOD[name.split(",")[0]]))
    assert picture.notes == ()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_picture_is_turned_though_the_rest_of_its_exif_is_damaged():
    block = b"Exif\0\0" + pictures.exif(6)[:-4].replace(b"\0\x01\x01\x12", b"\0\x09\x01\x12")
    data = pictures.with_segments(GOOD["jpeg"], pictures.jpeg_segment(0xE1, block))
    assert_array_equal(read_picture(data).rgb, UPRIGHT[6](as_pillow_sees(GOOD["jpeg"])))


@pytest.mark.parametrize(
    ("name", "rgb", "alpha"),
    [
        ("png, alpha", SCENE, ALPHA),
        ("webp, alpha", SCENE, ALPHA),
        ("png, grey and alpha", np.repeat(GREY[..., None], 3, axis=2), ALPHA),
        ("png, colour key", SCENE, np.where((SCENE == 255).all(axis=2), 0, 255)),
        ("png, grey key, 16 bits", np.repeat(GREY[..., None], 3, axis=2), np.where(GREY == 255, 0, 255)),
    ],
)
def test_transparent_parts_are_composited_on_white(name, rgb, alpha):
    picture = read_picture(GOOD[name])
    assert np.abs(picture.rgb - on_white(rgb, alpha)).max() <= 1  # rounding to whole levels
    assert picture.notes[-1] == "transparent parts shown on white"


@pytest.mark.parametrize(("name", "alphas"), [("transparent", [255 * (i != 3) for i in range(16)]), ("alphas", None)])
def test_palettes_with_transparency(name, alphas):
    with Image.open(BytesIO(GOOD["png, palette"])) as image:
        index = np.array(image)
    opacity = np.array(alphas or range(0, 256, 16))[index]
    expected = on_white(as_pillow_sees(GOOD["png, palette"]), opacity)
    assert np.abs(read_picture(GOOD[f"png, palette, {name}"]).rgb - expected).max() <= 1


def test_a_grey_key_counts_in_the_bits_of_the_file():
    rgb = read_picture(GOOD["png, grey key, 4 bits"]).rgb  # samples 5, 10, 5, 10, ...; 5 is transparent
    assert (rgb[:, ::2] == 255).all()
    assert (rgb[:, 1::2] == 10 * 255 // 15).all()


def test_one_bit_can_have_a_key():
    black = pictures.chunk(b"tRNS", b"\0\0")
    rows = (b"\0" + b"\x55" * 4) * 32
    assert (read_picture(pictures.png(32, 32, 1, 0, rows, black)).rgb == 255).all()


def test_print_colours_are_converted():
    c, m, y, k = np.moveaxis(pictures.CMYK.astype(float), 2, 0)
    expected = np.stack([(255 - ink) * (255 - k) / 255 for ink in (c, m, y)], axis=2)
    assert np.abs(read_picture(GOOD["jpeg, cmyk"]).rgb - expected).max() <= 4  # JPEG's own loss


@pytest.mark.parametrize("name", ["png, large", "jpeg, large"])
def test_large_pictures_are_scaled_down_at_once(name):
    picture = read_picture(GOOD[name])
    assert picture.rgb.shape == (768, 1024, 3)
    assert picture.notes == ("scaled down from 2600 x 1950 pixels",)
    rows, columns = ((np.arange(n) + 0.5) / n for n in (768, 1024))
    nearest = as_pillow_sees(GOOD[name])[(rows * 1950).astype(int)[:, None], (columns * 2600).astype(int)]
    assert np.abs(picture.rgb.astype(float) - nearest).mean() < 1  # not shifted, flipped or cut: the scene is smooth


def test_the_size_that_is_told_is_that_of_the_upright_picture():
    large = pictures.with_segments(GOOD["jpeg, large"], pictures.jpeg_segment(0xE1, b"Exif\0\0" + pictures.exif(6)))
    picture = read_picture(large)
    assert picture.rgb.shape == (1024, 768, 3)
    assert picture.notes[-1] == "scaled down from 1950 x 2600 pixels"


def test_sixteen_bits_reach_white_and_black():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    rgb = read_picture(pictures.png(64, 64, 16, 0, pictures.rows_of(ramp))).rgb
    assert (rgb.min(), rgb.max(), round(rgb.mean())) == (0, 255, 128)


@pytest.mark.parametrize("name", ["png", "jpeg", "jpeg, progressive", "webp"])
def test_no_truncated_file_yields_half_a_picture(name):
    data = GOOD[name]
    last = len(data) - (21 if name == "png" else 1)  # 20 bytes behind a PNG's pixels are two checksums and its end
    for length in [*range(0, last, 7), last]:
        with pytest.raises(PictureError):
            read_picture(data[:length])


def test_the_largest_file_is_still_read():
    data = pictures.PNG + bytes(MAX_BYTES - len(pictures.PNG))
    sound(read_picture(data), data)


EDITS = st.lists(
    st.tuples(st.sampled_from(["flip", "insert", "delete", "cut"]), st.floats(0, 1), st.binary(min_size=1, max_size=9)),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    """A file after damage; places are fractions of its length."""
    for kind, place, noise in edits:
        at = min(int(place**2 * len(data)), len(data))  # squared: more often in the headers
        match kind:
            case "flip":
                data = data[:at] + noise + data[at + len(noise) :]
            case "insert":
                data = data[:at] + noise + data[at:]
            case "delete":
                data = data[:at] + data[at + len(noise) :]
            case "cut":
                data = data[: len(data) - at]
    return data


@settings(max_examples=400, deadline=None)
@given(name=st.sampled_from(sorted(name for name in GOOD if "large" not in name)), edits=EDITS)
def test_a_damaged_file_is_a_picture_or_an_error(name, edits):
    data = edited(GOOD[name], edits)
    with warnings.catch_warnings(), contextlib.suppress(PictureError):
        warnings.simplefilter("ignore")  # Pillow's of damaged metadata
        sound(read_picture(data), data)


@settings(max_examples=100, deadline=None)
@given(block=st.binary(max_size=64) | st.builds(lambda tail: b"MM\0*" + tail, st.binary(max_size=40)))
def test_no_exif_block_hides_the_picture(block):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pictures.with_chunks(pictures.PNG, pictures.chunk(b"eXIf", block))
        assert read_picture(data).rgb.size == SCENE.size


def test_threads_do_not_disturb_each_other():
    def outcome(data: bytes) -> str:
        try:
            return hashlib.sha256(read_picture(data).rgb.tobytes()).hexdigest()
        except PictureError as error:
            return str(error)

    corpus = [data for pair in zip(BAD.values(), GOOD.values(), strict=False) for data in pair] * 3
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(outcome, corpus))
    assert together == [outcome(data) for data in corpus]
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == (limit, filters)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))
def test_samples_can_be_read_and_are_credited(sample):
    picture = sample.read()
    assert picture.notes == ()
    assert min(picture.rgb.shape[:2]) >= 224
    assert sample.credit.endswith(("CC0", "public domain")) or sample.home == "assets"


def test_the_harbour_comes_first():
    assert next(iter(SAMPLES)) == "harbour"
    assert all(name == sample.name and name.islower() for name, sample in SAMPLES.items())
    assert PICTURES.parts[-2:] == ("assets", "pictures")
