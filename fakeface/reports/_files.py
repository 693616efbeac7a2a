"""Files of results: written by one scan at a time, and replaced by whole ones only."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fakeface._errors import ReportError, reason_of

if sys.platform != "win32":
    import fcntl


def open_text(path: Path, *, append: bool = False) -> IO[str]:
    """Open a file of text to write; what UTF-8 cannot hold is escaped.

    Until it is closed nobody else can open it so, where the system has locks for that.

    Raises:
        ReportError: It cannot be opened, or another scan is writing it.
    """
    try:
        return open(
            path,
            "a" if append else "w",
            encoding="utf-8",
            errors="backslashreplace",
            newline="\n",
            opener=_open_locked,
        )
    except BlockingIOError as error:
        raise ReportError(
            str(path),
            "is locked by another program, such as another scan that is writing it; wait until it"
            " ends, or name another file",
        ) from error
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep others from writing a file that exists, as `open_text` does.

    Raises:
        ReportError: It cannot be opened, or another scan is writing it.
    """
    if sys.platform == "win32":  # has no such locks, and no file that is open can be replaced
        yield
        return
    with open_text(path, append=True):
        yield


@contextmanager
def replacing(path: Path, like: Path) -> Iterator[Path]:
    """Write a file anew; the old one stays until the new one is whole.

    Args:
        path: The file; where it is a link, what it leads to is replaced.
        like: The file whose permissions it gets.

    Yields:
        A file beside it, to be written; on an error it is removed.

    Raises:
        OSError: It cannot be written.
    """
    target = path.resolve()
    number, name = tempfile.mkstemp(".new", f"{target.name}.", target.parent)
    os.close(number)
    new = Path(name)
    try:
        yield new
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        shutil.copymode(like, new)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _open_locked(name: str, flags: int) -> int:
    """Open a file and lock it, before anything in it is cut off."""
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
