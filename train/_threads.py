"""Work on many items in threads, in order, showing progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from fakeface._ahead import ahead
from fakeface._providers import default_threads
from train._progress import progress

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 64


def in_threads(function: Callable[[T], R], items: Sequence[T], what: str) -> Iterable[tuple[T, R]]:
    """Map a function over items in one thread per processor, in order, showing progress.

    Args:
        function: What to do with an item; safe to run in many threads.
        items: The items.
        what: What to call it while it runs.

    Yields:
        Every item with its result.
    """
    results = ahead(function, items, workers=default_threads(), most=_AHEAD)
    yield from progress(zip(items, results, strict=True), what, len(items))
