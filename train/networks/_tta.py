"""Views: a detector may look at a crop more than once, and judges by the mean of its logits.

A look at the mirrored crop has other noise and the same evidence. A look at the crop without its
finest detail rests on what survives a resize: a generator that was never trained on may leave
another finest detail than those that were, or one like a camera's. All views go through the network
as one batch, with the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

_HALF_BAND = (3, 0, -25, 0, 150, 256, 150, 0, -25, 0, 3)
"""Taps of a filter that keeps what half the resolution can show, to be divided by their sum: the
maximally flat half-band filter of the six-point interpolation of Deslauriers and Dubuc (1989,
"Symmetric iterative interpolation processes")."""


@dataclass(frozen=True, slots=True)
class View:
    """One look at crops: called with RGB, float, [n, h, w, 3], it gives what the network is shown.

    Attributes:
        soft: Without the finest detail.
        mirrored: Left is right.
    """

    soft: bool = False
    mirrored: bool = False

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        """See the class."""
        if self.mirrored:
            image = image[:, :, ::-1]
        return _soft(image) if self.soft else image


PLAIN = "plain"

VIEWS = {
    PLAIN: View(),
    "mirrored": View(mirrored=True),
    "soft": View(soft=True),
    "mirrored-soft": View(soft=True, mirrored=True),
}
"""The views by name."""


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


def shown(image: tf.Tensor, views: Sequence[str]) -> tf.Tensor:
    """What the network is shown of every crop.

    Args:
        image: RGB, float, shape [n, h, w, 3].
        views: Names from `VIEWS`.

    Returns:
        Shape [len(views) * n, h, w, 3]: all crops in the first view, then all in the next.
    """
    import tensorflow as tf

    if len(views) == 1:
        return VIEWS[views[0]](image)
    return tf.concat([VIEWS[view](image) for view in views], axis=0)


def mean_of(values: tf.Tensor, views: Sequence[str]) -> tf.Tensor:
    """The mean over the views of what the network made of each.

    Args:
        values: Of what `shown` gave: numbers, [len(views) * n], or maps, [len(views) * n, h, w].
        views: As for `shown`.

    Returns:
        Shape [n] or [n, h, w]; maps lie as the crop lies.
    """
    import tensorflow as tf

    parts = tf.split(values, len(views), axis=0)
    if values.shape.rank == 3:
        parts = [
            part[:, :, ::-1] if VIEWS[view].mirrored else part
            for part, view in zip(parts, views, strict=True)
        ]
    return tf.add_n(parts) / len(parts) if len(parts) > 1 else parts[0]


def is_filter(shape: Sequence[int]) -> bool:
    """Whether a convolution filters a view, and is no layer of the network.

    Args:
        shape: Of its kernel as ONNX has it: outputs, inputs of each, h, w.

    Returns:
        Whether it takes three colours to three colours, each for itself.
    """
    return shape[0] == 3 and shape[1] == 1
