"""Writers of results, one module per format; each is a context manager.

    >>> from fakeface.reports import open_report
    >>> with open_report("jsonl", "results.jsonl") as report:  # doctest: +SKIP
    ...     for prediction in detector.scan("photos"):
    ...         report.write(prediction)

Except in Parquet, every prediction is flushed to the operating system before `write` returns, so
that a killed process loses none that it has written. A new format is a subclass of `Report` and a
line in `FORMATS`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fakeface._errors import ReportError
from fakeface._text import printable
from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    import os

    from fakeface.reports._html._live import empty_report, live_page, page_facts
    from fakeface.reports._html._page import page_style
    from fakeface.reports._report import Report
    from fakeface.reports._results import EarlierScans, read_results
    from fakeface.reports._resume import PreviousScan

__all__ = [
    "FORMATS",
    "EarlierScans",
    "PreviousScan",
    "Report",
    "empty_report",
    "format_of",
    "live_page",
    "open_report",
    "page_facts",
    "page_style",
    "printable",
    "read_results",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "fakeface.reports._html._live": ("empty_report", "live_page", "page_facts"),
        "fakeface.reports._html._page": ("page_style",),
        "fakeface.reports._report": ("Report",),
        "fakeface.reports._results": ("EarlierScans", "read_results"),
        "fakeface.reports._resume": ("PreviousScan",),
    },
)

FORMATS: dict[str, tuple[str, str]] = {
    "table": ("fakeface.reports._table", "TableReport"),
    "json": ("fakeface.reports._jsonl", "JsonReport"),
    "jsonl": ("fakeface.reports._jsonl", "JsonlReport"),
    "csv": ("fakeface.reports._csv", "CsvReport"),
    "html": ("fakeface.reports._html", "HtmlReport"),
    "parquet": ("fakeface.reports._parquet", "ParquetReport"),
}
"""Formats by name: the module and class that write each, imported on first use."""


def format_of(name: str) -> type[Report]:
    """Return the class that writes a format.

    Args:
        name: One of `FORMATS`.

    Returns:
        The class.

    Raises:
        ReportError: There is no such format, or a package it needs is not installed.
    """
    if name not in FORMATS:
        raise ReportError(name, f"is not a format of results; known formats: {', '.join(FORMATS)}")
    module, cls = FORMATS[name]
    report: type[Report] = getattr(import_module(module), cls)
    report.require()
    return report


def open_report(
    name: str, path: str | os.PathLike[str] | None = None, *, append: bool = False
) -> Report:
    """Open a report.

    Args:
        name: One of `FORMATS`.
        path: The file to write; None for standard output.
        append: Append to the file instead of replacing it; only for `jsonl`.

    Returns:
        The report, open.

    Raises:
        ReportError: There is no such format, it needs a file, it cannot be appended to, the file
            cannot be written, or another scan is writing it.
    """
    report = format_of(name)
    if append and name != "jsonl":
        raise ReportError(
            str(path or name), f"a report in {name} cannot be appended to, only one in jsonl"
        )
    return report.open(None if path is None else Path(path), append=append)
