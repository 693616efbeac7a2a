"""Model directories: find, read and check `model.json` and `model.onnx`.

`export` writes them, `fakeface` reads them; `docs/exporting.md` describes the format.
"""

from __future__ import annotations

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
from fakeface._thresholds import FEW_PHOTOGRAPHS, OperatingPoint, Thresholds

__all__ = [
    "DEFAULT_MODEL",
    "FACE_FINDER",
    "FEW_PHOTOGRAPHS",
    "METADATA_KEY",
    "MODELS",
    "ModelInfo",
    "OperatingPoint",
    "Thresholds",
    "bundled_models",
    "find_model",
    "load_model",
    "read_model",
]
