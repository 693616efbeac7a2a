"""Progress of work that knows its share of the whole."""

from __future__ import annotations

from collections.abc import Callable

Begin = Callable[[str, int], Callable[[int], None]]
"""Begins a part of the work: its name and length; gives what counts it."""


def hundredths(advance: Callable[[int], None]) -> Callable[[float], None]:
    """Turn shares into steps of a hundred.

    Args:
        advance: Moves a bar of 100 on by so much.

    Returns:
        A function that is told the share that is done, 0 to 1.
    """
    told = 0

    def tell(share: float) -> None:
        nonlocal told
        advance(round(100 * share) - told)
        told = round(100 * share)

    return tell
