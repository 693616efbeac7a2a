import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy._degradations import (
    DEGRADATIONS,
    face_in_crop,
    hide_face,
    keep_face,
)
from fakeface import Box, CropSpec, ImageError


@pytest.fixture(scope="module")
def portrait(samples):
    image = Image.open(samples / "real" / "astronaut.png").convert("RGB").resize((200, 160))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def treated(name, data):
    image = Image.open(io.BytesIO(DEGRADATIONS[name].apply(data)))
    image.load()
    return image


@pytest.mark.parametrize(
    ("name", "size", "encoding"),
    [
        ("clean", (200, 160), "JPEG"),
        ("web", (150, 120), "JPEG"),
        ("hard", (100, 80), "JPEG"),
        ("webp", (200, 160), "WEBP"),
        ("blur", (200, 160), "PNG"),
        ("screenshot", (260, 208), "PNG"),
    ],
)
def test_size_and_format(portrait, name, size, encoding):
    image = treated(name, portrait)
    assert (image.size, image.format) == (size, encoding)


def test_clean_leaves_the_bytes_alone(portrait):
    assert DEGRADATIONS["clean"].apply(portrait) is portrait


def test_pictures_are_read_as_the_library_reads_them(portrait):
    """Upright, and on white where they are transparent."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    lying, clear = io.BytesIO(), io.BytesIO()
    with Image.open(io.BytesIO(portrait)) as image:
        image.save(lying, "JPEG", exif=exif)
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    picture.paste((9, 9, 9, 255), (0, 0, 8, 8))  # where all is transparent, alpha is ignored
    picture.save(clear, "PNG")
    turned = treated("web", lying.getvalue())
    assert turned.size == (120, 150)
    assert 0x0112 not in turned.getexif()
    assert treated("blur", clear.getvalue()).getpixel((32, 32)) == (255, 255, 255)
    with pytest.raises(ImageError, match="is not a picture"):
        DEGRADATIONS["web"].apply(b"nothing of the kind")


def test_jpeg_quality_is_the_one_described(portrait):
    plain = io.BytesIO()
    Image.new("RGB", (16, 16)).save(plain, "JPEG", quality=60)
    assert treated("web", portrait).quantization == Image.open(plain).quantization


def test_masks_fill_one_side_of_the_face_box_and_leave_the_other():
    crop = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    before = crop.copy()
    face = Box(10, 5, 20, 30)
    face_only, background_only = keep_face(crop, face), hide_face(crop, face)
    inside = np.zeros((40, 40), bool)
    inside[5:35, 10:30] = True
    mean = crop.reshape(-1, 3).mean(axis=0).round()
    assert (face_only[inside] == crop[inside]).all()
    assert (face_only[~inside] == mean).all()
    assert (background_only[~inside] == crop[~inside]).all()
    assert (background_only[inside] == mean).all()
    assert (crop == before).all()


def test_where_a_face_lies_in_its_crop():
    spec = CropSpec(size=100, margin=2.0)
    assert face_in_crop(Box(40, 50, 20, 20), (200, 200), spec) == Box(25, 25, 50, 50)
    # At the edge the square moves into the picture, and the face is off its middle.
    assert face_in_crop(Box(0, 0, 20, 20), (200, 200), spec) == Box(0, 0, 50, 50)
