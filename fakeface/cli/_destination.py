"""The destination of results, decided before anything is loaded."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fakeface._errors import ReportError
from fakeface.reports import FORMATS, Report, format_of, open_report


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination of results.

    Attributes:
        format: One of `fakeface.reports.FORMATS`.
        path: The file; None for standard output.
        resume: Whether to resume from the file.
    """

    format: str
    path: Path | None
    resume: bool = False

    def open(self) -> Report:
        """Open the report.

        Raises:
            ReportError: It cannot be written.
        """
        return open_report(self.format, self.path, append=self.resume)


def destinations(
    format: str | None,  # noqa: A002 -- as the option is called
    outputs: Sequence[Path] | None,
    overwrite: bool,
    resume: Path | None = None,
) -> list[Destination]:
    """Return the destinations that the options describe, at least one.

    Args:
        format: Name of a format, or None to use the suffix of the file.
        outputs: The files to write; none for standard output.
        overwrite: Whether existing files may be replaced.
        resume: The file to resume from.

    Raises:
        ReportError: There is no such format, the options exclude each other, or results would be
            lost.
    """
    paths = outputs or []
    if resume is not None:
        return [_resumed(format, paths, overwrite, resume)]
    if format is not None and len(paths) > 1:
        raise ReportError(format, "--format is for one file; give each file a suffix")
    if len({path.resolve() for path in paths}) < len(paths):
        raise ReportError(str(paths[-1]), "is named twice as a file to write")
    return [_new(format, path, overwrite) for path in paths or (None,)]


def _new(format: str | None, path: Path | None, overwrite: bool) -> Destination:  # noqa: A002
    name = format or ("table" if path is None else _by_suffix(path))
    format_of(name)
    if path is not None and not overwrite and path.is_file() and path.stat().st_size:
        way = f"--resume {path} continues it, " if name == "jsonl" else ""
        raise ReportError(str(path), f"exists already; {way}--overwrite replaces it")
    return Destination(name, path)


def _resumed(
    format: str | None,  # noqa: A002
    outputs: Sequence[Path],
    overwrite: bool,
    path: Path,
) -> Destination:
    others = [output for output in outputs if output.resolve() != path.resolve()]
    if others:
        words = ["fakeface", "report", str(path), "-o", str(others[0])]
        raise ReportError(
            str(others[0]),
            f"--resume writes to {path} alone; leave out -o, and afterwards: {shlex.join(words)}",
        )
    if overwrite:
        raise ReportError(str(path), "give --resume or --overwrite, not both")
    suffix = path.suffix.lower().removeprefix(".")
    name = format or (_by_suffix(path) if suffix in {*FORMATS, *_SUFFIXES} else "jsonl")
    if name != "jsonl":
        raise ReportError(str(path), f"is {name}; a scan resumes from jsonl alone{_instead(path)}")
    return Destination(name, path, resume=True)


def _instead(path: Path) -> str:
    """Return what to do with a file that a scan cannot resume from."""
    jsonl = path.with_suffix(".jsonl")
    if path.suffix.lower() in (".json", ".parquet", ".pq") and path.exists():
        return f", which `{shlex.join(['fakeface', 'report', str(path), '-o', str(jsonl)])}` makes"
    convert = shlex.join(["fakeface", "report", str(jsonl), "-o", str(path)])
    return f": give --resume {shlex.quote(str(jsonl))}, and afterwards `{convert}`"


_SUFFIXES = {"ndjson": "jsonl", "pq": "parquet", "txt": "table"}


def _by_suffix(path: Path) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    suffix = _SUFFIXES.get(suffix, suffix)
    if suffix not in FORMATS:
        raise ReportError(
            str(path), f"has no suffix of a known format; add --format ({', '.join(FORMATS)})"
        )
    return suffix
