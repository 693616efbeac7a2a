"""CSV (RFC 4180) for spreadsheets: a row a picture, faces as their number.

Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-` or `@`) gets an
apostrophe before it, as OWASP advises, and what cannot be printed is escaped: a file's name is
somebody else's text. Where a name must come back byte by byte, use `jsonl`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from fakeface._text import printable
from fakeface.reports._lines import Row
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
)
"""Names of the columns, in order."""


def cell(text: str) -> str:
    """Text as it stands in a cell: one printable line that is no formula."""
    text = printable(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _row(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


class CsvReport(TextReport):
    """Writes a row a picture under a row of names."""

    resumable = True
    header = _row(COLUMNS)
    _begun = False

    @classmethod
    def parse(cls, line: str) -> Row:
        """Read a row back."""
        (values,) = csv.reader([line])
        record = dict(zip(COLUMNS, values, strict=True))
        return Row(
            record["source"],
            record["verdict"] or None,
            record["digest"] or None,
            record["settings"],
        )

    @classmethod
    def name_in_file(cls, source: str) -> str:
        """The name of a picture as it stands in its cell."""
        return cell(source)

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        if not self._begun:
            self._begun = True
            if not self._owned or self._stream.tell() == 0:
                yield self.header
        width, height = prediction.size or (None, None)
        yield _row(
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
            )
        )
