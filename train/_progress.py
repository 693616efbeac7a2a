"""Progress on stderr, where results do not go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from fakeface.concurrency import bounded_map
from fakeface.inference import default_threads

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 64

console = Console(stderr=True, highlight=False)
"""Where progress and notes go."""


def progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Pass items on, showing on a terminal how far it is."""
    return iter(
        track(items, what, total, console=console, transient=True, disable=not console.is_terminal)
    )


def in_threads(function: Callable[[T], R], items: Sequence[T], what: str) -> Iterable[tuple[T, R]]:
    """Map a function over items in one thread per processor, in order, showing progress.

    Args:
        function: What to do with an item; safe to run in many threads.
        items: The items.
        what: What to call it while it runs.

    Yields:
        Every item with its result.
    """
    results = bounded_map(function, items, workers=default_threads(), limit=_AHEAD)
    yield from progress(zip(items, results, strict=True), what, len(items))
