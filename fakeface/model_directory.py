"""Model directories: find, read and check `model.json` and `model.onnx`.

`export` writes them, `fakeface` reads them; `docs/exporting.md` describes the format.
"""

from __future__ import annotations

from fakeface._delta import DELTA, HALVED, Delta, Piece, Wheel, read_delta
from fakeface._model import (
    DEFAULT_MODEL,
    FACE_FINDER,
    METADATA_KEY,
    MODELS,
    ModelInfo,
    bundled_models,
    find_model,
    load_model,
    read_model,
)
from fakeface._optional_models import optional_models
from fakeface._thresholds import FEW_PHOTOGRAPHS, OperatingPoint, Thresholds

__all__ = [
    "DEFAULT_MODEL",
    "DELTA",
    "FACE_FINDER",
    "FEW_PHOTOGRAPHS",
    "HALVED",
    "METADATA_KEY",
    "MODELS",
    "Delta",
    "ModelInfo",
    "OperatingPoint",
    "Piece",
    "Thresholds",
    "Wheel",
    "bundled_models",
    "find_model",
    "load_model",
    "optional_models",
    "read_delta",
    "read_model",
]
