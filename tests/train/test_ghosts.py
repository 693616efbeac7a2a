from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.conftest import SAMPLES
from tests.train.conftest import fill, needs_upscalers
from train._cache import Cache
from train._data import load_data
from train._ghosts import GhostSpec, haunted, make_enhanced, make_ghosts
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
    with Image.open(SAMPLES / "real" / "obama.jpg") as image:
        photo = np.asarray(image.convert("RGB").resize((160, 200)))

    def soft(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
        return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.8)))

    ghost = haunted(soft, photo, rng)
    assert ghost.shape == photo.shape
    assert sharpness(soft(photo, rng)) < 0.6 * sharpness(photo)
    assert 0.7 < sharpness(ghost) / sharpness(photo) < 1.1


@pytest.mark.train
@needs_upscalers
def test_every_maker_gets_its_photographs_and_nothing_is_made_twice(tmp_path: Path):
    fill(tmp_path / "faces" / "AI" / "gan", 12, 0, noisy=False)
    fill(tmp_path / "faces" / "Real" / "phones", 12, 200, noisy=True)
    samples = load_data(tmp_path / "faces", Cache(tmp_path / "cache"), 0).split("train")
    spec = GhostSpec(per_source=4, steps=1, pictures=4, upscalers=("realesr-animevideov3-x2",))
    made = make_ghosts(samples, spec, 0, tmp_path / "ghosts")
    assert len(made) == 4
    assert {path.suffix for path in made.values()} == {".jpg"}
    times = {path: path.stat().st_mtime_ns for path in made.values()}
    for sample in samples:
        if sample.name in made:
            with Image.open(sample.path) as photo, Image.open(made[sample.name]) as ghost:
                assert ghost.size == photo.size
    assert make_ghosts(samples, spec, 0, tmp_path / "ghosts") == made
    assert times == {path: path.stat().st_mtime_ns for path in made.values()}

    enhanced = make_enhanced(samples, spec, 0, tmp_path / "enhanced")
    assert set(enhanced) < set(made), "photographs with a ghost by an upscaler, and no others"
    (name,) = enhanced
    assert enhanced[name].read_bytes() != made[name].read_bytes()
    written = enhanced[name].stat().st_mtime_ns
    assert make_enhanced(samples, spec, 0, tmp_path / "enhanced") == enhanced
    assert enhanced[name].stat().st_mtime_ns == written


def test_a_chance_above_one_is_refused():
    with pytest.raises(ValueError, match=r"ghosts\.enhanced must be from 0 to 1, got 2"):
        GhostSpec(enhanced=2.0)


def test_nothing_enhances_without_an_upscaler_that_can():
    with pytest.raises(ValueError, match=r"needs one of realesr-animevideov3-x2"):
        GhostSpec(enhanced=0.5, upscalers=("realesrgan-x4plus",))
