"""MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from train.networks.backbones._applications import Application, published
from train.networks.backbones._base import WeightsFile

if TYPE_CHECKING:
    from keras import KerasTensor

_TRAINED_AT = (96, 128, 160, 192, 224)


class MobileNetV2(Application):
    """MobileNetV2 of keras.applications, width 1.0."""

    name = "mobilenetv2"
    size = 224
    preprocessing = "RGB, x / 127.5 - 1"

    def preprocess(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.preprocess`."""
        from keras import layers

        return layers.Rescaling(1 / 127.5, -1.0, name="normalise")(image)

    def network(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.network`."""
        from keras.applications import MobileNetV2 as Net

        return Net(include_top=False, weights=None, input_tensor=image).output

    def weights_file(self, size: int) -> WeightsFile:
        """See `Backbone.weights_file`."""
        trained_at = size if size in _TRAINED_AT else 224
        name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{trained_at}_no_top.h5"
        return published("mobilenet_v2", name, 9_406_464)
