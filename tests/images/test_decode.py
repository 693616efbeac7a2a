import io
import os
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image, ImageOps, features

from fakeface import ImageError
from fakeface.images._decode import Picture
from fakeface.images._read import digest, digest_of_file, read

RED = (200, 30, 40)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@contextmanager
def peak_below(limit):
    """The block holds fewer bytes than this at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def pixels(source) -> np.ndarray:
    image, scale = Picture(source).load()
    assert image.mode == "RGB"
    assert scale == 1
    return np.asarray(image)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_formats_are_told_by_content(kind, tmp_path):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    path = tmp_path / "picture.txt"
    path.write_bytes(encoded(Image.new("RGB", (40, 30), RED), kind))
    image = pixels(path)
    assert image.shape == (30, 40, 3)
    assert np.abs(image.astype(int) - RED).max() <= 8


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (4, 4), 128), (128, 128, 128)),
        (Image.new("1", (4, 4), 1), (255, 255, 255)),
        (Image.new("RGBA", (4, 4), (*RED, 255)), RED),
        (Image.new("RGBA", (4, 4), (*RED, 0)), RED),  # its alpha was never meant
        (Image.new("LA", (4, 4), (90, 0)), (90, 90, 90)),
        (Image.fromarray(np.full((4, 4), 32768, np.uint16)), (128, 128, 128)),
    ],
    ids=["grey", "one bit", "opaque", "transparent", "grey alpha", "16 bit"],
)
def test_every_mode_becomes_rgb(image, expected):
    assert np.abs(pixels(image).astype(int) - expected).max() <= 1
    assert np.abs(pixels(encoded(image, "PNG")).astype(int) - expected).max() <= 1


def test_cmyk_jpeg():
    data = encoded(Image.new("RGB", (32, 32), RED).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(pixels(data).astype(int) - RED).max() <= 12


def test_palette_with_transparency():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, *RED])
    image.putpixel((0, 0), 0)
    found = pixels(encoded(image, "PNG", transparency=1))
    assert (found[0, 0] == 0).all()
    assert (found[1:] == 255).all()
    image.putpixel((0, 0), 1)
    assert (pixels(encoded(image, "PNG", transparency=1)) == RED).all()  # all of it: not meant
    assert (pixels(encoded(image, "PNG", transparency=0)) == RED).all()


def test_a_pillow_image_of_the_caller_is_left_alone():
    image = Image.open(io.BytesIO(encoded(Image.new("RGB", (4000, 3000), RED), "JPEG")))
    Picture(image).load(8)
    assert image.size == (4000, 3000)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_of_the_caller_is_left_alone_however_the_picture_is_turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera"
    stored = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8))
    image = Image.open(io.BytesIO(encoded(stored, "JPEG", exif=exif)))
    upright, _ = Picture(image).load()
    assert dict(image.getexif()) == {0x0112: orientation, 0x010F: "Camera"}
    np.testing.assert_array_equal(np.asarray(upright), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_once(orientation, compression):
    """Pillow turns them itself while it loads, but not in all versions."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.effect_noise((64, 48), 90).convert("RGB")
    tiff = encoded(stored, "TIFF", exif=exif, compression=compression)
    as_stored = encoded(stored, "TIFF", compression=compression)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(
        Image.fromarray(pixels(as_stored)), "PNG", exif=exif
    ))))  # fmt: skip
    for source in (tiff, Image.open(io.BytesIO(tiff))):
        picture = Picture(source)
        assert picture.size == wanted.size
        image, scale = picture.load()
        assert (image.size, scale) == (wanted.size, 1.0)
        np.testing.assert_array_equal(np.asarray(image), np.asarray(wanted))
    whole = Picture(tiff)
    whole.load()
    assert whole.size == wanted.size


def test_a_torn_tiff_that_has_to_be_turned_is_one_error():
    exif = Image.Exif()
    exif[0x0112] = 6
    torn = encoded(Image.effect_noise((64, 48), 90), "TIFF", exif=exif, compression="tiff_lzw")
    tags = int.from_bytes(torn[4:8], "little")  # they stand behind the pixels
    torn = torn[:8] + b"\xff" * (tags - 8) + torn[tags:]
    with pytest.raises(ImageError, match="cannot be decoded"):
        _ = Picture(torn).size
    with pytest.raises(ImageError, match="cannot be decoded"):
        Picture(torn).load()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_threads_may_share_a_pillow_image_that_is_not_loaded_yet(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.effect_noise((600, 400), 90).convert("RGB"), kind, exif=exif)
    expected = pixels(data)
    assert expected.shape == (600, 400, 3)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(10):
            image, together = Image.open(io.BytesIO(data)), threading.Barrier(8)

            def load(_, image=image, together=together):
                together.wait(60)
                return pixels(image)

            for found in threads.map(load, range(8)):
                np.testing.assert_array_equal(found, expected)


class Torn:
    """A file object that fails in a way of its own."""

    def __init__(self, error=None, result=b""):
        self.error, self.result = error, result

    def read(self, size):
        if self.error is not None:
            raise self.error
        return self.result


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "empty"),
        (b"no picture at all", "not a picture"),
        (io.StringIO("text"), "binary mode"),
        (12, "cannot read a int"),
        (np.zeros((4, 4), np.uint8), r"got uint8 of shape \(4, 4\)"),
        (np.zeros((4, 4, 3), np.float32), "got float32"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        ("no/such/file.jpg", "no such file"),
        ("nul\0byte.jpg", "null"),
        (Torn(RuntimeError("the tape\nis torn")), "<file>: cannot be read: the tape is torn"),
        (Torn(ValueError()), "cannot be read: ValueError"),
        (Torn(MemoryError()), "does not fit into memory"),
        (Torn(OSError(5, "Input/output error")), "<file>: input/output error"),
        (Torn(result=None), "gives NoneType, not bytes"),
    ],
)
def test_what_is_no_picture_is_one_error(source, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        Picture(source).load()
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ImageError, match="is a directory"):
        Picture(tmp_path)


def test_a_pipe_that_gives_its_bytes_in_pieces_is_read_to_the_end():
    data = encoded(Image.effect_noise((500, 500), 90), "PNG")
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb", buffering=0) as file:
        assert read(file, "<file>") == data
    thread.join(60)


def test_of_a_large_file_that_is_no_picture_only_the_beginning_is_read(tmp_path):
    path = tmp_path / "sparse.jpg"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with peak_below(1 << 20), pytest.raises(ImageError, match="is not a picture"):
        Picture(path)


def test_the_digest_of_a_file_is_taken_in_parts(tmp_path):
    path = tmp_path / "long.gif"
    with path.open("wb") as file:
        file.write(b"GIF89a")
        file.truncate(50 << 20)
    with peak_below(8 << 20):
        found = digest_of_file(str(path))
    assert found == digest(path.read_bytes())
