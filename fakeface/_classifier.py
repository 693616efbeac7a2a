"""From face crops to `p_fake` and, when asked, to maps of the evidence: the model's session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fakeface._crop import CropSpec
from fakeface._errors import ModelError
from fakeface._model import METADATA_KEY, ModelInfo, Thresholds, load_model
from fakeface._providers import open_session
from fakeface.explain._occlusion import occlusion
from fakeface.types._heatmap import Method

if TYPE_CHECKING:
    import onnxruntime as ort


class Classifier:
    """A classifier in a session, from crops to probabilities.

    Attributes:
        info: The model's description.
        session: The ONNX Runtime session.
        crop: What the model sees of a face.
        thresholds: The model's default thresholds.
        method: How `explain` makes its maps: `cam` where the model gives them itself, at no
            cost, else `occlusion`, at the cost of some fifty passes a face.
    """

    __slots__ = ("_cam_bias", "crop", "info", "method", "session", "thresholds")

    def __init__(
        self,
        path: Path,
        provider: str = "auto",
        threads: int | None = None,
        session_options: ort.SessionOptions | None = None,
    ) -> None:
        """Load, check and open a model.

        Args:
            path: The model's directory.
            provider: `auto`, or the name of an execution provider.
            threads: Threads inside an operator; None for one per processor.
            session_options: Session options to use instead of fakeface's own.

        Raises:
            ModelError: The directory is not a classifier that can run.
            ProviderError: The provider is not there.
        """
        self.info: ModelInfo
        self.info, data = load_model(path, "classifier")
        assert self.info.crop is not None  # load_model has seen to both
        assert self.info.thresholds is not None
        self.crop: CropSpec = self.info.crop
        self.thresholds: Thresholds = self.info.thresholds
        self.session = open_session(self.info.name, data, provider, threads, session_options)
        self.method: Method
        self._check()

    def _check(self) -> None:
        """Compare the graph with what `model.json` says of it; see what else it gives."""
        name = self.info.name
        size = self.crop.size
        inputs = self.session.get_inputs()
        outputs = [output.name for output in self.session.get_outputs()]
        if (
            len(inputs) != 1
            or inputs[0].name != "image"
            or inputs[0].type != "tensor(uint8)"
            or list(inputs[0].shape[1:]) != [size, size, 3]
        ):
            found = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
            raise ModelError(name, f"needs an input image uint8 [N,{size},{size},3], has {found}")
        if "p_fake" not in outputs:
            raise ModelError(name, f"needs an output p_fake, has {', '.join(outputs)}")
        embedded = self.session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if embedded is None or json.loads(embedded) != json.loads(self.info.metadata()):
            raise ModelError(name, "model.json and the metadata inside model.onnx do not agree")
        self.method = "cam" if "cam" in outputs else "occlusion"
        try:
            self._cam_bias = float(self.info.settings["cam_bias"]) if "cam" in outputs else 0.0
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(name, f"gives a cam, but settings: {error!r}") from error

    def predict(self, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Run the model.

        Args:
            crops: RGB, uint8, shape (n, size, size, 3), n at least 1.

        Returns:
            `p_fake`, float32, shape (n,), 0 to 1.
        """
        (p_fake,) = self.session.run(["p_fake"], {"image": crops})
        return np.asarray(p_fake, dtype=np.float32).reshape(-1)

    def explain(
        self, crops: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Run the model and map what its answers rest on.

        Args:
            crops: RGB, uint8, shape (n, size, size, 3), n at least 1.

        Returns:
            `p_fake`, float32, shape (n,), equal to that of `predict`; and maps of the evidence in
            logits, float32, shape (n, h, w), as in `Heatmap.values`.
        """
        if self.method == "occlusion":
            p_fake = self.predict(crops)
            pairs = zip(crops, p_fake, strict=True)
            return p_fake, np.stack([occlusion(one, float(p), self.predict) for one, p in pairs])
        p_fake, cam = self.session.run(["p_fake", "cam"], {"image": crops})
        # The bias belongs to no place; shared by all, it makes the mean of a map its logit.
        return (
            np.asarray(p_fake, np.float32).reshape(-1),
            np.asarray(cam, np.float32) + np.float32(self._cam_bias),
        )
