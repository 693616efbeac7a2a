"""Work in threads with a limit on what is in memory: an ordered map and a weighted semaphore."""

from __future__ import annotations

from fakeface._bounded_map import OrderedThreads, bounded_map
from fakeface.images._semaphore import WeightedSemaphore

__all__ = ["OrderedThreads", "WeightedSemaphore", "bounded_map"]
