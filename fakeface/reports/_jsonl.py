"""JSON lines (jsonlines.org), one picture per line: for programs, and for resuming scans."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fakeface._errors import ReportError, reason_of
from fakeface.reports._record import NOT_A_RECORD, prediction_of, reason_for, record_of
from fakeface.reports._report import TextReport
from fakeface.types import Prediction

READABLE = "name the jsonl, json or parquet file of a scan"

_SOURCE = re.compile(r'^({"source": ")(?:[^"\\]|\\.?)*')


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


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        end: Offset of its end in the file in UTF-8, in bytes.
        raw: The line in UTF-8, with its end.
        prediction: What it holds.
    """

    end: int
    raw: bytes
    prediction: Prediction


def read_lines(path: Path) -> Iterator[Line]:
    """Read the lines of a file, in UTF-8 or in what PowerShell makes of it (`encoding_of`).

    Blank lines are left out, and so is an incomplete one at the end, which a killed process leaves.

    Raises:
        ReportError: The file cannot be read, or a line is not a record.
    """
    end = number = 0
    try:
        for raw in _raw_lines(path):
            number += 1
            try:
                text = raw.decode().removeprefix("\ufeff")  # several files in one
                if text.strip():
                    prediction = prediction_of(json.loads(text))
            except json.JSONDecodeError:
                if raw.endswith(b"\n") or not _begins(text):
                    raise
                return
            except UnicodeDecodeError as error:
                if raw.endswith(b"\n") or not _begins(raw.decode(errors="replace")):
                    raise ValueError(
                        "it is not UTF-8; in PowerShell, -Encoding utf8 writes that"
                    ) from error
                return
            end += len(raw)
            if text.strip():
                yield Line(end, raw, prediction)
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    except NOT_A_RECORD as error:
        raise ReportError(
            str(path),
            f"line {number} is not a result of fakeface ({reason_for(error)}); {READABLE}",
        ) from error


def encoding_of(head: bytes) -> str:
    """Return the encoding of a file of JSON by its first bytes: UTF-8, or UTF-16 as PowerShell has.

    Without a byte order mark, it shows in the zeros among characters of ASCII.
    """
    return json.detect_encoding(head[:4])


def _raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file in UTF-8, without a byte order mark."""
    with path.open("rb") as file:
        encoding = encoding_of(file.read(4))
        file.seek(0)
        if not encoding.startswith("utf-8"):
            with io.TextIOWrapper(file, encoding, "replace", newline="\n") as text:
                # a killed process may leave half of a character at the end
                yield from (line.removesuffix("\ufffd").encode() for line in text)
            return
        if encoding == "utf-8-sig":
            file.seek(3)
        yield from file


def _begins(text: str) -> bool:
    """Return whether a text has the first two keys of a record, or ends among them."""
    found, expected = _SOURCE.sub(r"\1", text), '{"source": "", "verdict": '
    return found.startswith(expected) or expected.startswith(found)
