"""Backbones: networks that turn pictures into feature maps.

    backbone = get_backbone("efficientnet-lite0")
    model = backbone.build(224, "imagenet", seed=0)   # keras.Model: image -> map

The input `image` is RGB of 0 to 255, shape [n, size, size, 3], any dtype; the preprocessing that
the weights were trained with is the first part of the model, as plain Keras operations, so that
nobody can forget it or do it twice and the export carries it. The output is the last feature map,
float32 [n, size/32, size/32, channels] rounded up. The model is flat (no model inside a model):
layers are reached by name, taken apart, frozen and fine-tuned with Keras's own means.

To add a backbone: subclass `Backbone` and name it in `BACKBONES`.
"""

from __future__ import annotations

from train.errors import RecipeError
from train.networks.backbones._base import Backbone
from train.networks.backbones._efficientnet_lite import EfficientNetLite
from train.networks.backbones._resnet import ResNet50

BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone for backbone in (ResNet50(), EfficientNetLite(0), EfficientNetLite(2))
}
"""Backbones by name."""


def get_backbone(name: str) -> Backbone:
    """Return the backbone of that name.

    Raises:
        RecipeError: There is none.
    """
    if name not in BACKBONES:
        raise RecipeError(f"unknown backbone {name!r}; known: {', '.join(BACKBONES)}")
    return BACKBONES[name]


__all__ = ["BACKBONES", "Backbone", "get_backbone"]
