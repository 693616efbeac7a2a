"""One JSON array, written as results come and closed at the end."""

from __future__ import annotations

from collections.abc import Iterable

from fakeface.reports._jsonl import encode
from fakeface.reports._report import TextReport
from fakeface.types import Prediction


class JsonReport(TextReport):
    """Writes one array with an object per picture."""

    _begun = False

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        before = ",\n" if self._begun else "[\n"
        self._begun = True
        return (before, encode(prediction))

    def _end(self) -> Iterable[str]:
        return ("\n]\n",) if self._begun else ("[]\n",)
