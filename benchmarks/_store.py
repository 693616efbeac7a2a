"""Scores on disk: what was computed once is never computed again.

One journal per model, pixel path and tier, appended to as scores come. A run that was killed goes
on where it stopped; a second table over the same pictures costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from importlib.metadata import version
from pathlib import Path

import fakeface
from benchmarks._tiers import Tier
from fakeface import ModelInfo
from train._cache import Cache

_PIXEL_PATH = ("_decode", "_faces", "_blazeface", "_boxes", "_crop", "_prepare")
"""Modules of fakeface that decide what a model sees: when one changes, scores are stale."""


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
    """The scores of one model in one tier, by the digest of the picture's file."""

    def __init__(self, cache: Cache, model: ModelInfo, finder: ModelInfo, tier: Tier) -> None:
        """Read what is there; a line torn by a kill is dropped.

        Args:
            cache: Where scores are kept.
            model: The model that scores.
            finder: The model that finds faces.
            tier: What is done to the pictures.
        """
        key = "\n".join((model.metadata(), finder.sha256, tier.description, pixel_path()))
        name = f"{tier.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        self._journal = cache.journal(f"scores/{model.name}-{model.sha256[:16]}/{name}")

    def __contains__(self, digest: str) -> bool:
        return digest in self._journal.records

    def __getitem__(self, digest: str) -> Score:
        return Score(*self._journal.records[digest])

    def add(self, scores: Iterable[tuple[str, Score]]) -> None:
        """Keep the scores of digests, each on disk before the next is asked for."""
        self._journal.add((digest, list(astuple(score))) for digest, score in scores)


def pixel_path() -> str:
    """Hash of the code and the decoder that decide what a model sees of a picture."""
    digest = hashlib.sha256(f"pillow {version('pillow')}".encode())
    for module in _PIXEL_PATH:
        digest.update(Path(fakeface.__file__).with_name(f"{module}.py").read_bytes())
    return digest.hexdigest()
