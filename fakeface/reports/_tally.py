"""Count the results of a scan."""

from __future__ import annotations

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


def outcome(prediction: Prediction) -> str:
    """Return the verdict's value, or `unreadable`."""
    return UNREADABLE if prediction.verdict is None else prediction.verdict.value


class Tally:
    """Counts outcomes.

    Attributes:
        counts: Number of pictures by outcome.
        declared_ai: Number of pictures whose files say that AI made or changed them.
    """

    def __init__(self) -> None:
        """Start with no picture."""
        self.counts: Counter[str] = Counter()
        self.declared_ai = 0

    def add(self, prediction: Prediction) -> None:
        """Count one prediction."""
        self.counts[outcome(prediction)] += 1
        said = prediction.provenance
        self.declared_ai += said is not None and said.declared == "ai"

    @property
    def total(self) -> int:
        """Number of pictures counted."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        """Return a text such as `2 fake, 1 uncertain, 40 real`."""
        named = (f"{self.counts[key]:,} {name}" for key, name in LABELS.items() if self.counts[key])
        declared = f"; {self.declared_ai:,} declared AI by the file" if self.declared_ai else ""
        return ", ".join(named) + declared
