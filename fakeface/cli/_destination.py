"""Where results go, decided before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fakeface._errors import ReportError
from fakeface.reports import FORMATS, format_of

_SUFFIXES = {"ndjson": "jsonl", "pq": "parquet", "txt": "table"}


def destinations(
    format: str | None,  # noqa: A002 -- as the option is called
    outputs: Sequence[Path] | None,
    overwrite: bool,
    resume: Path | None = None,
) -> list[tuple[str, Path | None]]:
    """Return format and file of each destination, at least one; the file None for standard output.

    Raises:
        ReportError: There is no such format, the options exclude each other, or results would be
            lost.
    """
    paths = outputs or []
    if resume is not None:
        name = format or _by_suffix(resume)
        if name in FORMATS and name != "jsonl":
            raise ReportError(
                str(resume),
                f"is {name}; a scan resumes from jsonl alone, of which `fakeface report` makes"
                " other formats",
            )
        if overwrite or any(path.resolve() != resume.resolve() for path in paths):
            raise ReportError(
                str(resume), "--resume writes to this file alone; leave out -o and --overwrite"
            )
        return [("jsonl", resume)]
    if format is not None and len(paths) > 1:
        raise ReportError(format, "--format is for one file; give each file a suffix")
    if len({path.resolve() for path in paths}) < len(paths):
        raise ReportError(str(paths[-1]), "is named twice as a file to write")
    return [_new(format, path, overwrite) for path in paths or (None,)]


def check_new(path: Path, overwrite: bool, way: str = "") -> None:
    """Raise ReportError if a file holds something; `way` is what else can be done with it."""
    if not overwrite and path.is_file() and path.stat().st_size:
        raise ReportError(str(path), f"exists already; {way}--overwrite replaces it")


def _new(format: str | None, path: Path | None, overwrite: bool) -> tuple[str, Path | None]:  # noqa: A002
    name = format or ("table" if path is None else _by_suffix(path))
    if path is not None and name not in FORMATS and format is None:
        raise ReportError(
            str(path), f"has no suffix of a known format; add --format ({', '.join(FORMATS)})"
        )
    format_of(name)
    if path is not None:
        check_new(path, overwrite, f"--resume {path} continues it, " if name == "jsonl" else "")
    return name, path


def _by_suffix(path: Path) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    return _SUFFIXES.get(suffix, suffix)
