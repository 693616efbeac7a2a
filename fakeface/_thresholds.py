"""Thresholds on `p_fake`, and what they were fitted for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from fakeface._model_files import listed, number, table, text, whole

FEW_PHOTOGRAPHS = 200
"""Operating points that rest on fewer photographs come with a warning."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold on `p_fake` and what it was fitted for.

    Attributes:
        name: Such as `fpr5`.
        threshold: `p_fake` at or above it is called fake, 0 to 1.
        fpr: Share of real pictures called fake that the threshold was fitted for, 0 to 1.
        fitted_on: What it was fitted on, in words.
        photographs: How many photographs it rests on; None where nobody said.
        interval: 95 % interval of the share of real pictures called fake, 0 to 1, from those
            photographs; None where nobody said.
    """

    name: str
    threshold: float
    fpr: float
    fitted_on: str
    photographs: int | None = None
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse values outside 0 to 1 (`ValueError`)."""
        if not (0 <= self.threshold <= 1 and 0 <= self.fpr <= 1):
            raise ValueError(f"operating point {self.name!r}: threshold and fpr must be 0 to 1")
        if self.interval is not None:
            low, high = self.interval
            if not 0 <= low <= high <= 1:
                raise ValueError(
                    f"operating point {self.name!r}: interval must be 0 to 1, in order"
                )

    @property
    def warning(self) -> str | None:
        """What to know before relying on it, in one line; None if it rests on enough."""
        if self.photographs is None or self.photographs >= FEW_PHOTOGRAPHS:
            return None
        text = (
            f"the threshold for at most {self.fpr:.0%} false alarms rests on {self.photographs}"
            f" photographs, fewer than {FEW_PHOTOGRAPHS}"
        )
        if self.interval is None:
            return text
        low, high = self.interval
        return f"{text}; it may flag {low:.1%} to {high:.1%} of such photographs (95 % interval)"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; photographs and interval only where they are known."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two thresholds between the verdicts.

    Attributes:
        fake: `p_fake` at or above it is `fake`, 0 to 1.
        real: `p_fake` below it is `real`, 0 to 1, at most `fake`; between them lies `uncertain`.
    """

    fake: float
    real: float

    def __post_init__(self) -> None:
        """Refuse thresholds out of order (`ValueError`)."""
        if not 0 <= self.real <= self.fake <= 1:
            raise ValueError(
                f"thresholds must be 0 <= real <= fake <= 1, got {self.real}, {self.fake}"
            )


def read_thresholds(raw: dict[str, Any]) -> Thresholds:
    """Read the default thresholds of a description; raise as `fakeface._model_files.number`."""
    thresholds = table(raw, "thresholds", {"fake", "real"})
    return Thresholds(fake=number(thresholds, "fake", 0, 1), real=number(thresholds, "real", 0, 1))


def read_operating_point(raw: Any) -> OperatingPoint:
    """Read an operating point of a description; raise as `fakeface._model_files.number`."""
    known = {field.name for field in fields(OperatingPoint)}
    point = table({"operating_points": raw}, "operating_points", known)
    interval = None
    if "interval" in point:
        low, high = listed(point, "interval", (2, 2))
        interval = (
            number({"interval": low}, "interval", 0, 1),
            number({"interval": high}, "interval", 0, 1),
        )
    return OperatingPoint(
        text(point, "name"),
        number(point, "threshold", 0, 1),
        number(point, "fpr", 0, 1),
        text(point, "fitted_on"),
        whole(point, "photographs", 0, 1 << 40) if "photographs" in point else None,
        interval,
    )
