"""Test-time augmentation: the detector averages its logits over transforms of a crop.

The mirrored crop has other noise and the same evidence. The crop without its finest detail shows
what survives a resize: a generator that was never trained on may have another finest detail than
those that were, or one like a camera's. All transforms go through the network as one batch, with
the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

_HALF_BAND = (3, 0, -25, 0, 150, 256, 150, 0, -25, 0, 3)
"""Taps of a low-pass filter at half the resolution, to be divided by their sum: the
maximally flat half-band filter of the six-point interpolation of Deslauriers and Dubuc (1989,
"Symmetric iterative interpolation processes")."""


@dataclass(frozen=True, slots=True)
class Transform:
    """Transforms crops, RGB, float, shape [n, h, w, 3].

    Attributes:
        soft: Low-pass filtered.
        mirrored: Flipped left to right.
    """

    soft: bool = False
    mirrored: bool = False

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        """Transform the crops."""
        if self.mirrored:
            image = image[:, :, ::-1]
        return _soft(image) if self.soft else image


PLAIN = "plain"

TRANSFORMS = {
    PLAIN: Transform(),
    "mirrored": Transform(mirrored=True),
    "soft": Transform(soft=True),
    "mirrored-soft": Transform(soft=True, mirrored=True),
}
"""The transforms by name."""


def _soft(image: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    taps = np.array(_HALF_BAND, np.float32) / sum(_HALF_BAND)
    edge = len(taps) // 2
    for kernel, down, across in ((taps[:, np.newaxis], edge, 0), (taps[np.newaxis], 0, edge)):
        pads = [[0, 0], [down, down], [across, across], [0, 0]]
        filters = np.repeat(kernel[:, :, np.newaxis, np.newaxis], image.shape[-1], axis=2)
        padded = tf.pad(image, pads, "REFLECT")
        image = tf.nn.depthwise_conv2d(padded, filters, [1, 1, 1, 1], "VALID")
    return image


def apply_transforms(image: tf.Tensor, transforms: Sequence[str]) -> tf.Tensor:
    """Stack transforms of crops into one batch.

    Args:
        image: RGB, float, shape [n, h, w, 3].
        transforms: Names from `TRANSFORMS`.

    Returns:
        Shape [len(transforms) * n, h, w, 3]: all crops by the first
            transform, then all by the next.
    """
    import tensorflow as tf

    if len(transforms) == 1:
        return TRANSFORMS[transforms[0]](image)
    return tf.concat([TRANSFORMS[name](image) for name in transforms], axis=0)


def mean_over_transforms(values: tf.Tensor, transforms: Sequence[str]) -> tf.Tensor:
    """Average outputs of the network over transforms.

    Args:
        values: Outputs for a batch of `apply_transforms`: numbers, [len(transforms) * n], or
            maps, [len(transforms) * n, h, w].
        transforms: As for `apply_transforms`.

    Returns:
        Shape [n] or [n, h, w]; maps are mirrored back.
    """
    import tensorflow as tf

    parts = tf.split(values, len(transforms), axis=0)
    if values.shape.rank == 3:
        parts = [
            part[:, :, ::-1] if TRANSFORMS[name].mirrored else part
            for part, name in zip(parts, transforms, strict=True)
        ]
    return tf.add_n(parts) / len(parts) if len(parts) > 1 else parts[0]


def is_filter(shape: Sequence[int]) -> bool:
    """Return whether a convolution is the filter of a transform, not a layer of the network.

    Args:
        shape: Shape of its kernel in ONNX: outputs, inputs per group, h, w.

    Returns:
        True for a depthwise convolution of three channels.
    """
    return shape[0] == 3 and shape[1] == 1
