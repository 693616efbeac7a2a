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
    from keras import KerasTensor

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
    return _rows(model, model.get_layer(LOGIT).output, samples, recipe, "scoring").reshape(-1)


def pool(model: keras.Model, samples: Sequence[Sample], recipe: Recipe) -> npt.NDArray[np.float64]:
    """Compute the features that the head of a detector reads, shape [n, width]; as for `score`."""
    return _rows(model, model.get_layer(LOGIT).input, samples, recipe, "features of")


def _rows(
    model: keras.Model, output: KerasTensor, samples: Sequence[Sample], recipe: Recipe, doing: str
) -> npt.NDArray[np.float64]:
    """Run a detector as far as one of its tensors, [n, width]."""
    import keras
    import tensorflow as tf

    network = keras.Model(model.input, output)
    infer = tf.function(lambda crops: network(crops, training=False), reduce_retracing=True)
    groups = [samples[start : start + _AT_ONCE] for start in range(0, len(samples), _AT_ONCE)]
    title = f"{doing} {len(samples):,} pictures, {_AT_ONCE} at a time"
    crops = progress(crop_batches(groups, recipe.crop), title, len(groups))
    parts = [infer(tf.cast(batch, tf.float32)).numpy() for batch in crops]
    return np.concatenate([np.empty((0, output.shape[-1])), *parts]).astype(np.float64)
