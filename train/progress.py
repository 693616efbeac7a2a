"""Progress on stderr, where results do not go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from fakeface.concurrency import bounded_map
from fakeface.inference import default_threads

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 64

LINE_EVERY = 30.0
"""Seconds between lines of progress where there is no terminal."""

console = Console(stderr=True, highlight=False)
"""Where progress and notes go."""


def progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Pass items on and show how far it is and how long it will take.

    A bar on a terminal, elsewhere a line every 30 s.

    Args:
        items: The items.
        what: What to call the work.
        total: Number of items.

    Returns:
        The same items.
    """
    if console.is_terminal:
        return iter(track(items, what, total, console=console, transient=True))
    return _in_lines(items, what, total)


def _in_lines(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Pass items on; a thread prints the lines, so that one long item is no silence."""
    started, done, over = time.monotonic(), 0, threading.Event()

    def report() -> None:
        while not over.wait(LINE_EVERY):
            elapsed = time.monotonic() - started
            left = f", about {_minutes(elapsed / done * (total - done))} left" if done else ""
            console.print(
                f"{what}: {done:,} of {total:,} after {_minutes(elapsed)}{left}", soft_wrap=True
            )

    thread = threading.Thread(target=report, name="progress", daemon=True)
    thread.start()
    try:
        for item in items:
            yield item
            done += 1
    finally:
        over.set()


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min"


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
