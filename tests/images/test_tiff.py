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
    assert right > 300  # fewer with older versions of Pillow
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
        {"photometric": BLACK_IS_ZERO, "extra": (1,)},
        {"photometric": BLACK_IS_ZERO, "extra": (2,)},
    ],
    ids=str,
)
def test_usual_layouts_are_read(options: dict, order: str, compression: int) -> None:
    layout = Layout(order, compression=compression, rows=16, **options)
    assert np.abs(pixels(tiff(layout)) - meant(layout)).max() <= far(layout)


def test_grey_of_sixteen_bits_where_zero_is_white() -> None:
    layout = Layout("<", bits=16, photometric=WHITE_IS_ZERO)
    assert np.abs(pixels(tiff(layout)) - meant(layout)).max() <= 1


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"bits": 12}, "12 bits"),
        ({"bits": 32}, "32 bits"),
        ({"bits": 32, "kind": FLOAT}, "floating-point"),
        ({"bits": 8, "kind": SIGNED}, "signed"),
        ({"photometric": CMYK, "bits": 16}, "16 bits"),
        ({"photometric": RGB, "bits": 16, "planar": 2}, "16 bits"),
        ({"photometric": PALETTE, "tags": ((320, 3, tuple(range(256)) * 3),)}, "photometric 3"),
        ({"photometric": CMYK, "tags": ((332, 3, (2,)),)}, "photometric 5"),
    ],
    ids=str,
)
def test_other_layouts_are_refused_in_one_sentence(options: dict, kind: str) -> None:
    reason = refused(tiff(Layout(**options)))
    assert kind in reason
    assert "\n" not in reason


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


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (Image.fromarray(np.full((4, 4), -5, np.int32)), "signed"),
        (Image.fromarray(np.full((4, 4), 1 << 20, np.int32)), "16 bits"),
        (Image.fromarray(np.full((4, 4), 255, np.uint16)), "white"),
        (Image.fromarray(np.full((4, 4), 30.0, np.float32)), "floating-point"),
    ],
)
def test_images_of_callers_are_refused_too(image: Image.Image, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        Picture(image).load()


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
