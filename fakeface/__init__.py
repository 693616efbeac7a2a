"""Tells, on your own machine, whether a picture of a face is a photograph or was made by AI.

    >>> from fakeface import Detector
    >>> detector = Detector()
    >>> detector.predict("portrait.jpg").verdict  # doctest: +SKIP
    <Verdict.REAL: 'real'>

The steps from a picture to its verdict: `images` (decode) -> `faces` (find) -> `preprocessing`
(crop) -> `inference` (score, apply the thresholds) -> `reports` (write). `Detector` runs them all.
Names are imported when they are first used, so that `import fakeface` is instant.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fakeface._version import __version__
from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from fakeface._crop import CropSpec
    from fakeface._detector import Detector
    from fakeface._errors import (
        FakefaceError,
        ImageError,
        ModelError,
        NotFoundError,
        ProviderError,
        ReportError,
    )
    from fakeface._model import ModelInfo
    from fakeface._provider_names import available_providers
    from fakeface._thresholds import OperatingPoint, Thresholds
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
    "NotFoundError",
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

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "fakeface._crop": ("CropSpec",),
        "fakeface._detector": ("Detector",),
        "fakeface._errors": (
            "FakefaceError",
            "ImageError",
            "ModelError",
            "NotFoundError",
            "ProviderError",
            "ReportError",
        ),
        "fakeface._model": ("ModelInfo",),
        "fakeface._thresholds": ("OperatingPoint", "Thresholds"),
        "fakeface._provider_names": ("available_providers",),
        "fakeface.faces._finder": ("FaceFinder",),
        "fakeface.types": ("Box", "Face", "Prediction", "Source", "Verdict"),
        "fakeface.types._heatmap": ("Heatmap",),
    },
)
