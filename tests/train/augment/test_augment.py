from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fakeface import CropSpec
from fakeface.preprocessing import crop
from fakeface.types import Box
from train.augment._augment import augmented_crop, smooth_skin
from train.augment._sharpness import sharpness
from train.recipes import AugmentSpec

SPEC = CropSpec(size=64)
BOX = Box(80, 60, 120, 120)


@pytest.fixture
def photo() -> Image.Image:
    rng = np.random.default_rng(0)
    low = rng.integers(0, 256, (60, 80, 3), np.uint8)
    return Image.fromarray(low).resize((320, 240), Image.Resampling.BICUBIC)


def certain(**chances: Any) -> AugmentSpec:
    """Nothing by chance but what is named."""
    names = [field.name for field in fields(AugmentSpec) if field.type == "float"]
    never: dict[str, float] = dict.fromkeys(names, 0.0)
    return replace(AugmentSpec(), **(never | chances))


def test_same_seed_same_crop(photo: Image.Image) -> None:
    before = np.asarray(photo).copy()
    for seed in range(30):
        one, two = (
            augmented_crop(photo, BOX, True, SPEC, AugmentSpec(), np.random.default_rng(seed))
            for _ in range(2)
        )
        assert one.shape == (64, 64, 3)
        assert one.dtype == np.uint8
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(np.asarray(photo), before)


def test_without_chances_it_is_the_crop_of_inference_or_its_mirror(photo: Image.Image) -> None:
    plain = crop(photo, BOX, SPEC)
    seen = set()
    for seed in range(10):
        pixels = augmented_crop(photo, BOX, True, SPEC, certain(), np.random.default_rng(seed))
        same = np.abs(pixels.astype(int) - plain).max() <= 1
        mirrored = np.abs(pixels[:, ::-1].astype(int) - plain).max() <= 1
        assert same or mirrored
        seen.add(bool(same))
    assert seen == {True, False}


@pytest.mark.parametrize(
    "chance",
    [
        "rescale",
        "encode",
        "recompress",
        "blur",
        "sharpen",
        "noise",
        "colour",
        "grey",
        "match_sharpness",
        "cutout",
        "shift",
    ],
)
def test_every_history_changes_pixels_and_not_the_shape(photo: Image.Image, chance: str) -> None:
    plain = crop(photo, BOX, SPEC)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        pixels = augmented_crop(photo, BOX, False, SPEC, certain(**{chance: 1.0}), rng)
        assert pixels.shape == plain.shape
        assert (pixels != plain).any() and (pixels[:, ::-1] != plain).any()


def test_only_photographs_are_smoothed(photo: Image.Image) -> None:
    options = certain(smooth=1.0)
    real, fake = (
        augmented_crop(photo, BOX, real, SPEC, options, np.random.default_rng(3))
        for real in (True, False)
    )
    assert (real != fake).any()


def test_smoothing_keeps_edges() -> None:
    pixels = np.full((40, 40, 3), 60, np.uint8)
    pixels[:, 20:] = 200
    noisy = np.clip(pixels + np.random.default_rng(0).normal(0, 4, pixels.shape), 0, 255)
    out = np.asarray(smooth_skin(Image.fromarray(noisy.astype(np.uint8)), np.random.default_rng(1)))
    assert out[:, 5:15].std() < 0.9 * noisy[:, 5:15].std()
    assert out[:, 21].mean() - out[:, 18].mean() > 120


def test_no_box_takes_the_middle(photo: Image.Image) -> None:
    pixels = augmented_crop(photo, None, True, SPEC, certain(), np.random.default_rng(1))
    plain = crop(photo, None, SPEC)
    assert min(np.abs(p.astype(int) - plain).max() for p in (pixels, pixels[:, ::-1])) <= 2


def test_matched_faces_are_as_sharp_as_drawn_whatever_they_were(photo: Image.Image) -> None:
    options = certain(match_sharpness=1.0, sharpness=(6.0, 6.0001))
    soft = photo.filter(ImageFilter.GaussianBlur(1.0))
    spec = CropSpec(size=180)  # as large as in the picture
    inner = slice(60, 120)
    for image in (photo, soft):
        pixels = augmented_crop(image, BOX, True, spec, options, np.random.default_rng(1))
        assert sharpness(pixels[inner, inner]) == pytest.approx(6.0, rel=0.35)
