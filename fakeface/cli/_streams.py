"""The standard streams, whatever they are: closed, or of an encoding that lacks characters."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

from fakeface.cli._errors import UsageError

_BLOCK = 1 << 20


def replace_closed() -> None:
    """Open the null device in the place of closed standard streams.

    Otherwise the next file opened, such as the results, would take the closed stream's number, and
    receive whatever a library prints. `sys.stdin` and `sys.stdout` stay None: results that go to a
    closed standard output are an error.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:  # takes the lowest number that is free
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def accept_all_characters() -> None:
    """Escape what the encoding of a terminal or a pipe lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


class PollingStream:
    """A stream that waits for data in short intervals.

    A signal that arrives just before a blocking read does not end it: Ctrl-C would only take
    effect with the next bytes.
    """

    def __init__(self, stream: io.BufferedReader) -> None:
        """Read from a stream that has no other reader."""
        self._stream = stream

    def read1(self, size: int) -> bytes:
        """Wait for data and return up to `size` bytes; empty at the end."""
        with suppress(OSError, ValueError):  # not selectable: in tests, and on Windows
            while not select.select([self._stream], [], [], 0.5)[0]:
                pass
        return self._stream.read1(min(size, _BLOCK))

    read = read1


def open_list(name: str) -> PollingStream:
    """Open a list of files; `-` is standard input."""
    return standard_input() if name == "-" else PollingStream(Path(name).open("rb"))


def standard_input() -> PollingStream:
    """Return standard input as a binary stream; read it in the main thread, which signals reach.

    Raises:
        UsageError: It is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input (-) is closed; pipe something into it")
    return PollingStream(cast("io.BufferedReader", sys.stdin.buffer))
