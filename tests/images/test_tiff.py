"""TIFF in every layout: its pixels come out as they are meant, or it is refused with a reason."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from fakeface import ImageError
from fakeface.images._decode import Picture
from tests.hostile._layouts import (
    BLACK_IS_ZERO,
    CFA,
    CMYK,
    DEFLATE,
    FLOAT,
    PALETTE,
    RGB,
    SIDE,
    SIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Layout,
    directory,
    layouts,
    meant,
    picture,
    tiff,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow's, about the pictures


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Picture(data).load()[0]).astype(int)


def refused(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        Picture(data).load()
    return caught.value.reason


def far(layout: Layout) -> int:
    """How far fewer bits, or two roundings, may move a level."""
    return {1: 128, 2: 43, 4: 9}.get(layout.bits, 2 if layout.photometric == CMYK else 1)


def test_no_layout_gives_other_pixels_than_those_meant() -> None:
    right, reasons = 0, set()
    for layout in layouts():
        try:
            found = pixels(tiff(layout))
        except ImageError as error:
            reasons.add(error.reason)
            continue
        right += 1
        assert np.abs(found - meant(layout)).max() <= far(layout), layout
    assert right > 350  # fewer with older versions of Pillow
    assert all(" " in reason and reason[0].islower() for reason in reasons)


@pytest.mark.parametrize("compression", [1, DEFLATE])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "options",
    [
        {"photometric": RGB},
        {"photometric": RGB, "planar": 2},
        {"photometric": RGB, "bits": 16},
        {"photometric": RGB, "extra": (2,)},
        {"photometric": CMYK},
        {"photometric": PALETTE},
        {"photometric": BLACK_IS_ZERO},
        {"photometric": WHITE_IS_ZERO},
        {"photometric": BLACK_IS_ZERO, "bits": 16},
        {"photometric": BLACK_IS_ZERO, "bits": 32, "kind": FLOAT},
        {"photometric": WHITE_IS_ZERO, "bits": 32, "kind": FLOAT},
        {"photometric": BLACK_IS_ZERO, "extra": (1,)},
        {"photometric": BLACK_IS_ZERO, "extra": (2,)},
    ],
    ids=str,
)
def test_usual_layouts_are_read(options: dict, order: str, compression: int) -> None:
    layout = Layout(order, compression=compression, rows=16, **options)
    if layout.kind == FLOAT and order == ">" and compression == DEFLATE:
        assert "big-endian" in refused(tiff(layout))  # Pillow gives bytes in the wrong order
        return
    assert np.abs(pixels(tiff(layout)) - meant(layout)).max() <= far(layout)


@pytest.mark.parametrize("options", [{"bits": 12}, {"bits": 16, "photometric": WHITE_IS_ZERO}])
def test_grey_of_more_bits_on_little_endian_machines(options: dict) -> None:
    layout = Layout(**options)
    assert np.abs(pixels(tiff(layout)) - meant(layout)).max() <= 1


@pytest.mark.parametrize("bits", [8, 10, 12, 13])
@pytest.mark.parametrize("photometric", [BLACK_IS_ZERO, RGB])
def test_fewer_bits_in_sixteen_are_refused(photometric: int, bits: int) -> None:
    layout = Layout(bits=16, photometric=photometric)
    assert "white" in refused(tiff(layout, share=((1 << bits) - 1) / 65535))


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_dark_picture_of_sixteen_bits_stays_dark(share: float) -> None:
    layout = Layout(bits=16)
    assert np.abs(pixels(tiff(layout, share=share)) - meant(layout) * share).max() <= 1


def test_bytes_in_words_may_be_as_dark_as_they_like() -> None:
    """Bytes repeated: 16 bits made from 8 ones use all of their range."""
    dark = (picture(1)[..., 0] * 0.1).astype(np.uint16)
    file = io.BytesIO()
    Image.fromarray(dark * 257).save(file, "PNG")
    assert (pixels(file.getvalue())[..., 0] == dark).all()


@pytest.mark.parametrize(("share", "white"), [(1, 1), (1.04, 1), (255, 255), (255.5, 255)])
def test_floats_near_a_known_white(share: float, white: float) -> None:
    layout = Layout(bits=32, kind=FLOAT)
    expected = np.clip(meant(layout) * (share / white), 0, 255)
    assert np.abs(pixels(tiff(layout, share)) - expected).max() <= 1


@pytest.mark.parametrize("share", [10, 1000, 65535, 1e30, -1])
def test_floats_of_unknown_white_are_refused(share: float) -> None:
    assert "floating-point" in refused(tiff(Layout(bits=32, kind=FLOAT), share))


def test_signed_numbers_are_refused() -> None:
    assert "signed" in refused(tiff(Layout(bits=8, kind=SIGNED)))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (Image.fromarray(np.full((4, 4), -5, np.int32)), "signed"),
        (Image.fromarray(np.full((4, 4), 1 << 20, np.int32)), "signed"),
        (Image.fromarray(np.full((4, 4), 255, np.uint16)), "white"),
        (Image.fromarray(np.full((4, 4), 30.0, np.float32)), "floating-point"),
    ],
)
def test_images_of_callers_are_refused_too(image: Image.Image, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        Picture(image).load()


def test_a_palette_of_bytes_is_widened() -> None:
    colours = tuple(range(256)) * 3
    layout = Layout(photometric=PALETTE, tags=((320, 3, colours),))
    assert np.abs(pixels(tiff(layout)) - meant(layout)).max() <= 1


def test_inks_that_are_no_cmyk_are_refused() -> None:
    assert "inks" in refused(tiff(Layout(photometric=CMYK, tags=((332, 3, (2,)),))))


def test_uncompressed_colours_at_half_the_size_are_refused() -> None:
    file = io.BytesIO()
    Image.new("YCbCr", (SIDE, SIDE)).save(file, "TIFF")
    assert pixels(file.getvalue()).shape == (SIDE, SIDE, 3)
    data = file.getvalue()
    at = data.index(struct.pack("<HHI", 279, 4, 1)) if struct.pack("<HHI", 279, 4, 1) in data else (
        data.index(struct.pack("<HH", 279, 3))
    )  # fmt: skip
    half = data[: at + 8] + struct.pack("<I", SIDE * SIDE * 3 // 2) + data[at + 12 :]
    assert "half the size" in refused(half)
    assert YCBCR == 6


def raw(first: list, sub: list) -> bytes:
    """A raw file: the directory of a thumbnail, and one below it."""
    thumbnail = tiff(Layout(photometric=RGB))
    pixels_of = thumbnail[8 : 8 + SIDE * SIDE * 3]
    at = 8 + len(pixels_of)
    tags = [
        (256, 4, (SIDE,)),
        (257, 4, (SIDE,)),
        (258, 3, (8, 8, 8)),
        (259, 3, (1,)),
        (262, 3, (RGB,)),
        (273, 4, (8,)),
        (277, 3, (3,)),
        (278, 4, (SIDE,)),
        (279, 4, (len(pixels_of),)),
        *first,
    ]
    head = directory("<", at, sorted(tags))
    if sub:
        place = at + len(directory("<", at, sorted([*tags, (330, 4, (0,))])))
        head = directory("<", at, sorted([*tags, (330, 4, (place,))]))
        head += directory("<", place, sub)
    return b"II" + struct.pack("<HI", 42, at) + pixels_of + head


SENSOR = [(256, 4, (SIDE,)), (257, 4, (SIDE,)), (258, 3, (14,)), (262, 3, (CFA,))]


@pytest.mark.parametrize(
    "data",
    [
        raw([(254, 4, (1,)), (50706, 1, (1, 4, 0, 0))], SENSOR),  # DNG
        raw([(50706, 1, (1, 4, 0, 0))], []),
        raw([(254, 4, (1,))], SENSOR),  # NEF, ARW
        raw([(254, 4, (1,))], [*SENSOR[:3], (262, 3, (34892,))]),  # linear
        raw([], SENSOR),
        raw([(255, 3, (2,))], [(256, 4, (1,)), (262, 3, (6,))]),
        raw([], [])[:8] + b"CR\2\0" + raw([], [])[12:],  # CR2
    ],
    ids=["dng", "dng alone", "nef", "linear", "sub only", "old", "cr2"],
)
def test_raw_files_are_not_judged_by_their_thumbnail(data: bytes) -> None:
    assert "camera raw" in refused(data)


def test_a_tiff_with_a_harmless_sub_directory_is_read() -> None:
    data = raw([], [(254, 4, (1,)), (256, 4, (8,)), (257, 4, (8,)), (262, 3, (RGB,))])
    assert (pixels(data) == meant(Layout(photometric=RGB))).all()


def test_the_first_page_that_is_no_copy_is_judged() -> None:
    file = io.BytesIO()
    small, large = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (40, 30), "blue")
    small.save(file, "TIFF", save_all=True, append_images=[large], tiffinfo={254: 1})
    data = file.getvalue()
    # Pillow gives the tags of the first page to all
    second = data.rindex(struct.pack("<HHII", 254, 4, 1, 1))
    data = data[: second + 8] + struct.pack("<I", 0) + data[second + 12 :]
    found = Picture(data)
    assert (found.size, list(found.frames)) == ((40, 30), [1])
    assert (np.asarray(found.load()[0]) == (0, 0, 255)).all()


def test_libtiff_writes_nothing_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(file, "TIFF", compression="tiff_lzw")
    data = bytearray(file.getvalue())
    data[12:200] = b"\xff" * 188
    assert "damaged" in refused(bytes(data))
    assert capfd.readouterr().err == ""
