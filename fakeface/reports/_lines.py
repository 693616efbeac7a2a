"""Read back reports with one line per picture, so that a scan can resume from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fakeface._errors import ReportError, reason_of
from fakeface.files import replacing
from fakeface.reports._files import held
from fakeface.reports._row import Row

if TYPE_CHECKING:
    from fakeface.reports._report import Report

NOT_A_RECORD = (ValueError, KeyError, TypeError, RecursionError)
"""Exceptions for a line that is not a record."""


def not_a_record(path: Path, where: str) -> ReportError:
    """Return the error for a file that a scan cannot resume from."""
    return ReportError(
        str(path), f"{where} is not a record of this version of fakeface; name another file"
    )


def read_lines(path: Path, report: type[Report]) -> Iterator[tuple[int, str, Row]]:
    """Read the lines of a file, except an incomplete one at the end.

    Args:
        path: The file.
        report: The report class that wrote it.

    Yields:
        Offset of the end of the line in bytes; the line; its parsed record.

    Raises:
        ReportError: The file cannot be read, or a line is not a record.
    """
    end = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                header = report.header if number == 1 else ""
                if not raw.endswith(b"\n"):
                    begun = raw.decode("utf-8", "replace")
                    if not (header.startswith(begun) if header else report.begins(begun)):
                        raise ValueError(begun)
                    return
                end += len(raw)
                line = raw.decode("utf-8")
                if not header:
                    yield end, line, report.parse(line)
                elif line.removeprefix("\ufeff") != header.removeprefix("\ufeff"):
                    raise ValueError(line)
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    except NOT_A_RECORD as error:
        raise not_a_record(path, f"line {number}") from error


def latest(path: Path, report: type[Report]) -> Iterator[str]:
    """Yield the lines of a file without those superseded by a later line on the same picture.

    Args:
        path: The file.
        report: The report class that wrote it.

    Yields:
        Lines, in the order of the file, without the header.

    Raises:
        ReportError: The file cannot be read, or a line is not a record.
    """
    last = {row.key: end for end, _, row in read_lines(path, report)}
    for end, line, row in read_lines(path, report):
        if last[row.key] == end:
            yield line


def upgrade(path: Path, report: type[Report]) -> None:
    """Write a file of an earlier version anew, as this version would have written it.

    A last line that was never finished is dropped. Files of this version, and other files, are
    left alone.

    Args:
        path: The file.
        report: The report class that wrote it.

    Raises:
        ReportError: The file cannot be read or written.
    """
    if not report.old_header:
        return
    try:
        with held(path), path.open(encoding="utf-8", errors="strict", newline="\n") as old:
            if old.readline(len(report.old_header)) != report.old_header:
                return
            with (
                replacing(path, permissions_of=path, durable=True, alone=True) as new,
                new.open("w", encoding="utf-8", newline="\n") as file,
            ):
                file.write(report.header)
                file.writelines(report.upgraded(line) for line in old if line.endswith("\n"))
    except UnicodeDecodeError:
        return  # none of ours: reading it says so
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error


def drop_superseded(path: Path, report: type[Report]) -> None:
    """Rewrite a file with only its `latest` lines; the old one stays until the new is complete.

    Args:
        path: The file.
        report: The report class that wrote it.

    Raises:
        ReportError: The file cannot be read or written, or a line is not a record.
    """
    try:
        with (
            held(path),
            replacing(path, permissions_of=path, durable=True, alone=True) as new,
            new.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.write(report.header)
            file.writelines(latest(path, report))
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
