"""One run of a model at a time, on the crops that all threads offer.

A run on a GPU, or on all processors, is best alone, and on a GPU cheapest for several crops. While
one goes on, the crops of other threads gather; the next run takes them together. So batches are as
large as the device is slow, and no picture waits for others to come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from fakeface._sessions import watch

Scores = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""`p_fake` of crops, shape (n,), and their maps, shape (n, h, w), or none."""
Run = Callable[[npt.NDArray[np.uint8]], Scores]
"""Runs a model on crops, at least one."""


def in_batches(run: Run, crops: npt.NDArray[np.uint8], size: int) -> Scores:
    """Run a model on crops, at most `size` at once.

    Args:
        run: Runs the model.
        crops: Shape (n, S, S, 3), n at least 1.
        size: Most crops in a run, at least 1.

    Returns:
        What `run` gives for all of them.
    """
    parts = [run(crops[at : at + size]) for at in range(0, len(crops), size)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([p for p, _ in parts]), np.concatenate([maps for _, maps in parts])


class Batcher:
    """Takes crops from many threads and runs a model on them, once at a time."""

    def __init__(self) -> None:
        """Begin with no crops."""
        self.after_fork()
        watch(self)

    def after_fork(self) -> None:
        """Forget what threads of the parent have offered: here they do not run."""
        self._turn = Lock()
        self._offers: deque[_Offer] = deque()

    def run(self, run: Run, crops: npt.NDArray[np.uint8], size: int) -> Scores:
        """Run a model on crops, with those of other threads where they fit.

        Raises:
            Exception: Whatever `run` raises; other threads then try again with theirs.
        """
        offer = _Offer(run, crops)
        self._offers.append(offer)
        try:
            with self._turn:
                if offer.results is None:
                    self._run(offer, size)
        finally:
            with suppress(ValueError):
                self._offers.remove(offer)
        assert offer.results is not None
        return offer.results

    def _run(self, first: _Offer, size: int) -> None:
        self._offers.remove(first)
        batch, count = [first], len(first.crops)
        while self._offers and count < size and self._offers[0].run == first.run:
            batch.append(self._offers.popleft())
            count += len(batch[-1].crops)
        try:
            p_fake, maps = in_batches(first.run, np.concatenate([o.crops for o in batch]), size)
        except BaseException:
            self._offers.extendleft(reversed(batch[1:]))
            raise
        at = 0
        for offer in batch:
            offer.results = (p_fake[at : at + len(offer.crops)], maps[at : at + len(offer.crops)])
            at += len(offer.crops)


@dataclass(slots=True, eq=False)
class _Offer:
    """Crops of a thread, and what the model gives for them."""

    run: Run
    crops: npt.NDArray[np.uint8]
    results: Scores | None = None
