"""The processors of this machine: how many this process may use, and what they are fast at."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import sys
from functools import lru_cache
from pathlib import Path

MAX_THREADS = 256
"""Threads of one kind at most: thousands only stand in each other's way."""

INT8_FLAGS = frozenset(("avx512_vnni", "avx_vnni", "amx_int8", "asimddp"))
"""Instructions that sum products of 8-bit numbers, as Linux names them."""


@lru_cache(maxsize=1)
def fast_in_int8() -> bool:
    """Return whether this processor is known to run int8 models faster than fp32 ones.

    Known are Linux's list of instructions, and Apple silicon, which always has them.
    """
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    with contextlib.suppress(OSError):
        for line in (
            Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        ):
            name, _, flags = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return not INT8_FLAGS.isdisjoint(flags.split())
    return False


@lru_cache(maxsize=1)
def cpu_quota() -> float | None:
    """Processors' worth of time that containers and service managers grant (cgroups).

    Returns:
        The least quota of this process's group and those around it; None where there is none.
    """
    found = []
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, group = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            root = Path("/sys/fs/cgroup") / ("cpu" if controllers else "")
            inner = root / group.lstrip("/")
            for folder in (inner, *inner.parents):
                if not folder.is_relative_to(root):
                    break
                found += _quota_in(folder)
    return min(found, default=None)


def _quota_in(folder: Path) -> list[float]:
    """The quota that a folder of cgroups sets, of version 2 or 1."""
    with contextlib.suppress(OSError, ValueError):
        quota, length = (folder / "cpu.max").read_text(encoding="ascii").split()
        return [] if quota == "max" else [int(quota) / int(length)]
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        most, period = (
            int((folder / f"cpu.cfs_{name}_us").read_text(encoding="ascii"))
            for name in ("quota", "period")
        )
        return [most / period] if most > 0 else []
    return []


def default_threads() -> int:
    """Number of processors that this process may use."""
    processors = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    quota = cpu_quota()
    if quota is not None:
        processors = min(processors, math.ceil(quota))
    return min(max(1, processors), MAX_THREADS)
