"""The command line in a process of its own."""

from __future__ import annotations

import sys

MAIN = (sys.executable, "-c", "from fakeface.cli import main; main()")

# where these tests run in the background of a shell, Ctrl-C is ignored, and by children too
_LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
LISTENING = (sys.executable, "-c", f"{_LISTEN}; {MAIN[2]}")
"""Heeds Ctrl-C wherever it is started."""
