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
    """What a model says of one picture.

    Attributes:
        p_fake: That of its most suspicious face, 0 to 1; None where it could not be read.
        box: Where the face came from: `finder`, `small` (found, but below the size that fakeface
            judges), `manifest`, `whole`, or `unreadable`.
        faces: How many faces were judged.
    """

    p_fake: float | None
    box: str
    faces: int


class Store:
    """Scores of one model under one degradation, keyed by picture content and given face box."""

    def __init__(
        self, cache: Cache, model: ModelInfo, finder: ModelInfo, degradation: Degradation
    ) -> None:
        """Read what is there; a line torn by a kill is dropped.

        Args:
            cache: Where scores are kept.
            model: The model that scores.
            finder: The model that finds faces.
            degradation: What is done to the pictures.
        """
        ran = f"onnxruntime {version('onnxruntime')}, faces from {MIN_FACE}"
        key = "\n".join((model.metadata(), finder.sha256, ran, pixel_path(degradation)))
        name = f"{degradation.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        self._cache = cache.append_only(f"scores/{model.name}-{model.sha256[:16]}/{name}")

    def __contains__(self, sample: Sample) -> bool:
        return row_id(sample) in self._cache.records

    def __getitem__(self, sample: Sample) -> Score:
        return Score(*self._cache.records[row_id(sample)])

    def add(self, scores: Iterable[tuple[Sample, Score]]) -> None:
        """Keep the scores of pictures, each on disk before the next is asked for."""
        self._cache.add((row_id(sample), list(astuple(score))) for sample, score in scores)


def pixel_path(degradation: Degradation) -> str:
    """Hash of what decides the pixels a model sees: our code, the decoder and the degradation."""
    text = f"pixels {PIXELS_VERSION}, pillow {version('pillow')}, {degradation.description}"
    return hashlib.sha256(text.encode()).hexdigest()
