"""JSON lines (jsonlines.org), one picture per line: for programs, and for resuming scans."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fakeface._errors import ReportError, reason_of
from fakeface.reports._record import NOT_A_RECORD, prediction_of, reason_for, record_of
from fakeface.reports._report import TextReport
from fakeface.types import Prediction

READABLE = "name the jsonl, json or parquet file of a scan"

_SOURCE = re.compile(rb'^({"source": ")(?:[^"\\]|\\.?)*')


def encode(prediction: Prediction) -> str:
    r"""Encode one prediction as one line of JSON.

    Every reader of JSON takes it: bytes of a name that are not UTF-8 are escaped (`record_of`).
    Everything unprintable, such as escape sequences in a file's name, stands as `\uXXXX`, so the
    line is safe on a terminal.
    """
    text = json.dumps(record_of(prediction), ensure_ascii=False)
    if text.isprintable():
        return text
    # json.dumps leaves no unprintable character outside strings
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


class JsonlReport(TextReport):
    """Writes one JSON object per line."""

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        return (encode(prediction), "\n")


class JsonReport(TextReport):
    """Writes one JSON array with an object per picture, and closes it at the end."""

    def _begin(self, model: str) -> Iterable[str]:  # noqa: ARG002
        return ("[",)

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        return (",\n" if self._count > 1 else "\n", encode(prediction))

    def _end(self) -> Iterable[str]:
        return ("\n]\n" if self._count else "]\n",)


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        end: Offset of its end in the file, in bytes.
        raw: The line, with its end.
        prediction: What it holds.
    """

    end: int
    raw: bytes
    prediction: Prediction


def not_a_record(path: Path, what: str, error: Exception) -> ReportError:
    """Return the error for a line or row that is no record."""
    reason = f"{what} is not a result of fakeface ({reason_for(error)}); {READABLE}"
    return ReportError(str(path), reason)


def read_lines(path: Path) -> Iterator[Line]:
    """Read the lines of a file.

    Blank lines are left out, and so is an incomplete one at the end, which a killed process leaves.

    Raises:
        ReportError: The file cannot be read, or a line is not a record.
    """
    end = number = 0
    try:
        with path.open("rb") as file:
            for raw in file:
                number += 1
                end += len(raw)
                line = raw.removeprefix(BOM_UTF8)
                if not line.strip():
                    continue
                try:
                    prediction = prediction_of(json.loads(line.decode()))
                except (json.JSONDecodeError, UnicodeDecodeError) as error:
                    if line.endswith(b"\n") or not _begins(line):
                        if isinstance(error, UnicodeDecodeError):
                            raise ValueError("it is not UTF-8, which -o FILE writes") from error
                        raise
                    return
                yield Line(end, raw, prediction)
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    except NOT_A_RECORD as error:
        raise not_a_record(path, f"line {number}", error) from error


def _begins(line: bytes) -> bool:
    """Return whether a line has the first two keys of a record, or ends among them."""
    found, expected = _SOURCE.sub(rb"\1", line), b'{"source": "", "verdict": '
    return found.startswith(expected) or expected.startswith(found)
