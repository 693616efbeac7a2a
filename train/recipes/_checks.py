"""Checks of values in recipes."""

from __future__ import annotations


def check_share(name: str, value: float) -> None:
    """Raise `ValueError` unless 0 <= value <= 1.

    Args:
        name: Dotted name of the field, for the message.
        value: Its value.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value:g}")


def check_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise `ValueError` unless a field has one of the known values."""
    check(value in known, f"{name} must be one of {', '.join(known)}", value)


def check(holds: bool, rule: str, value: object) -> None:
    """Raise `ValueError` with the rule and the value unless the rule holds."""
    if not holds:
        raise ValueError(f"{rule}, got {value!r}")


def check_range(name: str, bounds: tuple[float, float], least: float, most: float) -> None:
    """Raise `ValueError` unless a range rises between `least` and `most`."""
    low, high = bounds
    if not least <= low <= high <= most:
        raise ValueError(
            f"{name} must rise from {least:g} or more to {most:g} or less, got {low:g}, {high:g}"
        )
