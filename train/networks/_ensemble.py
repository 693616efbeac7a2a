"""Several detectors side by side in one network.

Networks that started from different weights err differently, so the mean of their logits is more
accurate than each ("Simple and scalable predictive uncertainty estimation using deep ensembles",
Lakshminarayanan et al. 2017, arXiv 1612.01474). Where every head is linear in averaged feature
maps, the mean is again linear in all of these maps: the ensemble is one network with one linear
head, and has an exact class activation map like each of its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from train.errors import RunError
from train.networks._cam import linear_head
from train.networks._heads import LOGIT, OUTPUT
from train.networks._multistage import rebuilt

if TYPE_CHECKING:
    from keras import KerasTensor


@dataclass(frozen=True, slots=True)
class Member:
    """One detector of an ensemble.

    Attributes:
        model: From `image`, RGB of 0 to 255, [n, S, S, 3], to P(Real), with a linear head.
        scale: What its logit of Real is multiplied by: its weight over its temperature.
        shift: What is added to it then.
    """

    model: keras.Model
    scale: float
    shift: float


def side_by_side(members: Sequence[Member]) -> keras.Model:
    """Make one network whose logit is the sum of the members' scaled and shifted logits.

    Args:
        members: Detectors of one input size. Their layers are named `net1_…`, `net2_…` in it.

    Returns:
        From `image`, [n, S, S, 3], to P(Real), [n, 1], with a layer `logit` before the sigmoid.

    Raises:
        RunError: A member's head is not linear in averaged feature maps.
    """
    image = keras.Input(members[0].model.input.shape[1:], name="image")
    pooled: list[KerasTensor] = []
    kernels, bias = [], 0.0
    for number, member in enumerate(members, 1):
        head = linear_head(member.model)
        if head is None:
            raise RunError(f"network {number} of the ensemble has no linear head")
        for index, feature_map in enumerate(head.feature_maps):
            part = keras.Model(member.model.input, feature_map)
            prefix = f"net{number}_" if index == 0 else f"net{number}_{index}_"
            x = rebuilt(part, image, _Copy(prefix))
            pooled.append(layers.GlobalAveragePooling2D(name=f"{prefix}pool")(x))
        kernels += [member.scale * kernel for kernel in head.kernels]
        bias += member.scale * head.bias + member.shift
    logit = layers.Dense(1, name=LOGIT)
    output = layers.Activation("sigmoid", dtype="float32", name=OUTPUT)
    model = keras.Model(
        image, output(logit(layers.Concatenate(name="pooled")(pooled))), name="ensemble"
    )
    logit.set_weights([np.concatenate(kernels)[:, np.newaxis], np.array([bias])])
    return model


@dataclass(frozen=True, slots=True)
class _Copy:
    """Copies a layer with its weights under another name."""

    prefix: str

    def __call__(self, layer: layers.Layer, x: Any) -> KerasTensor:
        config = layer.get_config()
        copy = layer.__class__.from_config(config | {"name": f"{self.prefix}{layer.name}"})
        y = copy(x)
        copy.set_weights(layer.get_weights())
        return y
