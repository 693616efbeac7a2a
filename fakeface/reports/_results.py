"""Read results of earlier scans: JSON lines, a JSON array or Parquet, from one file or several."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fakeface._errors import ReportError, reason_of
from fakeface.reports._jsonl import READABLE, not_a_record, read_lines
from fakeface.reports._record import NOT_A_RECORD, prediction_of, reason_for
from fakeface.types import Prediction


def read_results(path: str | os.PathLike[str]) -> Iterator[Prediction]:
    """Read the results of one scan, in the order of the file.

    The format is recognised by content. An incomplete last line, which a killed process leaves in
    JSON lines, is left out.

    Args:
        path: A file of the format `jsonl`, `json` or `parquet`.

    Yields:
        One prediction per record, without heat maps; several on one picture if a scan was resumed
        and then killed.

    Raises:
        ReportError: The file cannot be read, is of another format, or holds something else than
            records.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    if head.startswith(b"PAR1"):
        from fakeface.reports._parquet import rows_of

        yield from _predictions(path, "row", rows_of(path))
        return
    start = head.decode("utf-8-sig", "ignore").lstrip()
    if start.startswith("["):
        yield from _predictions(path, "record", _array(path))
        return
    if start.startswith("{") or not start:
        yield from (line.prediction for line in read_lines(path))
        return
    raise ReportError(str(path), f"is not a file of results; {READABLE}")


def key_of(source: str) -> bytes:
    """Return the key of a picture's name: `p/a.jpg`, `./p/a.jpg` and `/home/me/p/a.jpg` are one.

    It is hashed, so that the index of a large scan is small. The name may be any text.
    """
    path = os.path.normcase(os.path.abspath(source))  # noqa: PTH100 -- of any text
    return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class EarlierScans:
    """The results of several scans as one: of each picture the last record, by name.

    Iterating reads the files again, so that only names are in memory.

    Attributes:
        paths: The files.
        repeated: Number of pictures that more than one file has a result for.
        models: Names of the models, with the number of records.
        settings: Fingerprints of the detectors, with the number of records.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Read the files once.

        Args:
            paths: Files as for `read_results`; names of pictures are relative to this folder.

        Raises:
            ReportError: A file cannot be read, or holds something else than records.
        """
        self.paths = tuple(Path(path) for path in paths)
        self.models: Counter[str] = Counter()
        self.settings: Counter[str] = Counter()
        self._last: dict[bytes, tuple[int, int]] = {}
        repeated = set()
        for prediction, place in self._all():
            key = key_of(prediction.source)
            if self._last.get(key, place)[0] != place[0]:
                repeated.add(key)
            self._last[key] = place
            self.models[prediction.model] += 1
            self.settings[prediction.settings] += 1
        self.repeated = len(repeated)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the detector; empty if there were several."""
        return next(iter(self.settings)) if len(self.settings) == 1 else ""

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._last)

    def __iter__(self) -> Generator[Prediction, None, None]:
        """Yield one prediction per picture, in the order of the files."""
        for prediction, place in self._all():
            if self._last.get(key_of(prediction.source)) == place:
                yield prediction

    def _all(self) -> Iterator[tuple[Prediction, tuple[int, int]]]:
        for file, path in enumerate(self.paths):
            for at, prediction in enumerate(read_results(path)):
                yield prediction, (file, at)


class Before:
    """Results to compare others with, found by the bytes of a picture, or else by its name."""

    def __init__(self, predictions: Iterable[Prediction]) -> None:
        """Hold the results, one per picture; some hundred bytes each."""
        self._by_digest: dict[str, Prediction] = {}
        self._by_name: dict[bytes, Prediction] = {}
        for prediction in predictions:
            if prediction.digest is not None:
                self._by_digest.setdefault(prediction.digest, prediction)
            self._by_name[key_of(prediction.source)] = prediction
        self._unused = dict(self._by_name)

    def of(self, prediction: Prediction) -> Prediction | None:
        """Return the earlier result of the same picture; None if there is none.

        Copies have one result. Of a file whose bytes changed, it is the result under its name.
        """
        found = self._by_name.get(key_of(prediction.source))
        if found is None and prediction.digest is not None:
            found = self._by_digest.get(prediction.digest)
        if found is not None:
            self._unused.pop(key_of(found.source), None)
        return found

    def left(self) -> Iterable[Prediction]:
        """Return the results that `of` never returned."""
        return self._unused.values()


def _array(path: Path) -> list[Any]:
    try:
        records: list[Any] = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            str(path), f"is not complete JSON ({reason_for(error)}); {READABLE}"
        ) from error
    return records


def _predictions(path: Path, what: str, records: Iterable[Any]) -> Iterator[Prediction]:
    for number, record in enumerate(records, 1):
        try:
            prediction = prediction_of(record)
        except NOT_A_RECORD as error:
            raise not_a_record(path, f"{what} {number}", error) from error
        yield prediction
