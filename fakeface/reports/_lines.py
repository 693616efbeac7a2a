"""Reading back what was written a line a picture, so that a scan can go on from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from fakeface._errors import ReportError


@dataclass(frozen=True, slots=True)
class Row:
    """What a line says that matters for going on.

    Attributes:
        source: Name of the picture as it stands in the file.
        verdict: Its verdict; None where it could not be read.
        digest: Digest of its bytes, if there is one.
        settings: Fingerprint of what judged.
    """

    source: str
    verdict: str | None
    digest: str | None
    settings: str

    @property
    def key(self) -> bytes:
        """The name in 16 bytes, for indices that hold very many."""
        return key_of(self.source)


Parse = Callable[[str], Row]
"""Reads one line; raises `ValueError` or `KeyError` on any that is not a record."""


def key_of(source: str) -> bytes:
    """The name of a picture in 16 bytes."""
    return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def read_lines(path: Path, parse: Parse, header: str = "") -> Iterator[tuple[int, str, Row]]:
    """Read the lines of a file, but for one at the end that was never finished.

    Args:
        path: The file.
        parse: Reads one line.
        header: What the first line must be; empty for none.

    Yields:
        Where the line ends in the file, in bytes; the line; what it says.

    Raises:
        ReportError: The file cannot be read, or a line is not a record.
    """
    end = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    return
                end += len(raw)
                line = raw.decode("utf-8")
                if number == 1 and header:
                    if line != header:
                        raise ValueError
                    continue
                yield end, line, parse(line)
    except OSError as error:
        raise ReportError(str(path), (error.strerror or str(error)).lower()) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ReportError(
            str(path), f"line {number} is not a record of this version of fakeface"
        ) from error


def latest(path: Path, parse: Parse, header: str = "") -> Iterator[str]:
    """Lines of a file without those that a later line about the same picture supersedes.

    Args:
        path: The file.
        parse: Reads one line.
        header: The first line, which is left out.

    Yields:
        Lines, in the order of the file.

    Raises:
        ReportError: The file cannot be read, or a line is not a record.
    """
    last = {row.key: end for end, _, row in read_lines(path, parse, header)}
    for end, line, row in read_lines(path, parse, header):
        if last[row.key] == end:
            yield line


def drop_superseded(path: Path, parse: Parse, header: str = "") -> None:
    """Write a file anew with `latest` lines alone; the old one stays until the new one is whole.

    Args:
        path: The file.
        parse: Reads one line.
        header: Its first line.

    Raises:
        ReportError: The file cannot be read or written, or a line is not a record.
    """
    new = path.with_name(path.name + ".new")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write(header)
            file.writelines(latest(path, parse, header))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise ReportError(str(new), (error.strerror or str(error)).lower()) from error
