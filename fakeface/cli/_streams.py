"""The standard streams: closed ones, and input that is waited for so that Ctrl-C is heard."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import IO, cast

from fakeface._errors import ImageError
from fakeface.cli._errors import UsageError

_BLOCK = 1 << 20
_SHORTEST, _LONGEST = 0.01, 1.0  # seconds


def replace_closed() -> None:
    """Put the null device where a standard stream is closed.

    The next file opened, such as that of the results, would take its place, and get whatever a
    library prints. `sys.stdin` stays None: to read a closed input is an error.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            os.set_inheritable(null, True)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


class Patient:
    """A stream that is waited for a moment at a time, twice as long after each in vain.

    A signal that comes just before a read does not end it; without a pause Ctrl-C would then be
    heard only with the next bytes.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        """Read from a stream that nobody else reads."""
        self._stream = stream
        self._pause = _SHORTEST

    def read1(self, size: int) -> bytes | None:
        """What there is, at most `size` bytes; empty at the end, None where nothing came yet."""
        try:
            if not select.select([self._stream], [], [], self._pause)[0]:
                self._pause = min(2 * self._pause, _LONGEST)
                return None
        except (OSError, ValueError):  # no stream to wait for: a test's, or Windows'
            pass
        self._pause = _SHORTEST
        return self._stream.read1(size)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, however long they are in coming; empty at the end."""
        while (block := self.read1(min(size, _BLOCK))) is None:
            pass
        return block


def standard_input() -> io.BufferedReader:
    """Standard input, in bytes.

    Raises:
        UsageError: It is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input, which - stands for, is closed; pipe something into it")
    return cast("io.BufferedReader", sys.stdin.buffer)


def picture_from_stdin() -> IO[bytes] | ImageError:
    """Read a picture from standard input, no further than shows that it is too large.

    To be called in the main thread: a thread that is stuck in a read cannot be stopped.

    Returns:
        Its bytes as a file named `<stdin>`, or why they cannot be read.

    Raises:
        UsageError: Standard input is closed.
    """
    from fakeface.images._read import read

    name = "<stdin>"
    try:
        file = io.BytesIO(read(Patient(standard_input()), name))
    except ImageError as error:
        return error
    file.name = name
    return file
