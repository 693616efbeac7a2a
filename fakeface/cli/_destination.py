"""The destination of results, decided before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fakeface._errors import ReportError
from fakeface.reports import FORMATS, format_of

RESUMABLE = "jsonl, csv or parquet"


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination of results.

    Attributes:
        format: One of `fakeface.reports.FORMATS`.
        path: The file; None for standard output.
        resume: Whether to resume from the file.
        resumable: Whether a scan can resume from a file of this format.
    """

    format: str
    path: Path | None
    resume: bool
    resumable: bool


def destination(
    format: str | None,  # noqa: A002 -- as the option is called
    output: Path | None,
    overwrite: bool,
    resume: Path | None = None,
) -> Destination:
    """Return the destination that the options describe.

    Args:
        format: Name of a format, or None to use the suffix of the file.
        output: The file to write, or None for standard output.
        overwrite: Whether an existing file may be replaced.
        resume: The file to resume from.

    Returns:
        The destination.

    Raises:
        ReportError: There is no such format, the options exclude each other, or results would be
            lost.
    """
    if resume is not None:
        if output not in (None, resume):
            raise ReportError(str(output), f"--resume writes to {resume} itself; leave out -o")
        if overwrite:
            raise ReportError(str(resume), "give --resume or --overwrite, not both")
        output = resume
    name = format or _by_suffix(output)
    report = format_of(name)
    if resume is not None and not report.resumable:
        raise ReportError(str(resume), f"a scan cannot resume from {name}, only from {RESUMABLE}")
    if output is not None and resume is None and not overwrite and report.exists(output):
        way = f"--resume {output} continues it, " if report.resumable else ""
        raise ReportError(str(output), f"exists already; {way}--overwrite replaces it")
    return Destination(name, output, resume is not None, report.resumable)


def _by_suffix(output: Path | None) -> str:
    if output is None:
        return "table"
    suffix = output.suffix.lower().removeprefix(".")
    suffix = {"ndjson": "jsonl", "pq": "parquet", "txt": "table"}.get(suffix, suffix)
    if suffix not in FORMATS:
        raise ReportError(
            str(output), f"has no suffix of a known format; add --format ({', '.join(FORMATS)})"
        )
    return suffix
