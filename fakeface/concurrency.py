"""Work in threads with a limit on what is in memory: an ordered map, and a weighted semaphore.

Ctrl-C can always end the map. `concurrent.futures` waits in Python code that holds locks: a signal
at the wrong moment leaves one of them held, and the interpreter then waits for its threads forever.
Here the caller's thread only waits in `queue.SimpleQueue`, whose `put` and `get` are C code that no
signal interrupts halfway.
"""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

from fakeface._sessions import watch

__all__ = ["OrderedThreads", "WeightedSemaphore", "bounded_map"]

T = TypeVar("T")
R = TypeVar("R")
_Outcome: TypeAlias = "SimpleQueue[tuple[R | None, BaseException | None]]"
_Tasks: TypeAlias = "SimpleQueue[tuple[T, _Outcome[R]] | None]"

_running: weakref.WeakSet[OrderedThreads[Any, Any]] = weakref.WeakSet()


@atexit.register
def _end() -> None:
    """Close maps that are still open at exit, such as a generator in an exception's traceback.

    Later the interpreter would kill the threads in the middle of ONNX Runtime or Pillow, and the
    process would abort instead of returning the program's own exit code.
    """
    for threads in list(_running):
        threads.close()


class OrderedThreads(Generic[T, R]):
    """Threads that apply a function to items; results come out in the order of the items."""

    def __init__(self, function: Callable[[T], R], workers: int, name: str = "fakeface") -> None:
        """Prepare; each of the first items starts a thread.

        Args:
            function: Called with each item, in several threads at once.
            workers: Number of threads, at least 1.
            name: Prefix of the threads' names.
        """
        self._function, self._workers, self._name = function, workers, name
        self._todo: _Tasks[T, R] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._outcomes: deque[_Outcome[R]] = deque()
        self._threads: list[threading.Thread] = []
        _running.add(self)

    def __len__(self) -> int:
        """Return the number of items put in whose results have not been taken."""
        return len(self._outcomes)

    def put(self, item: T) -> None:
        """Add an item."""
        outcome: _Outcome[R] = SimpleQueue()
        self._outcomes.append(outcome)
        self._todo.put((item, outcome))
        if len(self._threads) < self._workers:
            name = f"{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=self._work, args=(self._todo,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no memory for its stack, or too many processes
                if not self._threads:
                    raise MemoryError("no thread can be started") from error
                self._workers = len(self._threads)
                return
            self._threads.append(thread)  # only once it runs: `close` waits for it

    def ready(self) -> bool:
        """Return whether the next result is available."""
        return bool(self._outcomes) and not self._outcomes[0].empty()

    def take(self) -> R:
        """Wait for the next result and return it, or raise what the function raised."""
        result, error = self._outcomes.popleft().get()
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    def close(self) -> None:
        """Drop items not yet started and wait for the others; further calls do nothing."""
        if sys.is_finalizing():  # too late (see `_end`): they never run again
            return
        try:
            while True:
                self._todo.get_nowait()
        except Empty:
            pass
        threads, self._threads = self._threads, []
        self._todo.put(None)  # each thread passes it on
        self._todo = SimpleQueue()
        self._outcomes.clear()
        if threading.current_thread() in threads:  # a garbage collection that happens to run here
            return
        for thread in threads:
            if thread.is_alive():  # a forked process has none of them
                self._ended.get()
        for thread in threads:
            thread.join()  # at once: they have nothing left to do

    def _work(self, todo: _Tasks[T, R]) -> None:
        try:
            while (task := todo.get()) is not None:
                item, outcome = task
                try:
                    outcome.put((self._function(item), None))
                except BaseException as error:
                    outcome.put((None, error))
        finally:
            # For the next thread, counted or not: a signal that arrives in `put` between the start
            # of a thread and its entry in the list leaves one that `close` does not know.
            todo.put(None)
            self._ended.put(None)


def bounded_map(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int,
    limit: int,
    name: str = "fakeface",
) -> Generator[R, None, None]:
    """Map a function over items in threads while the caller works on earlier results.

    Args:
        function: Called with each item, in several threads at once.
        items: The items; the caller's thread pulls each when it is needed.
        workers: Number of threads.
        limit: Most items being worked on or waiting to be taken, at least 1.
        name: Prefix of the threads' names.

    Yields:
        The results, in the order of the items. When the generator ends, for whatever reason, its
        threads have ended too.

    Raises:
        Exception: What `function` raised, in its place among the results; or what the iterator of
            `items` raised, after the results of the items before.
    """
    threads = OrderedThreads(function, workers, name)
    failures: list[Exception] = []
    try:
        for item in _until_failure(items, failures):
            threads.put(item)
            if threads.ready() or len(threads) >= limit:
                yield threads.take()
        while len(threads):
            yield threads.take()
    finally:
        threads.close()
    if failures:
        raise failures[0]


def _until_failure(items: Iterable[T], failures: list[Exception]) -> Iterator[T]:
    try:
        yield from items
    except Exception as error:
        failures.append(error)


class WeightedSemaphore:
    """An amount that threads share; whoever would exceed it waits for others to give back."""

    def __init__(self, total: int) -> None:
        """Begin with nothing taken."""
        self._total = total
        self._taken = 0
        self._changed = threading.Condition()
        watch(self)

    def after_fork(self) -> None:
        """Forget what threads of the parent have taken: here they do not run."""
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, amount: int) -> Iterator[None]:
        """Take a part for the time of a `with` block.

        Args:
            amount: How much; more than the total counts as the total.
        """
        amount = min(amount, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._taken + amount <= self._total)
            self._taken += amount
        try:
            yield
        finally:
            with self._changed:
                self._taken -= amount
                self._changed.notify_all()
