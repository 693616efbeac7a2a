"""JPEG pictures that cost more than their pixels, and very large ones."""

from __future__ import annotations

import time

import pytest
from PIL import Image

from fakeface import ImageError
from fakeface.images import _open
from fakeface.images._decode import Picture
from tests.hostile._bombs import jpeg_with_size, slow_jpegs
from tests.hostile._seed import encode, face


def test_filling_and_markers_are_refused_at_once() -> None:
    for name, data in slow_jpegs():
        began = time.process_time()
        with pytest.raises(ImageError, match="time bomb"):
            Picture(data).load()
        assert time.process_time() - began < 2, name


def test_a_little_filling_is_read() -> None:
    plain = encode(face(), "JPEG")
    filled = plain[:2] + b"\xff" * 1000 + plain[2:]
    assert Picture(filled).load()[0].tobytes() == Picture(plain).load()[0].tobytes()


@pytest.mark.slow
def test_two_hundred_megapixels_are_decoded_smaller() -> None:
    data = encode(Image.new("L", (16_320, 12_240), 90), "JPEG")
    picture = Picture(data)
    assert picture.size == (16_320, 12_240)
    image, scale = picture.load(8)
    assert image.size == (2040, 1530)
    assert scale == 1 / 8


def test_more_than_pillow_opens_is_opened_and_more_than_that_refused() -> None:
    small = encode(Image.new("L", (64, 64)), "JPEG")
    assert Picture(jpeg_with_size(small, 16_320, 12_240)).pixels > 199_000_000
    with pytest.raises(ImageError, match=f"{_open.MAX_JPEG_PIXELS:,}"):
        Picture(jpeg_with_size(small, 16_320, 16_320))
