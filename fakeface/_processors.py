"""The processors of this machine: their name, and how many this process may use."""

from __future__ import annotations

import contextlib
import math
import os
import platform
from functools import lru_cache
from pathlib import Path

MAX_THREADS = 256
"""Threads of one kind at most: thousands only stand in each other's way."""


def cpu() -> tuple[str, frozenset[str]]:
    """Name and instructions of this machine's processor; no instructions where it is not Linux."""
    name, flags = platform.processor() or platform.machine(), frozenset[str]()
    with contextlib.suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags |= set(value.split())
    return name, flags


@lru_cache(maxsize=1)
def cpu_quota(groups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Processors' worth of time that a container grants (cgroups); None where it grants all."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = (groups / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):  # version 1
        quota, period = (
            (groups / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii")
            for name in ("quota", "period")
        )
        return int(quota) / int(period) if int(quota) > 0 else None
    return None


def default_threads() -> int:
    """Number of processors that this process may use."""
    processors = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    quota = cpu_quota()
    if quota is not None:
        processors = min(processors, math.ceil(quota))
    return min(max(1, processors), MAX_THREADS)
