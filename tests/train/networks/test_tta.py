from __future__ import annotations

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="needs the extra `train`")

from train.networks._tta import TRANSFORMS, apply_transforms, is_filter, mean_over_transforms  # noqa: E402

pytestmark = pytest.mark.train


def stripes(period: int, size: int = 48) -> np.ndarray:
    """Vertical stripes of a period in pixels, float, [1, size, size, 3]."""
    wave = 128 + 100 * np.cos(2 * np.pi * np.arange(size) / period)
    return np.broadcast_to(wave[np.newaxis, np.newaxis, :, np.newaxis], (1, size, size, 3)).astype(
        np.float32
    )


def contrast(image: np.ndarray) -> float:
    """Half the range away from the edges."""
    inner = np.asarray(image)[0, 12:-12, 12:-12]
    return float(inner.max() - inner.min()) / 2


@pytest.mark.parametrize(("period", "kept"), [(2, 0.0), (4, 0.5), (8, 1.0), (16, 1.0)])
@pytest.mark.parametrize("turned", [False, True])
def test_soft_keeps_what_half_the_resolution_can_show(period, kept, turned):
    image = stripes(period)
    if turned:
        image = image.transpose(0, 2, 1, 3)
    after = TRANSFORMS["soft"](image)
    assert after.shape == image.shape
    assert contrast(after) == pytest.approx(kept * contrast(image), abs=3)


def test_soft_leaves_flat_colours_alone():
    flat = np.full((1, 32, 32, 3), (10.0, 120.0, 250.0), np.float32)
    np.testing.assert_allclose(TRANSFORMS["soft"](flat), flat, rtol=1e-5)


def test_mirrored_turns_left_to_right():
    image = np.random.default_rng(0).uniform(0, 255, (2, 9, 9, 3)).astype(np.float32)
    np.testing.assert_array_equal(TRANSFORMS["mirrored"](image), image[:, :, ::-1])
    soft = np.asarray(TRANSFORMS["soft"](image))
    np.testing.assert_allclose(TRANSFORMS["mirrored-soft"](image), soft[:, :, ::-1], atol=1e-3)


def test_every_picture_meets_its_own_views_again():
    image = np.random.default_rng(1).uniform(0, 255, (3, 8, 8, 3)).astype(np.float32)
    views = ("plain", "mirrored")
    seen = apply_transforms(tf.constant(image), views)
    assert seen.shape == (6, 8, 8, 3)
    numbers = mean_over_transforms(tf.reduce_mean(seen, axis=(1, 2, 3)), views)
    np.testing.assert_allclose(numbers, image.mean(axis=(1, 2, 3)), rtol=1e-5)
    maps = mean_over_transforms(seen[..., 0], views)  # mirrored back, the views of a place agree
    np.testing.assert_allclose(maps, image[..., 0], rtol=1e-5)


def test_one_view_is_taken_as_it_is():
    image = tf.ones((2, 4, 4, 3))
    assert apply_transforms(image, ("plain",)) is image
    np.testing.assert_array_equal(mean_over_transforms(tf.constant([1.0, 2.0]), ("plain",)), [1, 2])


def test_filters_are_told_from_layers():
    assert is_filter((3, 1, 11, 1))
    assert not is_filter((32, 3, 3, 3))
    assert not is_filter((32, 1, 3, 3))
