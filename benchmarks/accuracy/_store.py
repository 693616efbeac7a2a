"""Cached scores: no score is computed twice.

One append-only file per model, pixel path and degradation. An interrupted run resumes where it
stopped; a second table over the same pictures costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from importlib.metadata import version

from benchmarks.accuracy._degradations import Degradation
from fakeface import ModelInfo
from fakeface.inference import MIN_FACE
from fakeface.preprocessing import PIXELS_VERSION
from train.data import Cache, Sample
from train.fitting import row_id


@dataclass(frozen=True, slots=True)
class Score:
    """Score of one picture.

    Attributes:
        p_fake: The highest of its faces, 0 to 1; None if it could not be read.
        box: Where the face box came from: `finder`, `small` (found, but below the size that
            fakeface scores), `manifest`, `whole` (the full picture), or `unreadable`.
        faces: Number of faces scored.
    """

    p_fake: float | None
    box: str
    faces: int


class Store:
    """Scores of one model under one degradation, keyed by picture content and given face box."""

    def __init__(
        self, cache: Cache, model: ModelInfo, finder: ModelInfo, degradation: Degradation
    ) -> None:
        """Open the cache; an incomplete last line is dropped.

        Args:
            cache: The cache folder.
            model: The model that scores.
            finder: The model that finds faces.
            degradation: Applied to the pictures first.
        """
        ran = f"onnxruntime {version('onnxruntime')}, faces from {MIN_FACE}"
        key = "\n".join((model.metadata(), finder.metadata(), ran, pixel_path(degradation)))
        name = f"{degradation.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        self._cache = cache.append_only(f"scores/{model.name}-{model.sha256[:16]}/{name}")

    def __contains__(self, sample: Sample) -> bool:
        return row_id(sample) in self._cache.records

    def __getitem__(self, sample: Sample) -> Score:
        return Score(*self._cache.records[row_id(sample)])

    def add(self, scores: Iterable[tuple[Sample, Score]]) -> None:
        """Append scores, each written to disk before the next is requested."""
        self._cache.add((row_id(sample), list(astuple(score))) for sample, score in scores)


def pixel_path(degradation: Degradation) -> str:
    """Hash what determines the pixels that a model sees: our code, the decoder, the degradation."""
    text = f"pixels {PIXELS_VERSION}, pillow {version('pillow')}, {degradation.description}"
    return hashlib.sha256(text.encode()).hexdigest()
