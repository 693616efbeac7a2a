from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fakeface.types import Box
from tests.train.augment.test_latent import networks, safetensors
from tests.train.conftest import Samples, portrait
from train.augment import _latent_pairs
from train.augment._latent_pairs import (
    AUTOENCODERS,
    around_face,
    make_reconstructions,
    pair,
    reconstruct,
)
from train.augment._sharpness import sharpness
from train.errors import WeightsError
from train.recipes import AutoencoderSpec

SPEC = AutoencoderSpec("weights", photographs=6)


@pytest.fixture
def spec(tmp_path: Path) -> AutoencoderSpec:
    """Narrow networks with random weights."""
    (tmp_path / "weights").mkdir()
    for name in AUTOENCODERS:
        for part, tensors in zip(("encoder", "decoder"), networks(pooled=False), strict=True):
            path = tmp_path / "weights" / f"{name}_{part}.safetensors"
            path.write_bytes(safetensors(tensors))
    return replace(SPEC, folder=str(tmp_path / "weights"))


@pytest.mark.train
def test_pictures_are_reconstructed_once(
    samples_to_train: Samples, spec: AutoencoderSpec, tmp_path: Path
) -> None:
    made = make_reconstructions(samples_to_train, spec, tmp_path / "made")
    by_name = {sample.name: sample for sample in samples_to_train}
    assert [by_name[name].label for name in made] == [1] * 6
    files = [path for paths in made.values() for path in paths]
    for name, paths in made.items():
        with Image.open(by_name[name].path) as photo:
            sizes = {photo.size}
        for path in paths:
            with Image.open(path) as image:
                sizes.add(image.size)
        assert len(sizes) == 1
    times = [path.stat().st_mtime_ns for path in files]
    assert make_reconstructions(samples_to_train, spec, tmp_path / "made") == made
    assert times == [path.stat().st_mtime_ns for path in files]


@pytest.mark.train
def test_more_pictures_keep_those_that_were_made(
    samples_to_train: Samples, spec: AutoencoderSpec, tmp_path: Path
) -> None:
    few = make_reconstructions(samples_to_train, replace(spec, photographs=3), tmp_path / "made")
    more = make_reconstructions(samples_to_train, spec, tmp_path / "made")
    assert few.items() < more.items()


def test_missing_weights_are_found_before_anything_is_made(
    samples_to_train: Samples, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match="taesd_encoder"):
        make_reconstructions(samples_to_train, replace(SPEC, folder=str(tmp_path)), tmp_path)


def test_both_of_a_pair_are_degraded_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a network that changes nothing they differ in the sharpness given back, alone."""
    image = Image.fromarray(portrait(400, 300))
    for name, value in (("_RESIZE", 1.0), ("_SCALE", (0.6, 0.6)), ("_ENCODE", 1.0)):
        monkeypatch.setattr(_latent_pairs, name, value)
    monkeypatch.setattr(_latent_pairs, "_ENCODED", (60, 60))
    box, rng = Box(150, 100, 60, 60), np.random.default_rng(0)
    made, photo = pair(image, box, lambda pixels, _: pixels, rng)
    assert photo.size == made.size == image.size
    before, after, original = (np.asarray(x).astype(int) for x in (photo, made, image))
    part = slice(60, 200), slice(110, 250)
    changed = np.abs(before - original)
    assert changed[part].mean() > 3
    changed[58:202, 108:252] = 0
    assert changed.max() == 0
    assert np.abs(before - after)[part].mean() < changed.mean() + 3


def test_a_reconstruction_is_about_as_sharp_as_its_photograph() -> None:
    rng = np.random.default_rng(0)
    photo = portrait(160, 200)

    def soft(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
        return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.8)))

    reconstruction = reconstruct(soft, photo, rng)
    assert reconstruction.shape == photo.shape
    assert sharpness(soft(photo, rng)) < 0.6 * sharpness(photo)
    assert 0.7 < sharpness(reconstruction) / sharpness(photo) < 1.1


def test_of_a_large_photograph_the_part_around_the_face_is_reconstructed() -> None:
    image = Image.fromarray(portrait(1200, 900))
    assert around_face(Box(500, 300, 100, 120), image) == (406, 216, 694, 504)
    assert around_face(Box(0, 0, 100, 100), image) == (0, 0, 170, 170)
    assert around_face(None, image) == (0, 0, 1200, 900)
