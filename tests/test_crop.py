import numpy as np
import pytest
from PIL import Image

from fakeface import Box, CropSpec
from fakeface._crop import crop, crop_box


@pytest.mark.parametrize(
    ("box", "size", "expected"),
    [
        (Box(40, 40, 20, 20), (100, 100), Box(35, 35, 30, 30)),  # in the middle
        (Box(40, 40, 10, 20), (100, 100), Box(30, 35, 30, 30)),  # the longer side counts
        (Box(0, 0, 20, 20), (100, 100), Box(0, 0, 30, 30)),  # moved in from the corner
        (Box(-10, 90, 20, 20), (100, 100), Box(0, 70, 30, 30)),  # a box that sticks out
        (Box(0, 0, 100, 100), (100, 120), Box(0, 0, 100, 100)),  # never larger than the picture
        (None, (100, 60), Box(20, 0, 60, 60)),  # the picture is the face
    ],
)
def test_square(box, size, expected):
    assert crop_box(box, size, margin=1.5) == expected


def test_a_crop_shows_the_face_and_nothing_is_padded():
    picture = np.full((200, 300, 3), 200, np.uint8)
    picture[50:150, 100:200] = (250, 10, 20)
    spec = CropSpec(size=96, margin=1.0)
    face = crop(Image.fromarray(picture), Box(100, 50, 100, 100), spec)
    assert face.shape == (96, 96, 3)
    assert face.dtype == np.uint8
    assert (face[4:-4, 4:-4] == (250, 10, 20)).all()  # the filter looks past the rim
    corner = crop(Image.fromarray(picture), Box(-20, -20, 60, 60), CropSpec(size=96, margin=1.5))
    assert (corner == 200).all()


def test_shrinking_does_not_alias():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    for name in ("bilinear", "bicubic", "lanczos"):
        small = crop(Image.fromarray(stripes), None, CropSpec(size=64, filter=name))
        assert np.abs(small[8:-8, 8:-8].astype(int) - 127).max() <= 2, name


@pytest.mark.parametrize("bad", [{"size": 8}, {"margin": 0.1}, {"filter": "nearest"}])
def test_a_spec_that_makes_no_crop_is_refused(bad):
    with pytest.raises(ValueError):
        CropSpec(**bad)
