"""Measure variants in turns.

Other work on the machine then slows all of them alike, and their ratios hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

Parts = Mapping[str, float]
Variant = Callable[[], Parts]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took, in milliseconds.

    Attributes:
        n: How often it was measured.
        mean: Mean.
        p50: Median.
        p90: 90th percentile.
        p99: 99th percentile; with fewer than 100 measurements, little below the maximum.
    """

    n: int
    mean: float
    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> Timing:
        """Summarise measurements in seconds, at least one."""
        values = np.asarray(seconds) * 1e3
        p50, p90, p99 = np.percentile(values, [50, 90, 99])
        return cls(len(seconds), *(round(float(v), 4) for v in (values.mean(), p50, p90, p99)))

    def as_dict(self) -> dict[str, float]:
        """Plain values, ready for JSON."""
        return asdict(self)


def interleaved(
    variants: Mapping[str, Variant],
    seconds: float,
    least: int = 5,
    advance: Callable[[float], None] = lambda _: None,
) -> dict[str, dict[str, Timing]]:
    """Measure variants in turns until the time is up.

    Every round runs each variant once, starting with another one than the round before. Two
    rounds of warm-up are not counted.

    Args:
        variants: Callables by name; each call returns the seconds that its parts took.
        seconds: Total time.
        least: Smallest number of rounds, even if they take longer.
        advance: Called after every round with the fraction of the time that has passed, 0 to 1.

    Returns:
        Timings per variant and part.
    """
    measured: dict[str, dict[str, list[float]]] = {name: {} for name in variants}
    names = list(variants)
    for name in names * 2:
        variants[name]()
    start, rounds = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < seconds or rounds < least:
        for name in names[rounds % len(names) :] + names[: rounds % len(names)]:
            for part, took in variants[name]().items():
                measured[name].setdefault(part, []).append(took)
        rounds += 1
        advance(min(spent / seconds, 1.0) if seconds else 1.0)
    return {
        name: {part: Timing.of(times) for part, times in parts.items()}
        for name, parts in measured.items()
    }


def timed(call: Callable[[], object], name: str = "whole") -> Variant:
    """Make a variant of one part, the call as a whole."""

    def run() -> Parts:
        start = time.perf_counter()
        call()
        return {name: time.perf_counter() - start}

    return run
