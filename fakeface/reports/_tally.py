"""Count the results of a scan."""

from __future__ import annotations

import os
from collections import Counter

from fakeface.types import Prediction, Verdict

UNREADABLE = "unreadable"
"""Key of pictures without a verdict."""

LABELS: dict[str, str] = {
    Verdict.FAKE.value: "fake",
    Verdict.UNCERTAIN.value: "uncertain",
    Verdict.REAL.value: "real",
    Verdict.TOO_SMALL.value: "too small",
    Verdict.NO_FACE.value: "no face",
    UNREADABLE: "unreadable",
}
"""Labels of the outcomes, the most important first."""


_FOLDERS = 5
"""Folders that a summary names."""


def outcome(prediction: Prediction) -> str:
    """Return the verdict's value, or `unreadable`."""
    return UNREADABLE if prediction.verdict is None else prediction.verdict.value


def declares_ai(prediction: Prediction) -> bool:
    """Return whether the file says that AI made or changed the picture."""
    said = prediction.provenance
    return said is not None and said.declared == "ai"


class Tally:
    """Counts outcomes.

    Attributes:
        counts: Number of pictures by outcome.
        declared_ai: Number of pictures whose files say that AI made or changed them.
        folders: Number of pictures by folder.
        fakes: Number of fakes by folder.
    """

    def __init__(self) -> None:
        """Start with no picture."""
        self.counts: Counter[str] = Counter()
        self.declared_ai = 0
        self.folders: Counter[str] = Counter()
        self.fakes: Counter[str] = Counter()

    def add(self, prediction: Prediction) -> None:
        """Count one prediction."""
        self.count(prediction.source, outcome(prediction), declares_ai(prediction))

    def count(self, source: str, what: str, declared_ai: bool) -> None:
        """Count one picture by its outcome."""
        folder = os.path.dirname(source)  # noqa: PTH120 -- of any text
        self.counts[what] += 1
        self.declared_ai += declared_ai
        self.folders[folder] += 1
        self.fakes[folder] += what == Verdict.FAKE.value

    def __add__(self, other: Tally) -> Tally:
        """Return the counts of both."""
        both = Tally()
        both.counts = self.counts + other.counts
        both.declared_ai = self.declared_ai + other.declared_ai
        both.folders = self.folders + other.folders
        both.fakes = self.fakes + other.fakes
        return both

    @property
    def total(self) -> int:
        """Number of pictures counted."""
        return sum(self.counts.values())

    def by_folder(self) -> str:
        """Return the folders with most fakes, such as `a/b (3 of 40), a/c (1 of 2)`.

        Empty if fewer than two have any.
        """
        most = [(name, fakes) for name, fakes in self.fakes.most_common(_FOLDERS) if fakes]
        named = [f"{name or '.'} ({fakes:,} of {self.folders[name]:,})" for name, fakes in most]
        return ", ".join(named) if len(named) > 1 else ""

    def __str__(self) -> str:
        """Return a text such as `2 fake, 1 uncertain, 40 real`."""
        named = (f"{self.counts[key]:,} {name}" for key, name in LABELS.items() if self.counts[key])
        declared = f"; {self.declared_ai:,} declared AI by the file" if self.declared_ai else ""
        return ", ".join(named) + declared
