"""Processes that import these packages from where they are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
"""Folder of the packages `benchmarks` and `fakeface`."""


def child_environment() -> dict[str, str]:
    """The environment of a process that imports `benchmarks` from here and uses the CPU alone."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
