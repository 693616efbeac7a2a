"""Ghosts: photographs passed through a small autoencoder, as AI pictures of every source.

A latent diffusion model leaves the trace of its decoder on everything it draws. The same
photograph before and after an autoencoder differs in that trace alone, so that neither the person
nor the camera nor the origin can decide (Rajan et al. 2024, arXiv 2410.11835, "Aligned Datasets
Improve Detection of Latent Diffusion-Generated Images"). Their autoencoders are those of the
generators; ours are small ones, fitted here on the training photographs in minutes, with
different ways to double the size. What they lose of sharpness is given back by an unsharp mask:
else softness would count as a sign of AI, and many photographs are soft.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._decode import Picture
from train._progress import progress
from train._sharpness import brought_to, sharpness
from train._threads import in_threads

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor

    from train._data import Sample

Pixels = npt.NDArray[np.uint8]

DECODERS = ("nearest", "transposed", "shuffle")
"""Ways to double the size: nearest neighbour and a convolution, a transposed convolution, or a
convolution whose channels become pixels."""

_PATCH, _LATENT, _DOWN = 64, 8, 4
_QUALITY = 90  # of JPEG, as the pictures have it
_SHARPNESS = (0.75, 1.05)  # of a ghost, as a share of that of its photograph


@dataclass(frozen=True, slots=True)
class GhostSpec:
    """How many ghosts there are and how they are made.

    Attributes:
        per_source: Photographs of every Real source that get a ghost.
        steps: Steps of 32 patches that an autoencoder is fitted for.
        pictures: Photographs that the autoencoders are fitted on.
    """

    per_source: int = 60
    steps: int = 850
    pictures: int = 2400


def make_ghosts(
    samples: Sequence[Sample], spec: GhostSpec, seed: int, folder: Path
) -> dict[str, Path]:
    """Make the ghosts that are missing.

    Args:
        samples: The training pictures; only the photographs among them matter.
        spec: How many and how.
        seed: Of everything that is drawn.
        folder: Where autoencoders and ghosts are kept.

    Returns:
        The file of the ghost of every photograph that has one, by the name of the sample.
    """
    photos = [sample for sample in samples if sample.label == 1]
    rng = np.random.default_rng([seed, 1])
    chosen = _chosen(photos, spec.per_source, rng)
    files = {sample.name: folder / f"{sample.digest}.jpg" for sample in chosen}
    folder.mkdir(parents=True, exist_ok=True)
    for number, decoder in enumerate(DECODERS):
        todo = [s for s in chosen[number :: len(DECODERS)] if not files[s.name].exists()]
        if not todo:
            continue
        weights = folder / f"{decoder}.weights.h5"
        model = autoencoder(decoder)
        if weights.exists():
            model.load_weights(weights)
        else:
            _fit(model, _pixels(photos, spec.pictures, rng), spec.steps, seed)
            model.save_weights(weights)
        for sample in progress(todo, f"ghosts ({decoder})", len(todo)):
            own = np.random.default_rng([seed, int(sample.digest[:12], 16)])
            ghost = haunted(model, _load(sample), own)
            aside = files[sample.name].with_suffix(".tmp")
            Image.fromarray(ghost).save(aside, "JPEG", quality=_QUALITY)
            aside.replace(files[sample.name])
    return files


def autoencoder(decoder: str) -> keras.Model:
    """An untrained autoencoder: RGB of -1 to 1 to a quarter of the size, 8 channels, and back.

    Args:
        decoder: One of `DECODERS`.
    """
    import keras
    import tensorflow as tf
    from keras import layers

    def conv(x: KerasTensor, filters: int, activation: str | None = "relu") -> KerasTensor:
        return layers.Conv2D(filters, 3, padding="same", activation=activation)(x)

    def residual(x: KerasTensor, filters: int) -> KerasTensor:
        return layers.Add()([x, conv(conv(x, filters), filters, None)])

    def doubled(x: KerasTensor, filters: int) -> KerasTensor:
        if decoder == "nearest":
            return conv(layers.UpSampling2D(2)(x), filters)
        if decoder == "shuffle":
            return layers.Lambda(lambda y: tf.nn.depth_to_space(y, 2))(conv(x, 4 * filters))
        return layers.Conv2DTranspose(filters, 4, 2, "same", activation="relu")(x)

    image = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 6, 2, "same", activation="relu")(image)
    x = layers.Conv2D(48, 3, 2, "same", activation="relu")(x)
    x = residual(x, 48)
    x = layers.Conv2D(_LATENT, 1)(x)
    x = residual(residual(conv(x, 64), 64), 64)
    x = residual(doubled(x, 32), 32)
    x = conv(doubled(x, 16), 16)
    return keras.Model(image, conv(x, 3, None), name=decoder)


def haunted(model: keras.Model, photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Pass a photograph through an autoencoder and give back its sharpness.

    Args:
        model: From `autoencoder`, fitted.
        photo: RGB, uint8, shape (h, w, 3).
        rng: Draws where the autoencoder's grid lies, and how sharp the ghost becomes.

    Returns:
        The ghost, as large as the photograph.
    """
    height, width = photo.shape[:2]
    top, left = (int(n) for n in rng.integers(0, _DOWN, 2))
    pad = ((top, -(top + height) % 16 + 16), (left, -(left + width) % 16 + 16), (0, 0))
    padded = np.pad(photo, pad, "reflect")[np.newaxis].astype(np.float32) / 127.5 - 1
    drawn = model(padded).numpy()[0, top : top + height, left : left + width]
    ghost = np.clip((drawn + 1) * 127.5, 0, 255).round().astype(np.uint8)
    target, radius = sharpness(photo) * rng.uniform(*_SHARPNESS), rng.uniform(0.6, 1.4)
    return np.asarray(brought_to(Image.fromarray(ghost), target, radius))


def _chosen(photos: Sequence[Sample], most: int, rng: np.random.Generator) -> list[Sample]:
    by_source: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in photos:
        by_source[sample.source].append(sample)
    return [
        by_source[source][i]
        for source in sorted(by_source)
        for i in rng.permutation(len(by_source[source]))[:most]
    ]


def _load(sample: Sample) -> Pixels:
    return np.asarray(Picture(sample.path).load()[0])


def _pixels(photos: Sequence[Sample], most: int, rng: np.random.Generator) -> list[Pixels]:
    chosen = [photos[i] for i in rng.permutation(len(photos))[:most]]
    loaded = (pixels for _, pixels in in_threads(_load, chosen, "reading photographs"))
    return [pixels for pixels in loaded if min(pixels.shape[:2]) >= _PATCH]


def _fit(model: keras.Model, photos: list[Pixels], steps: int, seed: int) -> None:
    """Fit on patches: pixels, their gradients, and as much fine structure as there was."""
    import keras
    import tensorflow as tf

    laplace = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)[..., None, None]
    laplace = tf.constant(np.repeat(laplace, 3, 2))

    def texture(x: tf.Tensor) -> tf.Tensor:
        edges = tf.abs(tf.nn.depthwise_conv2d(x, laplace, [1, 1, 1, 1], "VALID"))
        return tf.nn.avg_pool2d(edges, 6, 4, "VALID")

    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps, warmup_target=2e-3, warmup_steps=min(50, steps // 2)
    )
    optimizer = keras.optimizers.Adam(rate, clipnorm=1.0)

    @tf.function
    def step(patches: tf.Tensor) -> None:
        x = tf.cast(patches, tf.float32) / 127.5 - 1
        with tf.GradientTape() as tape:
            y = model(x, training=True)
            error = x - y
            loss = tf.reduce_mean(tf.abs(error))
            for gradient in tf.image.image_gradients(error):
                loss += 0.25 * tf.reduce_mean(tf.abs(gradient))
            loss += 0.3 * tf.reduce_mean(tf.abs(texture(x) - texture(y)))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    rng = np.random.default_rng([seed, 2])
    for _ in progress(range(steps), f"fitting the autoencoder ({model.name})", steps):
        patches = []
        for i in rng.integers(len(photos), size=32):
            top, left = (int(rng.integers(n - _PATCH + 1)) for n in photos[i].shape[:2])
            patches.append(photos[i][top : top + _PATCH, left : left + _PATCH])
        step(tf.constant(np.stack(patches)))
