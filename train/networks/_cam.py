"""The exact class activation map of a linear head.

Where the logit is a linear function of globally averaged feature maps, it is also the average of a
map: the same linear function at every position (Zhou et al. 2016, arXiv 1512.04150). Maps of
several stages are upsampled to the size of the largest by repeating each value, which keeps their
averages, and added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.networks._heads import LOGIT

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True, slots=True)
class LinearHead:
    """A head whose logit is linear in averaged feature maps.

    Attributes:
        feature_maps: The feature maps, each [n, h, w, channels].
        kernels: Weights of each map's channels in the logit of Real, each [channels].
        bias: Of the logit of Real.
    """

    feature_maps: tuple[keras.KerasTensor, ...]
    kernels: tuple[npt.NDArray[np.float32], ...]
    bias: float


def linear_head(model: keras.Model) -> LinearHead | None:
    """Look for a head that is linear in averaged feature maps.

    Args:
        model: A detector with a layer `logit`.

    Returns:
        The head, or None where there is more than averaging between the maps and the logit.
    """
    from keras import layers

    logit = model.get_layer(LOGIT)
    made_by = {id(layer.output): layer for layer in model.layers}
    before = made_by[id(logit.input)]
    if isinstance(before, layers.Dropout):  # does nothing once it is trained
        before = made_by[id(before.input)]
    inputs = before.input if isinstance(before, layers.Concatenate) else [before.output]
    pools = [made_by[id(tensor)] for tensor in inputs]
    if not all(isinstance(pool, layers.GlobalAveragePooling2D) for pool in pools):
        return None
    kernel, bias = logit.get_weights()
    ends = np.cumsum([pool.output.shape[-1] for pool in pools])
    kernels = np.split(kernel[:, 0], ends[:-1])
    return LinearHead(tuple(pool.input for pool in pools), tuple(kernels), float(bias[0]))


def activation_map(maps: list[tf.Tensor], head: LinearHead) -> tf.Tensor:
    """Return what each position adds to the logit of Real.

    Args:
        maps: The feature maps of `head.feature_maps` for n pictures, sizes multiples of each other.
        head: The head.

    Returns:
        Shape [n, h, w]; its mean plus `head.bias` is the logit.
    """
    import tensorflow as tf

    largest = max(values.shape[1] for values in maps)
    total = 0.0
    for values, kernel in zip(maps, head.kernels, strict=True):
        here = tf.tensordot(values, kernel, 1)
        times = largest // values.shape[1]
        if times * values.shape[1] != largest:
            raise ValueError(f"maps of {values.shape[1]} and {largest} do not fit together")
        total += tf.repeat(tf.repeat(here, times, axis=1), times, axis=2)
    return total
