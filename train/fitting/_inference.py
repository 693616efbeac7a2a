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
from train.networks._tta import apply_transforms, mean_over_transforms
from train.progress import in_threads
from train.recipes._recipe import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_AT_ONCE = 32


def score(model: keras.Model, samples: Sequence[Sample], recipe: Recipe) -> npt.NDArray[np.float64]:
    """Compute the logits of Real as inference would, with the recipe's test-time augmentation.

    Args:
        model: The detector, from `image`, with a layer `logit`.
        samples: Pictures with boxes.
        recipe: Its crop and test-time augmentation.

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
    """Run a network over pictures as inference would, with the recipe's test-time augmentation.

    Args:
        network: From `image` to one vector per picture, [n, width].
        samples: Pictures with boxes.
        recipe: Its crop and test-time augmentation.
        what: Title of the progress bar.

    Returns:
        Shape [n, width], averaged over the transforms.

    Raises:
        ImageError: A picture cannot be decoded.
    """
    import tensorflow as tf

    transforms = recipe.test_time_augmentation

    def averaged(crops: tf.Tensor) -> tf.Tensor:
        return mean_over_transforms(
            network(apply_transforms(crops, transforms), training=False), transforms
        )

    infer = tf.function(averaged, reduce_retracing=True)

    def crop(sample: Sample) -> npt.NDArray[np.uint8]:
        return crop_picture(Picture(sample.path), sample.box, recipe.crop)

    crops = (pixels for _, pixels in in_threads(crop, samples, what))
    parts = [np.empty((0, network.output.shape[-1]))]
    while group := list(islice(crops, _AT_ONCE)):
        parts.append(infer(tf.cast(np.stack(group), tf.float32)).numpy())
    return np.concatenate(parts).astype(np.float64)
