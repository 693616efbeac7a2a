"""Totals of a scan in words."""

from __future__ import annotations

from collections import Counter

from fakeface.types import Prediction, Verdict

UNREADABLE = "unreadable"
"""What stands in place of a verdict where there is none."""

LABELS: dict[str, str] = {
    Verdict.FAKE.value: "fake",
    Verdict.UNCERTAIN.value: "uncertain",
    Verdict.REAL.value: "real",
    Verdict.TOO_SMALL.value: "too small",
    Verdict.NO_FACE.value: "no face",
    UNREADABLE: "unreadable",
}
"""What each outcome is called for people, the most pressing first."""


def outcome(prediction: Prediction) -> str:
    """The verdict's value, or `unreadable`."""
    return UNREADABLE if prediction.verdict is None else prediction.verdict.value


class Tally:
    """Counts outcomes.

    Attributes:
        counts: Number of pictures by outcome.
    """

    def __init__(self) -> None:
        """Begin at nothing."""
        self.counts: Counter[str] = Counter()

    def add(self, prediction: Prediction) -> None:
        """Count one prediction."""
        self.counts[outcome(prediction)] += 1

    @property
    def total(self) -> int:
        """Number of pictures counted."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        """Such as `2 fake, 1 uncertain, 40 real`."""
        named = (f"{self.counts[key]:,} {name}" for key, name in LABELS.items() if self.counts[key])
        return ", ".join(named)
