"""SIGTERM and SIGHUP end a command as Ctrl-C does: cleanly, with what is done.

That is how service managers, job queues, `timeout` and closed terminals stop a process before they
kill it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as in a shell."""

TERMINATED = 143
"""Exit code after SIGTERM."""

HUNG_UP = 129
"""Exit code after SIGHUP."""


class Terminated(KeyboardInterrupt):
    """SIGTERM was received; code that handles Ctrl-C handles this too."""

    code: ClassVar[int] = TERMINATED


class HungUp(Terminated):
    """SIGHUP came: the terminal was closed."""

    code: ClassVar[int] = HUNG_UP


_ERRORS: dict[int, type[KeyboardInterrupt]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}
if hasattr(signal, "SIGHUP"):
    _ERRORS[signal.SIGHUP] = HungUp

_received: list[int] = []
_deferrals = 0


def code_of(stop: KeyboardInterrupt) -> int:
    """The exit code for what stopped a command."""
    return stop.code if isinstance(stop, Terminated) else INTERRUPTED


def received() -> KeyboardInterrupt | None:
    """What stopped the command, if a signal did: libraries may turn it into errors of their own."""
    return _ERRORS[_received[0]]() if _received else None


@contextmanager
def terminable() -> Iterator[None]:
    """Raise in the main thread at a signal: `Terminated` at SIGTERM, `HungUp` at SIGHUP.

    More of these two change nothing. Signals that are ignored already (as SIGHUP under `nohup`),
    or have a handler, are left alone; so is everything outside the main thread.
    """
    _received.clear()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _ERRORS:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Put signals off until the end of the block: some imports tear, or swallow the exception."""
    global _deferrals
    _deferrals += 1
    try:
        yield
    finally:
        _deferrals -= 1
    if (stop := received()) is not None:
        raise stop


def _stop(number: int, _: FrameType | None) -> None:
    if number != signal.SIGINT:
        signal.signal(number, signal.SIG_IGN)  # what is being finished is not to be torn
    _received.append(number)
    if not _deferrals:
        raise _ERRORS[number]
