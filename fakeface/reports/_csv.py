"""CSV (RFC 4180) for spreadsheets: one row per picture, with the number of faces.

Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-` or `@`) gets an
apostrophe before it, as OWASP advises, and what cannot be printed is escaped: a file's name is
somebody else's text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from fakeface.reports._escape import escape
from fakeface.reports._report import TextReport
from fakeface.types import Prediction

COLUMNS = (
    "source",
    "verdict",
    "p_fake",
    "faces",
    "width",
    "height",
    "model",
    "settings",
    "digest",
    "error",
    "says",
    "declared",
    "frames",
    "frame",
)
"""Names of the columns, in order."""

_FORMULA = re.compile("'*[=+@\uff1d\uff0b\uff20\uff0d-]")
"""Cells that get an apostrophe: formulas, and text that looks as if it had got one."""

_LATER = re.compile(";[\\s\"']*[=+@\uff1d\uff0b\uff20\uff0d-]")
"""A formula later in a cell, for programs that also part cells at `;` (Excel in most of Europe)."""


def cell(text: str) -> str:
    """Return text as a cell: one printable line that is no formula, nor are parts of it."""
    text = escape(text, _fits_parted if _LATER.search(text) else str.isprintable)
    return f"'{text}" if _FORMULA.match(text) else text


def _fits_parted(text: str) -> bool:
    return ";" not in text and text.isprintable()


def _row(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


def row(prediction: Prediction) -> str:
    """Return the row of a prediction, with its line end."""
    width, height = prediction.size or (None, None)
    said = prediction.provenance
    return _row(
        (
            cell(prediction.source),
            prediction.verdict and prediction.verdict.value,
            prediction.p_fake,
            len(prediction.faces) if prediction.ok else None,
            width,
            height,
            cell(prediction.model),
            prediction.settings,
            prediction.digest,
            prediction.error and cell(prediction.error),
            said and cell(said.says),
            said and said.declared,
            prediction.frames,
            prediction.frame,
        )
    )


class CsvReport(TextReport):
    """Writes one row per picture under a row of names."""

    def _begin(self, model: str) -> Iterable[str]:  # noqa: ARG002
        return (_row(COLUMNS),)

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        return (row(prediction),)
