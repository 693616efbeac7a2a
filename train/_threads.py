"""Work on many items in threads, in order, with bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from fakeface._providers import default_threads
from train._progress import progress

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 64


def ahead(
    function: Callable[[T], R], items: Iterable[T], most: int, workers: int | None = None
) -> Iterator[tuple[T, R]]:
    """Map a function over items in threads while the caller works on earlier results.

    Args:
        function: What to do with an item; safe to run in many threads.
        items: The items, pulled as they are needed.
        most: Results that may wait for the caller, at least 1.
        workers: Threads; None for one per processor.

    Yields:
        Every item with its result, in order.
    """
    waiting: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(workers or default_threads()) as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(function, item)))
                if len(waiting) >= most:
                    ready, future = waiting.popleft()
                    yield ready, future.result()
            while waiting:
                ready, future = waiting.popleft()
                yield ready, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def in_threads(function: Callable[[T], R], items: Sequence[T], what: str) -> Iterable[tuple[T, R]]:
    """Map a function over items in one thread per processor, in order, showing progress.

    Args:
        function: What to do with an item; safe to run in many threads.
        items: The items.
        what: What to call it while it runs.

    Yields:
        Every item with its result.
    """
    yield from progress(ahead(function, items, _AHEAD), what, len(items))
