"""Score pictures with a network, cropped as at inference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fakeface.images import Picture
from fakeface.preprocessing import crop_picture
from train.data._sample import Sample
from train.networks._heads import LOGIT
from train.progress import in_threads
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
        ImageError: A picture cannot be decoded.
    """
    import keras

    logits = keras.Model(model.input, model.get_layer(LOGIT).output)
    return compute_vectors(logits, samples, recipe, "scoring")[:, 0]


def compute_vectors(
    network: keras.Model, samples: Sequence[Sample], recipe: Recipe, what: str
) -> npt.NDArray[np.float64]:
    """Run a network over pictures as inference would.

    Args:
        network: From `image` to one vector per picture, [n, width].
        samples: Pictures with boxes.
        recipe: Its crop.
        what: Title of the progress bar.

    Returns:
        Shape [n, width].

    Raises:
        ImageError: A picture cannot be decoded.
    """
    import tensorflow as tf

    infer = tf.function(lambda crops: network(crops, training=False), reduce_retracing=True)

    def crop(sample: Sample) -> npt.NDArray[np.uint8]:
        return crop_picture(Picture(sample.path), sample.box, recipe.crop)

    crops = (pixels for _, pixels in in_threads(crop, samples, what))
    parts = [np.empty((0, network.output.shape[-1]))]
    while group := list(islice(crops, _AT_ONCE)):
        parts.append(infer(tf.cast(np.stack(group), tf.float32)).numpy())
    return np.concatenate(parts).astype(np.float64)
