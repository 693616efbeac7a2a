"""A bounded, ordered map in threads that Ctrl-C can always end.

`concurrent.futures` waits in Python code that holds locks. A signal at the wrong moment leaves one
of them held, and the interpreter then waits for its threads forever. Here the caller's thread only
waits in `queue.SimpleQueue`, whose `put` and `get` are C code that no signal interrupts halfway.
"""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


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
        self._todo: SimpleQueue[_Task[T, R] | None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._tasks: deque[_Task[T, R]] = deque()
        self._threads: list[threading.Thread] = []
        _running.add(self)

    def __len__(self) -> int:
        """Return the number of items put in whose results have not been taken."""
        return len(self._tasks)

    def put(self, item: T) -> None:
        """Add an item."""
        task: _Task[T, R] = _Task(item)
        self._tasks.append(task)
        self._todo.put(task)
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
        return bool(self._tasks) and not self._tasks[0].outcome.empty()

    def take(self) -> R:
        """Wait for the next result and return it, or raise what the function raised."""
        result, error = self._tasks.popleft().outcome.get()
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
        for thread in threads:
            if thread.is_alive():  # a forked process has none of them
                self._ended.get()
        for thread in threads:
            thread.join()  # at once: they have nothing left to do
        self._tasks.clear()

    def _work(self, todo: SimpleQueue[_Task[T, R] | None]) -> None:
        try:
            while (task := todo.get()) is not None:
                task.run(self._function)
        finally:
            # For the next thread, counted or not: a signal that arrives in `put` between the start
            # of a thread and its entry in the list leaves one that `close` does not know.
            todo.put(None)
            self._ended.put(None)


class _Task(Generic[T, R]):
    """An item, and the queue that its outcome is put in."""

    __slots__ = ("item", "outcome")

    def __init__(self, item: T) -> None:
        self.item = item
        self.outcome: SimpleQueue[tuple[R | None, BaseException | None]] = SimpleQueue()

    def run(self, function: Callable[[T], R]) -> None:
        try:
            self.outcome.put((function(self.item), None))
        except BaseException as error:
            self.outcome.put((None, error))


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
