"""ResNet50 (He et al. 2015, arXiv 1512.03385), the report's backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from train.networks.backbones._applications import Application, published
from train.networks.backbones._base import WeightsFile

if TYPE_CHECKING:
    from keras import KerasTensor

_MEAN = (123.68, 116.779, 103.939)


class ResNet50(Application):
    """ResNet50 of keras.applications."""

    name = "resnet50"
    size = 224
    preprocessing = "BGR, less the ImageNet mean (103.939, 116.779, 123.68)"
    md5 = "4d473c1dd8becc155b73f8504c6f6626"

    def preprocess(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.preprocess`; the same as `keras.applications.resnet50`'s own."""
        from keras import layers, ops

        centred = layers.Rescaling(1.0, [-mean for mean in _MEAN], name="centre")(image)
        return ops.take(centred, [2, 1, 0], axis=-1)

    def network(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.network`."""
        from keras.applications import ResNet50 as Net

        return Net(include_top=False, weights=None, input_tensor=image).output

    def weights_file(self, size: int) -> WeightsFile:  # noqa: ARG002 - the same for every size
        """See `Backbone.weights_file`."""
        name = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
        return published("resnet", name, 94_765_736)
