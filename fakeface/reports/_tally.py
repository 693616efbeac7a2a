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


def declares_ai(prediction: Prediction) -> bool:
    """Return whether the file says that AI made or changed the picture."""
    said = prediction.provenance
    return said is not None and said.declared == "ai"


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
        self.count(outcome(prediction), declares_ai(prediction))

    def count(self, what: str, declared_ai: bool) -> None:
        """Count one picture by its outcome."""
        self.counts[what] += 1
        self.declared_ai += declared_ai

    def __add__(self, other: Tally) -> Tally:
        """Return the counts of both."""
        both = Tally()
        both.counts = self.counts + other.counts
        both.declared_ai = self.declared_ai + other.declared_ai
        return both

    @property
    def total(self) -> int:
        """Number of pictures counted."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        """Return a text such as `2 fake, 1 uncertain, 40 real`."""
        named = (f"{self.counts[key]:,} {name}" for key, name in LABELS.items() if self.counts[key])
        declared = f"; {self.declared_ai:,} declared AI by the file" if self.declared_ai else ""
        return ", ".join(named) + declared
