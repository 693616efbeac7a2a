"""The standard streams: replace closed ones; read input so that Ctrl-C still works."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import IO, cast

from fakeface._errors import ImageError
from fakeface.cli._errors import UsageError

_BLOCK = 1 << 20
_SHORTEST, _LONGEST = 0.01, 1.0  # seconds


def replace_closed() -> None:
    """Replace closed standard streams by the null device.

    Otherwise the next file opened, such as the results, would take the closed stream's number, and
    receive whatever a library prints. Writing to a closed standard output stays an error, so that
    no results are lost in silence, and `sys.stdin` stays None: so does reading a closed input.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            mode = os.O_RDONLY if number == 1 else os.O_RDWR
            null = os.open(os.devnull, mode)  # takes the lowest number that is free: this one
            os.set_inheritable(null, True)
    if sys.stdout is None:
        raw = open(1, "wb", buffering=0)  # noqa: SIM115 -- a buffer would fail again at exit
        sys.stdout = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def accept_all_characters() -> None:
    """Escape what the encoding of a terminal or a pipe lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


class PollingStream:
    """A stream that waits for data in short, growing intervals.

    A signal that arrives just before a blocking read does not end it: Ctrl-C would only take
    effect with the next bytes.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        """Read from a stream that has no other reader."""
        self._stream = stream

    def read1(self, size: int) -> bytes:
        """Wait for data and return up to `size` bytes; empty at the end."""
        pause = _SHORTEST
        with suppress(OSError, ValueError):  # not selectable: in tests, and on Windows
            while not select.select([self._stream], [], [], pause)[0]:
                pause = min(2 * pause, _LONGEST)
        return self._stream.read1(min(size, _BLOCK))

    read = read1


def standard_input() -> io.BufferedReader:
    """Return standard input as a binary stream.

    Raises:
        UsageError: It is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input (-) is closed; pipe something into it")
    return cast("io.BufferedReader", sys.stdin.buffer)


def picture_from_stdin() -> IO[bytes] | ImageError:
    """Read a picture from standard input, up to the size limit.

    Call it in the main thread: a thread that blocks in a read cannot be stopped.

    Returns:
        Its bytes as a file named `<stdin>`, or the error if it cannot be read.

    Raises:
        UsageError: Standard input is closed.
    """
    from fakeface.images._read import read

    name = "<stdin>"
    try:
        file = io.BytesIO(read(PollingStream(standard_input()), name))
    except ImageError as error:
        return error
    file.name = name
    return file
