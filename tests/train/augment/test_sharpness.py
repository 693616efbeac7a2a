from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.augment._sharpness import match_sharpness, sharpness


@pytest.fixture(scope="module")
def photo(samples: Path) -> Image.Image:
    return Image.open(samples / "real" / "astronaut.png").convert("RGB").resize((200, 200))


def test_flat_pictures_are_not_sharp() -> None:
    assert sharpness(np.full((8, 8, 3), 90, np.uint8)) == 0


@pytest.mark.parametrize("factor", [0.3, 0.7, 1.5, 2.5])
def test_a_picture_is_brought_to_what_is_asked_for(photo: Image.Image, factor: float) -> None:
    before = np.asarray(photo).copy()
    target = factor * sharpness(before)
    made = match_sharpness(photo, target, 1.0)
    assert made.size == photo.size
    assert sharpness(np.asarray(made)) == pytest.approx(target, rel=0.15)
    np.testing.assert_array_equal(np.asarray(photo), before)


def test_what_cannot_be_reached_is_approached(photo: Image.Image) -> None:
    flat = Image.new("RGB", (50, 50), (9, 9, 9))
    assert sharpness(np.asarray(match_sharpness(flat, 10.0, 1.0))) == 0
    assert sharpness(np.asarray(match_sharpness(photo, 0.0, 1.0))) < 0.3 * sharpness(
        np.asarray(photo)
    )


def test_a_part_alone_may_be_measured(photo: Image.Image) -> None:
    part = (60, 20, 140, 100)
    made = match_sharpness(photo, 5.0, 1.0, part)
    assert made.size == photo.size
    assert sharpness(np.asarray(made.crop(part))) == pytest.approx(5.0, rel=0.15)
