"""Small autoencoders whose decoders leave a trace in the photographs they reconstruct.

They are trained here on the training photographs, in minutes, with different kinds of upsampling.
The caller restores the sharpness that they lose: softness must not become a sign of AI, since many
photographs are soft.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fakeface.files import replacing
from train.errors import DataError
from train.progress import progress

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor

Pixels = npt.NDArray[np.uint8]

DECODERS = ("nearest", "transposed", "shuffle")
"""Kinds of upsampling: nearest neighbour and a convolution, transposed convolution, sub-pixel
convolution."""

_PATCH, _LATENT, _DOWN = 64, 8, 4


def load_or_train(
    decoder: str, weights: Path, photos: Callable[[], Sequence[Pixels]], steps: int, seed: int
) -> keras.Model:
    """Load an autoencoder, or train it (minutes) and write its weights.

    Args:
        decoder: One of `DECODERS`.
        weights: File of the weights, `.weights.h5`.
        photos: Returns the training photographs, RGB, uint8; called only if training is needed.
        steps: Training steps of 32 patches.
        seed: Seed for initialisation and patches.

    Raises:
        DataError: No photograph is large enough.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = autoencoder(decoder)
    if weights.exists():
        model.load_weights(weights)
    else:
        large = [pixels for pixels in photos() if min(pixels.shape[:2]) >= _PATCH]
        if not large:
            raise DataError(
                f"no photograph is at least {_PATCH} pixels high and wide, as autoencoders need"
            )
        _fit(model, large, steps, seed)
        with replacing(weights, suffix=".weights.h5") as new:  # Keras insists on it
            model.save_weights(new)
    return model


def autoencoder(decoder: str) -> keras.Model:
    """Build an untrained autoencoder: RGB of -1 to 1, a latent of 8 channels at 1/4 size, RGB.

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


def autoencode(model: keras.Model, photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Reconstruct a photograph by an autoencoder.

    Args:
        model: From `load_or_train`.
        photo: RGB, uint8, shape (h, w, 3).
        rng: Places the grid of the latent at random.

    Returns:
        As large as the photograph.
    """
    height, width = photo.shape[:2]
    top, left = (int(n) for n in rng.integers(0, _DOWN, 2))
    pad = ((top, -(top + height) % 16 + 16), (left, -(left + width) % 16 + 16), (0, 0))
    padded = np.pad(photo, pad, "reflect")[np.newaxis].astype(np.float32) / 127.5 - 1
    decoded = model(padded).numpy()[0, top : top + height, left : left + width]
    return np.asarray(np.clip((decoded + 1) * 127.5, 0, 255).round(), np.uint8)


def _fit(model: keras.Model, photos: list[Pixels], steps: int, seed: int) -> None:
    """Train on patches with losses on pixels, gradients and local texture energy."""
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

    train = tf.function(step)
    rng = np.random.default_rng([seed, 2])
    for _ in progress(range(steps), f"training the autoencoder ({model.name})", steps):
        patches = []
        for i in rng.integers(len(photos), size=32):
            top, left = (int(rng.integers(n - _PATCH + 1)) for n in photos[i].shape[:2])
            patches.append(photos[i][top : top + _PATCH, left : left + _PATCH])
        train(tf.constant(np.stack(patches)))
