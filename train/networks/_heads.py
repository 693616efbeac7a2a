"""Heads on a backbone: pooling, a hidden layer, and one unit whose sigmoid is P(Real).

The report's first system is `max`: MaxPooling2D (2x2), Flatten, Dense 128 relu, Dense 1 sigmoid.
A 7x7 map becomes 3x3, so that the head still knows where in the face a feature is.
`global-average` keeps one number per channel (GlobalAveragePooling2D): a twentieth of the weights,
and the place is lost. `stages` reads every activation of the backbone in this way, not the last
alone: what tells a generator is low in the network, what the last layers have forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train._checks import check, check_one_of

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor

Floats = npt.NDArray[np.float32]

LOGIT = "logit"
"""Name of the layer before the sigmoid: the logit of class 1, Real, shape [n, 1]."""

OUTPUT = "p_real"
"""Name of the last layer of a detector: the probability of class 1, Real, shape [n, 1]."""

_DEAD = 1e-4
"""Lower bound of the variance in standardisation: a channel that is dead in training carries
nothing elsewhere."""

POOLINGS = ("max", "global-average", "stages")
ACTIVATIONS = ("relu", "leaky_relu", "swish")


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The head on a backbone.

    Attributes:
        pooling: `max` (MaxPooling2D 2x2, then Flatten), `global-average`, or `stages` (the average
            of every activation of the backbone, from its first layers on, standardised).
        units: Units of the hidden dense layer; 0 for none.
        activation: Of the hidden layer: `relu`, `leaky_relu` or `swish`.
        dropout: Share of the hidden units (or of the pooled features, without a hidden layer)
            dropped while training, 0 to below 1.
    """

    pooling: str = "max"
    units: int = 128
    activation: str = "relu"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that make no head."""
        check_one_of("head.pooling", self.pooling, POOLINGS)
        check_one_of("head.activation", self.activation, ACTIVATIONS)
        check(self.units >= 0, "head.units must not be negative", self.units)
        check(0 <= self.dropout < 1, "head.dropout must be 0 to below 1", self.dropout)


def pool(backbone: keras.Model, pooling: str) -> KerasTensor:
    """Pool the feature maps of a backbone, [n, h, w, channels], to rows, [n, width]."""
    from keras import layers

    if pooling == "stages":
        maps = [
            layer.output
            for layer in backbone.layers
            if isinstance(layer, (layers.ReLU, layers.Activation))
        ]
        return layers.Concatenate(name="pool_stages")(
            [layers.GlobalAveragePooling2D()(feature_map) for feature_map in maps]
        )
    if pooling == "global-average":
        return layers.GlobalAveragePooling2D(name="pool_average")(backbone.output)
    pooled = layers.MaxPooling2D(2, name="pool_max")(backbone.output)
    return layers.Flatten(name="flatten")(pooled)


def build_head(
    width: int, spec: HeadSpec, seed: int, moments: tuple[Floats, Floats] | None = None
) -> keras.Model:
    """Build the head for pooled features.

    Args:
        width: Length of a row of pooled features.
        spec: Hidden layer and dropout.
        seed: Of the first weights and of dropout.
        moments: Mean and variance of the rows, each [width], to standardise them by.

    Returns:
        A model from rows [n, width] to the logit of class 1, Real, [n, 1].
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    row = keras.Input((width,), name="features")
    x = row
    if moments is not None:
        mean, variance = moments
        scale = 1 / np.sqrt(np.maximum(variance, _DEAD))
        # not Normalization, whose constants tf2onnx takes for inputs
        x = layers.Rescaling(scale.tolist(), (-mean * scale).tolist(), name="standardise")(x)
    if spec.units:
        x = layers.Dense(spec.units, spec.activation, name="hidden")(x)
    if spec.dropout:
        x = layers.Dropout(spec.dropout, seed=seed, name="dropout")(x)
    return keras.Model(row, layers.Dense(1, name=LOGIT)(x), name="head")


def join(backbone: keras.Model, pooling: str, head: keras.Model) -> keras.Model:
    """Put a head on a backbone; weights are shared, nothing is copied.

    Args:
        backbone: From `Backbone.build`.
        pooling: One of `train.networks._heads.POOLINGS`.
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
