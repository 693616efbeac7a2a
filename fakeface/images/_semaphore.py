"""A bound on how much of something threads may use at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from fakeface._sessions import watch


class WeightedSemaphore:
    """An amount that threads share; whoever would exceed it waits for others to give back."""

    def __init__(self, total: int) -> None:
        """Begin with nothing taken.

        Args:
            total: What may be taken at once, above 0.
        """
        self._total = total
        self._taken = 0
        self._changed = Condition()
        watch(self)

    def after_fork(self) -> None:
        """Forget what threads of the parent have taken: here they do not run."""
        self._taken = 0
        self._changed = Condition()

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
