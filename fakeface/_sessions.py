"""ONNX Runtime sessions that outlive a fork.

A forked process has a copy of its parent's session, but none of the threads that work in it: to run
it, or to take it down, would wait for them for ever. So a child leaves the copy untouched, and
opens a session of its own when it first needs one. Locks that some thread of the parent may have
held are replaced, too.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnxruntime as ort


_watched: weakref.WeakSet[Any] = weakref.WeakSet()


def watch(one: Any) -> None:
    """Call `after_fork` of an object in every forked process, as long as the object lives."""
    _watched.add(one)


def _after_fork() -> None:
    for one in list(_watched):
        one.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class ReopenedSession:
    """A session that is opened anew in a forked process, when it is first asked for there."""

    __slots__ = ("__weakref__", "_lock", "_open", "_session")

    def __init__(self, open_: Callable[[], ort.InferenceSession]) -> None:
        """Open the session; `open_` is called again in forked processes."""
        self._open = open_
        self._lock = Lock()
        self._session: ort.InferenceSession | None = open_()
        watch(self)

    def get(self) -> ort.InferenceSession:
        """The session of this process; errors are those of `open_`."""
        session = self._session
        if session is not None:
            return session
        with self._lock:
            if self._session is None:
                self._session = self._open()
            return self._session

    def after_fork(self) -> None:
        """Leave the parent's session alone for good: even to take it down would hang."""
        self._lock = Lock()
        if self._session is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
            self._session = None
