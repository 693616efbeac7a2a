"""What fakeface costs besides time per picture: starting its commands, memory, disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._install_size import install_size
from benchmarks.peers._peer import child_environment
from fakeface import FakefaceError

INSTALLS: dict[str, tuple[str, ...]] = {
    "fakeface": ("fakeface",),
    "with TensorFlow": ("fakeface", "tensorflow"),
}
"""What one could install to judge pictures: fakeface as it ships, or its networks in TensorFlow."""

_COMMAND = "from fakeface.cli import main; main()"


def installed() -> dict[str, Any]:
    """Disk that `INSTALLS` take here.

    Returns:
        Per name `megabytes`, and `largest`: the distributions that make it up, largest first;
        None for what is not installed.
    """
    found = {}
    for name, distributions in INSTALLS.items():
        sizes = install_size(distributions)
        found[name] = sizes and {
            "megabytes": round(sum(sizes.values()), 1),
            "largest": {key: size for key, size in sizes.items() if size >= 1},
        }
    return found


def commands(model: str, picture: Path, repeats: int = 5) -> dict[str, dict[str, Any]]:
    """What commands cost from start to end, each in a new process.

    Args:
        model: Name or directory of a model.
        picture: A picture with a face.
        repeats: How many processes to start for each, in turns.

    Returns:
        Per command, in words, its median `seconds` and `peak_rss_mb` (None where the system does
        not tell).

    Raises:
        FakefaceError: A command failed.
    """
    named = {
        "fakeface --version": ["--version"],
        "fakeface predict FILE": ["predict", str(picture), "--model", model],
    }
    seconds: dict[str, list[float]] = {name: [] for name in named}
    memory: dict[str, list[float | None]] = {name: [] for name in named}
    for _ in range(repeats):
        for name, arguments in named.items():
            took, peak = _run(arguments)
            seconds[name].append(took)
            memory[name].append(peak)
    return {
        name: {
            "seconds": round(float(np.median(seconds[name])), 4),
            "peak_rss_mb": None
            if None in memory[name]
            else round(float(np.median([m for m in memory[name] if m is not None])), 1),
            "repeats": repeats,
        }
        for name in named
    }


def _run(arguments: list[str]) -> tuple[float, float | None]:
    """Run a command; its time in seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=child_environment(),
    )
    assert process.stderr is not None
    errors = process.stderr.read()
    peak = None
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    process.wait()
    took = time.perf_counter() - start
    process.stderr.close()
    if process.returncode:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise FakefaceError(f"`fakeface {' '.join(arguments)}` failed: {last}")
    return took, peak
