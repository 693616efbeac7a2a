from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fakeface.types import Box
from tests.train.conftest import Samples, needs_upscalers, portrait
from train.augment._autoencoder import load_or_train
from train.augment._reconstructions import (
    ReconstructionSpec,
    _middle,
    reconstruct,
    write_missing,
    write_reconstructions,
)
from train.augment._sharpness import sharpness
from train.data._sample import Sample
from train.errors import DataError
from train.recipes import FinetuneRecipe, load_recipe


def test_an_upscaler_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"there is no waifu2x; there are realesrgan-x4plus"):
        ReconstructionSpec(upscalers=("waifu2x",))


def test_the_recipe_of_redrawn_photographs_names_upscalers():
    recipe = load_recipe("edge-redrawn")
    assert isinstance(recipe, FinetuneRecipe)
    spec = recipe.finetune
    assert len(spec.reconstructions.upscalers) == 5


def test_a_reconstruction_is_about_as_sharp_as_its_photograph():
    rng = np.random.default_rng(0)
    photo = portrait(160, 200)

    def soft(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
        return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.8)))

    reconstruction = reconstruct(soft, photo, rng)
    assert reconstruction.shape == photo.shape
    assert sharpness(soft(photo, rng)) < 0.6 * sharpness(photo)
    assert 0.7 < sharpness(reconstruction) / sharpness(photo) < 1.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 0}, r"reconstructions\.steps must be at least 1"),
        ({"least_shrink": 0.5}, r"reconstructions\.least_shrink must be at least 1, got 0\.5"),
        ({"weak_augmentation": 1.5}, r"reconstructions\.weak_augmentation must be from 0 to 1"),
    ],
)
def test_what_makes_no_reconstructions_is_refused(wrong: dict[str, float], message: str):
    with pytest.raises(ValueError, match=message):
        ReconstructionSpec(**wrong)


def test_of_a_large_photograph_the_part_around_the_face_is_drawn_anew(tmp_path: Path):
    """It stays as large as it was, so that the box of the face holds."""
    path = tmp_path / "phone.png"
    Image.fromarray(portrait(1200, 900)).save(path)
    box = Box(500, 300, 100, 120)
    large = Sample("phone.png", path, 1, "phones", "train", "0123456789abcdef", box)
    whole = replace(large, name="none", digest="f" * 16, box=None)
    shapes = []

    def black(photo: np.ndarray, _: np.random.Generator) -> np.ndarray:
        shapes.append(photo.shape)
        return np.zeros_like(photo)

    files = write_missing(
        lambda: black, [large, whole], tmp_path / "reconstructions", 0, "reconstructions"
    )
    assert shapes == [(288, 288, 3), (900, 1200, 3)]
    with Image.open(files["phone.png"]) as reconstruction:
        assert reconstruction.size == (1200, 900)
        pixels = np.asarray(reconstruction)
    assert pixels[220:500, 410:690].max() < 20
    assert np.abs(pixels[:180].astype(int) - portrait(1200, 900)[:180]).mean() < 3
    assert [_middle(sample).shape for sample in (large, whole)] == [(320, 320, 3)] * 2


@pytest.mark.train
def test_autoencoders_follow_from_the_seed(tmp_path: Path):
    photos = [portrait()]
    first = [
        load_or_train(
            "nearest", tmp_path / f"{number}.weights.h5", lambda: photos, 1, seed
        ).get_weights()
        for number, seed in enumerate((5, 5, 6))
    ]
    assert all(np.array_equal(a, b) for a, b in zip(first[0], first[1], strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first[0], first[2], strict=True))
    assert {path.name for path in tmp_path.iterdir()} == {f"{n}.weights.h5" for n in range(3)}
    with pytest.raises(DataError, match="64 pixels"):
        load_or_train("nearest", tmp_path / "none.weights.h5", lambda: [portrait(60, 60)], 1, 0)


@pytest.mark.train
@needs_upscalers
def test_every_maker_gets_its_photographs_and_nothing_is_made_twice(
    samples_to_train: Samples, tmp_path: Path
):
    spec = ReconstructionSpec(
        per_source=4, steps=1, pictures=4, upscalers=("realesr-animevideov3-x2",)
    )
    made = write_reconstructions(samples_to_train, spec, 0, tmp_path / "reconstructions")
    assert len(made) == 4
    assert {path.suffix for path in made.values()} == {".jpg"}
    times = {path: path.stat().st_mtime_ns for path in made.values()}
    for sample in samples_to_train:
        if sample.name in made:
            with Image.open(sample.path) as photo, Image.open(made[sample.name]) as reconstruction:
                assert reconstruction.size == photo.size
    assert write_reconstructions(samples_to_train, spec, 0, tmp_path / "reconstructions") == made
    assert times == {path: path.stat().st_mtime_ns for path in made.values()}


@pytest.mark.train
@needs_upscalers
def test_what_an_upscaler_draws_can_be_held_to_photographs_that_were_shrunk(
    samples_to_train: Samples, tmp_path: Path
):
    spec = ReconstructionSpec(
        per_source=4, steps=1, pictures=4, upscalers=("realesr-animevideov3-x2",)
    )
    one = write_reconstructions(samples_to_train, spec, 0, tmp_path / "reconstructions")
    (tmp_path / "others").mkdir()
    for weights in (tmp_path / "reconstructions").glob("*.h5"):
        copy(weights, tmp_path / "others")
    other = write_reconstructions(
        samples_to_train, replace(spec, least_shrink=3.0), 0, tmp_path / "others"
    )
    assert one.keys() == other.keys()
    assert sum(one[name].read_bytes() != other[name].read_bytes() for name in one) == 1
