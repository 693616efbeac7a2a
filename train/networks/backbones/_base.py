"""Base class of backbones: preprocessing, a network, and weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from train.errors import WeightsError

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor


class Backbone(ABC):
    """A network that turns pictures into feature maps.

    Attributes:
        name: Name in recipes.
        size: The input size that its weights were trained at, in pixels.
        least: The smallest input size it takes, in pixels.
        preprocessing: What it does to RGB of 0 to 255, in words.
    """

    name: str
    size: int
    least: int = 64
    preprocessing: str

    @abstractmethod
    def preprocess(self, image: KerasTensor) -> KerasTensor:
        """Preprocess RGB of 0 to 255, shape [n, h, w, 3], as the weights were trained with."""

    @abstractmethod
    def network(self, image: KerasTensor) -> KerasTensor:
        """Apply the network to a preprocessed image, up to its last feature map."""

    @abstractmethod
    def find_weights(self) -> Path:
        """Find the published weights on this machine; some backbones download them.

        Raises:
            WeightsError: They are not here and cannot be fetched; names the file and its size.
        """

    @abstractmethod
    def load(self, model: keras.Model, path: Path) -> None:
        """Load weights from a file in the published format.

        Raises:
            Exception: Whatever the reader raises; `build` makes a `WeightsError` of it.
        """

    def check_weights(self, size: int, weights: str) -> Path | None:
        """Look for weights without building anything.

        Args:
            size: Side of the input in pixels.
            weights: As for `build`.

        Returns:
            The file; None for random weights.

        Raises:
            WeightsError: There is no such file, or the size is too small for the network.
        """
        if size < self.least:
            raise WeightsError(f"{self.name} takes pictures from {self.least} px on, got {size}")
        if weights == "none":
            return None
        path = self.find_weights() if weights == "imagenet" else Path(weights)
        if not path.is_file():
            raise WeightsError(f"{self.name}: there is no file {path}")
        return path

    def build(self, size: int, weights: str, seed: int = 0) -> keras.Model:
        """Build the model and load its weights.

        Args:
            size: Side of the input in pixels.
            weights: `imagenet`, `none` (random) or the path of a file: in the published format,
                or `*.weights.h5` as Keras saves it.
            seed: Of random weights.

        Returns:
            A flat model from `image` (RGB of 0 to 255, [n, size, size, 3]) to the last feature
            map (float32).

        Raises:
            WeightsError: The weights are not there or do not fit.
        """
        import keras

        path = self.check_weights(size, weights)
        keras.utils.set_random_seed(seed)
        image = keras.Input((size, size, 3), name="image")
        model = keras.Model(image, self.network(self.preprocess(image)), name=self.name)
        if path is None:
            return model
        try:
            if path.name.endswith(".weights.h5"):
                model.load_weights(path)
            else:
                self.load(model, path)
        except Exception as error:  # readers of weights fail in many ways
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(f"{path} holds no weights of {self.name}: {reason}") from error
        return model
