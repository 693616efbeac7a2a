from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.train.conftest import Samples, needs_upscalers, portrait
from train._ghosts import GhostSpec, haunted, make_ghosts
from train._recipe import load_recipe
from train._sharpness import sharpness


def test_an_upscaler_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"there is no waifu2x; there are realesrgan-x4plus"):
        GhostSpec(upscalers=("waifu2x",))


def test_the_recipe_of_redrawn_photographs_names_upscalers():
    spec = load_recipe("edge-redrawn").finetune
    assert spec is not None
    assert len(spec.ghosts.upscalers) == 5


def test_a_ghost_is_about_as_sharp_as_its_photograph():
    rng = np.random.default_rng(0)
    photo = portrait(160, 200)

    def soft(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
        return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.8)))

    ghost = haunted(soft, photo, rng)
    assert ghost.shape == photo.shape
    assert sharpness(soft(photo, rng)) < 0.6 * sharpness(photo)
    assert 0.7 < sharpness(ghost) / sharpness(photo) < 1.1


@pytest.mark.train
@needs_upscalers
def test_every_maker_gets_its_photographs_and_nothing_is_made_twice(
    samples_to_train: Samples, tmp_path: Path
):
    spec = GhostSpec(per_source=4, steps=1, pictures=4, upscalers=("realesr-animevideov3-x2",))
    made = make_ghosts(samples_to_train, spec, 0, tmp_path / "ghosts")
    assert len(made) == 4
    assert {path.suffix for path in made.values()} == {".jpg"}
    times = {path: path.stat().st_mtime_ns for path in made.values()}
    for sample in samples_to_train:
        if sample.name in made:
            with Image.open(sample.path) as photo, Image.open(made[sample.name]) as ghost:
                assert ghost.size == photo.size
    assert make_ghosts(samples_to_train, spec, 0, tmp_path / "ghosts") == made
    assert times == {path: path.stat().st_mtime_ns for path in made.values()}


@pytest.mark.train
@needs_upscalers
def test_what_an_upscaler_draws_can_be_held_to_photographs_that_were_shrunk(
    samples_to_train: Samples, tmp_path: Path
):
    spec = GhostSpec(per_source=4, steps=1, pictures=4, upscalers=("realesr-animevideov3-x2",))
    one = make_ghosts(samples_to_train, spec, 0, tmp_path / "ghosts")
    (tmp_path / "others").mkdir()
    for weights in (tmp_path / "ghosts").glob("*.h5"):
        copy(weights, tmp_path / "others")
    other = make_ghosts(samples_to_train, replace(spec, least_shrink=3.0), 0, tmp_path / "others")
    assert one.keys() == other.keys()
    assert sum(one[name].read_bytes() != other[name].read_bytes() for name in one) == 1
