import io

import numpy as np
import pytest
from PIL import Image, features

from fakeface import ImageError
from fakeface._decode import Picture

RED = (200, 30, 40)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


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
        (Image.new("RGBA", (4, 4), (*RED, 0)), (255, 255, 255)),  # laid on white
        (Image.new("LA", (4, 4), (0, 0)), (255, 255, 255)),
        (Image.fromarray(np.full((4, 4), 32768, np.uint16)), (128, 128, 128)),
        (Image.fromarray(np.full((4, 4), 0.5, np.float32)), (128, 128, 128)),
    ],
    ids=["grey", "one bit", "opaque", "transparent", "grey alpha", "16 bit", "float"],
)
def test_every_mode_becomes_rgb(image, expected):
    assert np.abs(pixels(image).astype(int) - expected).max() <= 1
    if image.mode != "F":
        assert np.abs(pixels(encoded(image, "PNG")).astype(int) - expected).max() <= 1


def test_cmyk_jpeg():
    data = encoded(Image.new("RGB", (32, 32), RED).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(pixels(data).astype(int) - RED).max() <= 12


def test_palette_with_transparency():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, *RED])
    assert (pixels(encoded(image, "PNG", transparency=1)) == 255).all()
    assert (pixels(encoded(image, "PNG", transparency=0)) == RED).all()


def test_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, (0, 0, 255))]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.abs(pixels(data).astype(int) - RED).max() <= 4


def test_a_pillow_image_of_the_caller_is_left_alone():
    image = Image.open(io.BytesIO(encoded(Image.new("RGB", (4000, 3000), RED), "JPEG")))
    Picture(image).load(8)
    assert image.size == (4000, 3000)


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
    ],
)
def test_what_is_no_picture_is_one_error(source, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        Picture(source).load()
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ImageError, match="is a directory"):
        Picture(tmp_path)
