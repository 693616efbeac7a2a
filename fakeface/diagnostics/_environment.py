"""Describe the machine: without it a number of milliseconds means nothing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fakeface._processors import cpu, default_threads
from fakeface._provider_names import available_providers
from fakeface._version import __version__

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "avx512_bf16", "asimddp", "i8mm")
"""CPU features that decide how fast a network runs, above all in int8."""


def environment() -> dict[str, Any]:
    """Describe this machine and what is installed.

    Returns:
        Plain values, ready for JSON: versions, `cpu` (model, processors usable, features), memory
        in MB, load average, providers; None if the system does not report it.
    """
    model, flags = cpu()
    features = [flag for flag in FLAGS if flag in flags]
    return {
        "versions": versions(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": {"model": model, "processors": default_threads(), "features": features},
        "memory_mb": _memory(),
        "load_average": load_average(),
        "providers": list(available_providers()),
    }


def versions() -> dict[str, str]:
    """Return the versions of everything that a verdict depends on."""
    import onnxruntime

    return {
        "fakeface": __version__,
        "python": platform.python_version(),
        # not from the metadata: ONNX Runtime comes in packages of several names
        "onnxruntime": str(onnxruntime.__version__),
        "pillow": version("pillow"),
        "numpy": version("numpy"),
    }


def load_average() -> list[float] | None:
    """Return the load average over 1, 5 and 15 minutes; None if the system has none."""
    return [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None


def peak_memory() -> float | None:
    """Return the peak memory of this process in MB; None if the system does not report it."""
    status = Path("/proc/self/status")
    if status.is_file():  # unlike getrusage, this starts anew with the program
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**2, 1)


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (AttributeError, ValueError, OSError):
        return None
