"""SIGTERM ends a command as Ctrl-C does: cleanly, keeping the results so far.

That is how service managers, job queues and `timeout` stop a process before they kill it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as in a shell."""

TERMINATED = 143
"""Exit code after SIGTERM."""


class Terminated(KeyboardInterrupt):
    """SIGTERM was received; code that handles Ctrl-C handles this too."""


def code_of(stop: KeyboardInterrupt) -> int:
    """Return the exit code for the signal that stopped a command."""
    return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` in the main thread at the first SIGTERM; ignore further ones.

    If SIGTERM has another handler, or this is not the main thread, nothing is changed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # do not interrupt the clean-up
    raise Terminated
