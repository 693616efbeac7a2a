"""What fakeface costs besides time per picture: starting its commands, memory, disk."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._process import child_environment
from benchmarks.speed._install_size import install_size
from fakeface import FakefaceError

INSTALLS: dict[str, tuple[str, ...]] = {
    "fakeface": ("fakeface",),
    "with TensorFlow": ("fakeface", "tensorflow"),
}
"""What one could install: fakeface as shipped, or its networks in TensorFlow."""

_COMMAND = "from fakeface.cli import main; main()"

_WATCHED = f"""
import sys
try:
    {_COMMAND}
finally:
    from fakeface.diagnostics import peak_memory
    print(peak_memory() or "", file=sys.stderr)
"""
"""The same, telling its peak memory at the end; what the system keeps of a child that has ended
would include what its parent had."""


def installed() -> dict[str, Any]:
    """Measure the disk space of `INSTALLS` here.

    Returns:
        Per name `megabytes`, and `largest`: the distributions that make it up, largest first;
        None if it is not installed.
    """
    found: dict[str, Any] = {}
    for name, distributions in INSTALLS.items():
        sizes = install_size(distributions)
        found[name] = (
            None
            if sizes is None
            else {
                "megabytes": round(sum(sizes.values()), 1),
                "largest": {key: size for key, size in sizes.items() if size >= 1},
            }
        )
    return found


def commands(model: str, picture: Path, repeats: int = 5) -> dict[str, dict[str, Any]]:
    """Measure commands from start to end, each in a new process.

    Args:
        model: Name or directory of a model.
        picture: A picture with a face.
        repeats: How many processes to start for each, in turns.

    Returns:
        Per command, in words, its median `seconds` and `peak_rss_mb` (None where the
        system does not report it).

    Raises:
        FakefaceError: A command failed.
    """
    named = {
        "fakeface --version": ["--version"],
        "fakeface predict FILE": ["predict", str(picture), "--model", model],
    }
    seconds: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(repeats):
        for name, arguments in named.items():
            start = time.perf_counter()
            _run(_COMMAND, arguments)
            seconds[name].append(time.perf_counter() - start)
    return {
        name: {
            "seconds": round(float(np.median(seconds[name])), 4),
            "peak_rss_mb": float(peak) if (peak := _run(_WATCHED, arguments)) else None,
            "repeats": repeats,
        }
        for name, arguments in named.items()
    }


def _run(code: str, arguments: list[str]) -> str:
    """Run a command in a new process.

    Args:
        code: Runs it.
        arguments: Its arguments.

    Returns:
        The last line of standard error; empty where there is none.

    Raises:
        FakefaceError: It failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=child_environment(),
    )
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode:
        raise FakefaceError(f"`fakeface {' '.join(arguments)}` failed: {last or 'no message'}")
    return last
