"""CSV (RFC 4180) for spreadsheets: one row per picture, with the number of faces.

Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-` or `@`) gets an
apostrophe before it, as OWASP advises, and what cannot be printed is escaped: a file's name is
somebody else's text. `text_of` gives it back.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from fakeface.reports._escape import escape, unescape
from fakeface.reports._report import TextReport
from fakeface.reports._row import Row
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

_ADDED = 4
"""Columns at the end that version 0.1 did not write."""

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


def text_of(cell: str) -> str:
    """Return the text of a cell (the inverse of `cell`)."""
    return unescape(cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell)


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

    resumable = True
    header = _row(COLUMNS)
    old_header = _row(COLUMNS[:-_ADDED])
    _begun = False

    @classmethod
    def parse(cls, line: str) -> Row:
        """Read a row back."""
        try:
            (values,) = csv.reader([line])
        except csv.Error as error:
            raise ValueError(line) from error
        record = dict(zip(COLUMNS, values, strict=True))
        return Row.of({**record, "source": text_of(record["source"])})

    @classmethod
    def upgraded(cls, line: str) -> str:
        """Return a line of version 0.1 with the columns that were added since."""
        return line.removesuffix("\n") + "," * _ADDED + "\n"

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        yield from self._begin()
        yield row(prediction)

    def _end(self) -> Iterator[str]:
        return self._begin()  # a report without records has its header too

    def _begin(self) -> Iterator[str]:
        if self._begun:
            return
        self._begun = True
        if not (self._owned and self._stream.seekable() and self._stream.tell()):
            yield self.header


class CsvExcelReport(CsvReport):
    """The same with a byte order mark, without which Excel takes UTF-8 for another encoding."""

    header = f"\ufeff{CsvReport.header}"
    old_header = f"\ufeff{CsvReport.old_header}"
