"""The command line in a process of its own."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

MAIN = (sys.executable, "-c", "from fakeface.cli import main; main()")

# where these tests run in the background of a shell, Ctrl-C is ignored, and by children too
_LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
LISTENING = (sys.executable, "-c", f"{_LISTEN}; {MAIN[2]}")
"""Heeds Ctrl-C wherever it is started."""


def wait_until_filled(file: Path, seconds: float = 60) -> None:
    """Wait until something is in a file that a command writes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):  # it comes and goes: can it be written?
            if file.stat().st_size:
                return
        time.sleep(0.02)
    raise TimeoutError(f"{file} is still empty")
