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

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
_received: list[int] = []
_deferred = False


class Stopped(KeyboardInterrupt):
    """A signal was received; code that handles Ctrl-C handles this too."""


def code_of(stop: KeyboardInterrupt) -> int:
    """The exit code for what stopped a command: 128 and the number of the signal, as in a shell."""
    number: int = stop.args[0] if isinstance(stop, Stopped) else signal.SIGINT
    return 128 + number


def received() -> Stopped | None:
    """What stopped the command, if a signal did: libraries may turn it into errors of their own."""
    return Stopped(_received[0]) if _received else None


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Stopped` in the main thread at a signal.

    More of SIGTERM and SIGHUP change nothing, not even while the process ends. Signals that are
    ignored already (as SIGHUP under `nohup`), or have a handler, are left alone; so is everything
    outside the main thread.
    """
    _received.clear()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is _stop:  # one that was received stays ignored
                signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Put signals off until the end of the block: some imports tear, or swallow the exception."""
    global _deferred
    _deferred = True
    try:
        yield
    finally:
        _deferred = False
    if (stop := received()) is not None:
        raise stop


def _stop(number: int, _: FrameType | None) -> None:
    if number != signal.SIGINT:
        signal.signal(number, signal.SIG_IGN)  # what is being finished is not to be torn
    _received.append(number)
    if not _deferred:
        raise Stopped(number)
