"""Files of results, each written by one scan at a time."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fakeface._errors import ReportError, reason_of

if sys.platform != "win32":
    import fcntl


def open_text(path: Path, *, append: bool = False) -> IO[str]:
    """Open a text file for writing, in UTF-8 with backslash escapes for what it cannot encode.

    Raises:
        ReportError: It cannot be opened, or another scan is writing it.
    """
    return open_locked(
        path,
        "a" if append else "w",
        encoding="utf-8",
        errors="backslashreplace",
        newline="\n",
    )


def open_locked(path: Path, mode: str, **options: Any) -> IO[Any]:
    """Open a file for writing; it is locked until it is closed, on systems that have such locks.

    Raises:
        ReportError: It cannot be opened, or another scan is writing it.
    """
    try:
        return open(path, mode, opener=_open_locked, **options)
    except BlockingIOError as error:
        raise ReportError(
            str(path),
            "is locked by another program, such as another scan that writes to it; wait for that to"
            " end, or name another file",
        ) from error
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error


def check_writable(path: Path) -> None:
    """Open a file for writing and leave it as it is.

    Raises:
        ReportError: It cannot be opened, or another scan is writing it.
    """
    new, file = not path.exists(), path.resolve()  # what a link points to
    if not new and not file.is_file() and not file.is_dir():
        return  # a pipe's reader would take it for the end
    with open_text(path, append=True):
        if new and sys.platform != "win32":  # while it is locked: nobody else can have taken it
            file.unlink(missing_ok=True)
    if new and sys.platform == "win32":  # where an open file cannot be removed
        file.unlink(missing_ok=True)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock an existing file against other writers, as `open_text` does.

    Raises:
        ReportError: It cannot be opened, or another scan is writing it.
    """
    if sys.platform == "win32":  # no such locks, and an open file cannot be replaced
        yield
        return
    with open_text(path, append=True):
        yield


def _open_locked(name: str, flags: int) -> int:
    """Open a file and lock it before truncating it."""
    file = os.open(name, flags & ~os.O_TRUNC, 0o666)
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):
            _lock(file, Path(name))
            if flags & os.O_TRUNC:
                os.ftruncate(file, 0)
    except BaseException:
        os.close(file)
        raise
    return file


def _lock(file: int, path: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # a file system without locks
    # another scan may have replaced the file between opening and locking
    if not path.exists() or not os.path.samestat(os.fstat(file), path.stat()):
        raise BlockingIOError
