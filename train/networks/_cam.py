"""The exact class activation map of a linear head.

Where the logit is a linear function of a globally averaged feature map, it is also the average of a
map: the same linear function at every position (Zhou et al. 2016, arXiv 1512.04150).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from train.networks._heads import LOGIT

if TYPE_CHECKING:
    import keras


class LinearHead(NamedTuple):
    """A head whose logit is linear in an averaged feature map.

    Attributes:
        feature_map: The feature map, [n, h, w, channels].
        kernel: Weight of each channel in the logit of Real, [channels].
        bias: Of the logit of Real.
    """

    feature_map: keras.KerasTensor
    kernel: npt.NDArray[np.float32]
    bias: float


def linear_head(model: keras.Model) -> LinearHead | None:
    """Look for a head that is linear in an averaged feature map.

    Args:
        model: A detector with a layer `logit`.

    Returns:
        The head, or None where there is more than averaging between the map and the logit.
    """
    from keras import layers

    logit = model.get_layer(LOGIT)
    made_by = {id(layer.output): layer for layer in model.layers}
    pool = made_by[id(logit.input)]
    if not isinstance(pool, layers.GlobalAveragePooling2D):
        return None
    kernel, bias = logit.get_weights()
    return LinearHead(pool.input, kernel[:, 0], float(bias[0]))
