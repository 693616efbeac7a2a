"""Checks of what recipes say, for the classes that hold it."""

from __future__ import annotations


def check_share(name: str, value: float) -> None:
    """Refuse what is no share or chance (`ValueError`).

    Args:
        name: Dotted name of the field, for the message.
        value: Its value.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value:g}")
