"""Score pictures with a network, cropped as at inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.data._sample import Sample
from train.fitting._shards import crop_batches
from train.networks._heads import LOGIT
from train.progress import progress
from train.recipes._recipe import Recipe

if TYPE_CHECKING:
    import keras

_AT_ONCE = 32


def score(model: keras.Model, samples: Sequence[Sample], recipe: Recipe) -> npt.NDArray[np.float64]:
    """Compute the logits of Real as inference would.

    Args:
        model: The detector, from `image`, with a layer `logit`.
        samples: Pictures with boxes.
        recipe: Its crop.

    Returns:
        Shape [n].

    Raises:
        DataError: A picture cannot be decoded any more.
    """
    import keras
    import tensorflow as tf

    network = keras.Model(model.input, model.get_layer(LOGIT).output)
    infer = tf.function(lambda crops: network(crops, training=False), reduce_retracing=True)
    groups = [samples[start : start + _AT_ONCE] for start in range(0, len(samples), _AT_ONCE)]
    title = f"scoring {len(samples):,} pictures, {_AT_ONCE} at a time"
    crops = progress(crop_batches(groups, recipe.crop), title, len(groups))
    parts = [infer(tf.cast(batch, tf.float32)).numpy()[:, 0] for batch in crops]
    return np.concatenate([np.empty(0), *parts]).astype(np.float64)
