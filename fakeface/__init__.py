"""Tells, on your own machine, whether a picture of a face is a photograph or was made by AI.

    >>> from fakeface import Detector
    >>> detector = Detector()
    >>> detector.predict("portrait.jpg").verdict  # doctest: +SKIP
    <Verdict.REAL: 'real'>

The way of a picture, one module a step: `_decode` -> `_faces` -> `_crop` -> `_classifier` ->
`_verdict` -> `reports`. Names are imported when first used, so that `import fakeface` is instant.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fakeface._version import __version__

if TYPE_CHECKING:
    from fakeface._crop import CropSpec
    from fakeface._detector import Detector
    from fakeface._errors import (
        FakefaceError,
        ImageError,
        ModelError,
        ProviderError,
        ReportError,
    )
    from fakeface._model import ModelInfo, OperatingPoint, Thresholds
    from fakeface._providers import available_providers
    from fakeface.faces._finder import FaceFinder
    from fakeface.types import Box, Face, Prediction, Source, Verdict
    from fakeface.types._heatmap import Heatmap

# Nothing leaves this machine. ONNX Runtime reads this when it is imported, which nothing in this
# repository does before importing fakeface; from 1.29 on it would otherwise write an identifier of
# the device below HOME and report events.
os.environ["ORT_DISABLE_TELEMETRY"] = os.environ.get("ORT_DISABLE_TELEMETRY") or "1"

__all__ = [
    "Box",
    "CropSpec",
    "Detector",
    "Face",
    "FaceFinder",
    "FakefaceError",
    "Heatmap",
    "ImageError",
    "ModelError",
    "ModelInfo",
    "OperatingPoint",
    "Prediction",
    "ProviderError",
    "ReportError",
    "Source",
    "Thresholds",
    "Verdict",
    "__version__",
    "available_providers",
]

_HOME = {
    "CropSpec": "_crop",
    "Detector": "_detector",
    "FaceFinder": "faces._finder",
    "Heatmap": "types._heatmap",
    "ModelInfo": "_model",
    "OperatingPoint": "_model",
    "Thresholds": "_model",
    "available_providers": "_providers",
    **dict.fromkeys(
        ("FakefaceError", "ImageError", "ModelError", "ProviderError", "ReportError"), "_errors"
    ),
    **dict.fromkeys(("Box", "Face", "Prediction", "Source", "Verdict"), "types"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
