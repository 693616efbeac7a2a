"""JSON lines (jsonlines.org), one picture per line: for programs, and for resuming scans."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from fakeface.reports._report import TextReport
from fakeface.reports._row import Row
from fakeface.types import Prediction

_SOURCE = re.compile(r'^({"source": ")(?:[^"\\]|\\.?)*')


def encode(prediction: Prediction) -> str:
    r"""Encode one prediction as one line of JSON.

    Nothing is lost: a name that is not UTF-8 keeps its bytes as lone surrogates (PEP 383).
    Everything unprintable, such as escape sequences in a file's name, stands as `\uXXXX`, so the
    line is safe on a terminal.
    """
    text = json.dumps(prediction.as_dict(), ensure_ascii=False)
    if text.isprintable():
        return text
    # json.dumps leaves no unprintable character outside strings
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


class JsonlReport(TextReport):
    """Writes one JSON object per line."""

    resumable = True

    @classmethod
    def parse(cls, line: str) -> Row:
        """Read a line back."""
        return Row.of(json.loads(line))

    @classmethod
    def begins(cls, line: str) -> bool:
        """Whether it begins with the first two keys of a record, or ends among them."""
        found, expected = _SOURCE.sub(r"\1", line), '{"source": "", "verdict": '
        return found.startswith(expected) or expected.startswith(found)

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        return (encode(prediction), "\n")
