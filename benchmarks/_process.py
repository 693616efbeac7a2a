"""Child processes that import these packages from this checkout."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
"""Folder of the packages `benchmarks` and `fakeface`."""


def child_environment() -> dict[str, str]:
    """Return the environment of a process that imports `benchmarks` from here, on the CPU.

    It may write bytecode: an installed package has it, and compiling ours takes 60 ms.
    """
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
