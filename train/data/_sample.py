"""One labelled picture, and the names of classes and splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fakeface.types import Box
from train.recipes._specs import SPLITS as SPLITS

CLASSES = ("AI", "Real")
"""Names of class 0 and class 1; a head's sigmoid is the probability of class 1, Real."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture.

    Attributes:
        name: Path relative to the data folder, with `/`.
        path: Path of the file.
        label: 0 for AI, 1 for Real.
        origin: Where such pictures come from: the sub-folder or the manifest's column.
        split: `train`, `val`, `test` or `unseen`; empty until splits are drawn.
        digest: BLAKE2b-128 of the file in hexadecimal; empty until the file is read.
        box: The face in pixels of the upright picture: the manifest's at first, that of
            `train.data._locate.locate` after it; None for the whole picture.
        pair: Name of the sample that this one was made from, if that is known.
        family: What kind of generator made it, or what the manifest calls photographs; empty where
            nothing is said.
        generator: Which generator made it; likewise.
        kind: What kind of photograph it is, such as `selfie` or `studio`; likewise.
        added: When it was added to the folder, a number that grows; 0 where nothing is said.
    """

    name: str
    path: Path
    label: int
    origin: str
    split: str
    digest: str = ""
    box: Box | None = None
    pair: str | None = None
    family: str = ""
    generator: str = ""
    kind: str = ""
    added: int = 0

    @property
    def group(self) -> str:
        """The family of an AI picture, where it has one; else the origin."""
        return (self.family if self.label == 0 else "") or self.origin
