"""Where the faces are: BlazeFace in a session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fakeface._blazeface import Floats, anchors, decode, suppress
from fakeface._errors import ModelError
from fakeface._model import ModelInfo, load_model
from fakeface._providers import open_session
from fakeface.types import Box

if TYPE_CHECKING:
    import onnxruntime as ort


@dataclass(frozen=True, slots=True)
class Found:
    """A face that was found.

    Attributes:
        box: Where it is, in pixels of the picture.
        score: How sure the finder is, 0 to 1.
    """

    box: Box
    score: float


class FaceFinder:
    """Finds the faces in a picture; may be shared between threads.

    Attributes:
        info: The model's description.
        session: The ONNX Runtime session.
    """

    def __init__(
        self,
        path: Path,
        provider: str = "cpu",
        threads: int | None = 1,
        session_options: ort.SessionOptions | None = None,
    ) -> None:
        """Load, check and open the model.

        Args:
            path: The model's directory.
            provider: `auto`, or the name of an execution provider.
            threads: Threads inside an operator; None for one per processor.
            session_options: Session options to use instead of fakeface's own.

        Raises:
            ModelError: The directory is not a face finder that can run.
            ProviderError: The provider is not there.
        """
        self.info: ModelInfo
        self.info, data = load_model(path, "face-finder")
        settings = self.info.settings
        try:
            self._sides = tuple(settings["sides"])
            self._score = float(settings["score"])
            self._overlap = float(settings["overlap"])
            self._strides = tuple(settings["strides"])
            self._per_cell = tuple(settings["per_cell"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(self.info.name, f"model.json: settings: {error!r}") from error
        self.session = open_session(self.info.name, data, provider, threads, session_options)

    def find(self, image: Image.Image) -> list[Found]:
        """Find the faces in a picture.

        Args:
            image: Upright RGB image of any size.

        Returns:
            The faces, largest first, in pixels of `image`.
        """
        boxes, scores = self._look(image, self._sides[0])
        found = [
            Found(Box(x, y, right - x, bottom - y), score)
            for (x, y, right, bottom), score in zip(boxes.tolist(), scores.tolist(), strict=True)
        ]
        return sorted(found, key=lambda f: f.box.width * f.box.height, reverse=True)

    def _look(self, image: Image.Image, side: int) -> tuple[Floats, Floats]:
        scale = side / max(image.size)
        width, height = (max(1, round(length * scale)) for length in image.size)
        offset = ((side - width) // 2, (side - height) // 2)
        canvas = np.zeros((1, side, side, 3), np.uint8)
        canvas[0, offset[1] : offset[1] + height, offset[0] : offset[0] + width] = image.resize(
            (width, height), Image.Resampling.BILINEAR
        )
        raw, scores = self.session.run(["boxes", "scores"], {"image": canvas})
        likely = (scores[0] > self._score) & (raw[0, :, 2:] > 0).all(axis=1)
        centres = _centres(side, self._strides, self._per_cell)
        boxes, best = suppress(
            decode(raw[0][likely], centres[likely]), scores[0][likely], self._overlap
        )
        shift = np.array(offset * 2, np.float32)
        stretch = np.array([image.width / width, image.height / height] * 2, np.float32)
        return (boxes - shift) * stretch, best


@lru_cache(maxsize=16)
def _centres(side: int, strides: tuple[int, ...], per_cell: tuple[int, ...]) -> Floats:
    return anchors((side, side), strides, per_cell)
