"""The fingerprint of a detector's settings, and which settings a fingerprint stands for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from fakeface._errors import ModelError
from fakeface._model import FACE_FINDER, MODELS, ModelInfo, read_model
from fakeface._thresholds import Thresholds
from fakeface.types._box import MIN_FACE

_MOST_FRAMES = 16
"""Numbers of frames that are tried to recognise a fingerprint."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a verdict depends on besides the picture.

    Attributes:
        model: The model that scores faces.
        thresholds: The thresholds between the verdicts.
        finder: SHA-256 of the model that finds faces; None where pictures are taken as face crops.
        min_face: Faces below this many pixels are not scored.
        frames: Frames that are scored of a file that holds several.
        exact: Whether JPEG pictures are always decoded in full.
    """

    model: ModelInfo
    thresholds: Thresholds
    finder: str | None
    min_face: float = MIN_FACE
    frames: int = 1
    exact: bool = False

    @property
    def fingerprint(self) -> str:
        """The hexadecimal text of `Detector.settings` and of records."""
        parts = [
            self.model.sha256,  # the file holds the crop and the calibration too
            self.finder and [self.finder, float(self.min_face)],
            [self.thresholds.fake, self.thresholds.real],
            *([["frames", self.frames]] if self.frames > 1 else []),
            *(["exact"] if self.exact else []),
        ]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()


def recognise(fingerprint: str, models: Iterable[ModelInfo]) -> Settings | None:
    """Find the settings of a fingerprint among the usual ones.

    Returns:
        The settings; None if they are of another model or version, or have a threshold or a
        smallest face of the user's own.
    """
    return next((s for s in _usual(models) if s.fingerprint == fingerprint), None)


def _usual(models: Iterable[ModelInfo]) -> Iterator[Settings]:
    try:
        finder = read_model(MODELS / FACE_FINDER).sha256
    except ModelError:
        return
    for model in models:
        if model.thresholds is None:
            continue
        real = model.thresholds.real
        points = (Thresholds(p.threshold, min(real, p.threshold)) for p in model.operating_points)
        choices = dict.fromkeys((model.thresholds, *points))
        for thresholds, frames in product(choices, range(1, _MOST_FRAMES + 1)):
            for found in (finder, None):
                yield Settings(model, thresholds, found, MIN_FACE, frames)
