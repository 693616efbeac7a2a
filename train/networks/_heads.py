"""Heads on a backbone: pooling, a hidden layer, and one unit whose sigmoid is P(Real).

The report's first system is `max`: MaxPooling2D (2x2), Flatten, Dense 128 relu, Dense 1 sigmoid.
A 7x7 map becomes 3x3, so that the head still knows where in the face a feature is.
`global-average` keeps one number per channel (GlobalAveragePooling2D): a twentieth of the weights,
and the place is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor

    from train.recipes import HeadSpec

LOGIT = "logit"
"""Name of the layer before the sigmoid: the logit of class 1, Real, shape [n, 1]."""

OUTPUT = "p_real"
"""Name of the last layer of a detector: the probability of class 1, Real, shape [n, 1]."""


def pool(backbone: keras.Model, pooling: str) -> KerasTensor:
    """Pool the feature maps of a backbone, [n, h, w, channels], to rows, [n, width]."""
    from keras import layers

    if pooling == "global-average":
        return layers.GlobalAveragePooling2D(name="pool_average")(backbone.output)
    pooled = layers.MaxPooling2D(2, name="pool_max")(backbone.output)
    return layers.Flatten(name="flatten")(pooled)


def build_head(width: int, spec: HeadSpec, seed: int) -> keras.Model:
    """Build the head for pooled features.

    Args:
        width: Length of a row of pooled features.
        spec: The hidden layer.
        seed: Of the first weights.

    Returns:
        A model from rows [n, width] to the logit of class 1, Real, [n, 1].
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    row = keras.Input((width,), name="features")
    x = row
    if spec.units:
        x = layers.Dense(spec.units, spec.activation, name="hidden")(x)
    return keras.Model(row, layers.Dense(1, name=LOGIT)(x), name="head")


def join(backbone: keras.Model, pooling: str, head: keras.Model) -> keras.Model:
    """Put a head on a backbone; weights are shared, nothing is copied.

    Args:
        backbone: From `Backbone.build`.
        pooling: `max` or `global-average`.
        head: From `build_head`.

    Returns:
        The detector, a flat model from `image` (RGB of 0 to 255, [n, size, size, 3]) to the
        probability of class 1, Real, [n, 1].
    """
    import keras
    from keras import layers

    x = pool(backbone, pooling)
    for layer in head.layers[1:]:
        x = layer(x)
    output = layers.Activation("sigmoid", dtype="float32", name=OUTPUT)(x)
    return keras.Model(backbone.input, output, name="detector")
