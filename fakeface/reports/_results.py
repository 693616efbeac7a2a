"""Read results of earlier scans: JSON lines, a JSON array or Parquet, from one file or several."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fakeface._errors import ReportError, reason_of
from fakeface.reports._jsonl import JsonlReport
from fakeface.reports._lines import NOT_A_RECORD
from fakeface.reports._row import key_of
from fakeface.types import Prediction
from fakeface.types._prediction import found_with

_READABLE = "name the jsonl, json or parquet file of a scan"

_Numbered = Iterator[tuple[str, Any]]
"""Records, each with where it stands, such as `line 3`."""


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
    for where, record in _records(path, head):
        try:
            prediction = Prediction.from_dict(_checked(record))
            if prediction.provenance is not None:
                _ = prediction.provenance.ordered, prediction.provenance.label
        except (*NOT_A_RECORD, AttributeError) as error:
            raise ReportError(
                str(path), f"{where} is not a result of fakeface ({_reason(error)}); {_READABLE}"
            ) from error
        yield prediction


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
            paths: Files as for `read_results`.

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

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._last)

    def __iter__(self) -> Iterator[Prediction]:
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
        """Hold the results; some hundred bytes each.

        Args:
            predictions: One per picture.
        """
        self._by_digest: dict[str, Prediction] = {}
        self._by_name: dict[str, Prediction] = {}
        self._unused: dict[str, Prediction] = {}
        for prediction in predictions:
            if prediction.digest is not None:
                self._by_digest.setdefault(prediction.digest, prediction)
            self._by_name[prediction.source] = prediction
            self._unused[prediction.source] = prediction

    def of(self, prediction: Prediction) -> Prediction | None:
        """Return the earlier result of the same picture; None if there is none.

        Copies have one result. Of a file whose bytes changed, it is the result under its name.
        """
        found = self._by_name.get(prediction.source)
        if found is None and prediction.digest is not None:
            found = self._by_digest.get(prediction.digest)
        if found is not None:
            self._unused.pop(found.source, None)
        return found

    def left(self) -> Iterable[Prediction]:
        """Return the results that `of` never returned."""
        return self._unused.values()


def _records(path: Path, head: bytes) -> _Numbered:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PAR1"):
        return _of_parquet(path)
    if start.startswith(b"["):
        return _of_array(path)
    if start.startswith(b"{") or not head:
        return _of_lines(path)
    if start.startswith((b"source,", b'"source"')):
        raise ReportError(str(path), f"is csv, which does not say where faces are; {_READABLE}")
    if start[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise ReportError(str(path), f"is a page, not results; {_READABLE}")
    raise ReportError(str(path), f"is not a file of results; {_READABLE}")


def _of_lines(path: Path) -> _Numbered:
    number = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                if not text.strip():
                    continue
                try:
                    record = json.loads(text)
                except ValueError:
                    if raw.endswith(b"\n") or not JsonlReport.begins(text):
                        raise
                    return  # a killed process wrote no more
                yield f"line {number}", record
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            str(path), f"line {number} is not JSON ({_short(error)}); {_READABLE}"
        ) from error


def _of_array(path: Path) -> _Numbered:
    try:
        records = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            str(path), f"is not complete JSON ({_short(error)}); {_READABLE}"
        ) from error
    for number, record in enumerate(records, 1):
        yield f"record {number}", record


def _of_parquet(path: Path) -> _Numbered:
    from fakeface.reports._parquet import ParquetReport, records_of

    ParquetReport.require()
    for number, record in enumerate(records_of(path), 1):
        yield f"row {number}", record


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    return _short(error)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _checked(record: Any) -> dict[str, Any]:
    """Check the types of a record, which a page or a program may rely on.

    Raises:
        ValueError, KeyError, TypeError: It is not a record, or says what cannot be.
    """
    if not isinstance(record, dict):
        raise ValueError("it is no object")
    for key in ("source", "model", "settings"):
        if not isinstance(record[key], str):
            raise ValueError(f"{key!r} is no text")
    for key in ("error", "digest", "verdict"):
        if not isinstance(record[key], (str, type(None))):
            raise ValueError(f"{key!r} is no text")
    if (record["verdict"] is None) == (record["error"] is None):
        raise ValueError("it needs either a verdict or an error")
    if record["verdict"] is not None and record["size"] is None:
        raise ValueError("it has a verdict, and no size")
    if record["digest"] is not None:
        bytes.fromhex(record["digest"])
    _check_score(record["p_fake"])
    if record["size"] is not None and not (
        len(record["size"]) == 2 and all(_is_whole(side, 1) for side in record["size"])
    ):
        raise ValueError("'size' must be two whole numbers")
    for key in ("frames", "frame"):
        if record.get(key) is not None and not _is_whole(record[key], 0):
            raise ValueError(f"{key!r} is no whole number")
    for face in record["faces"]:
        _check_score(face["p_fake"])
        if not all(_is_number(value) for value in (found_with(face), *face["box"])):
            raise ValueError("a face has something else than numbers")
    said = record.get("provenance")
    if said is not None:
        texts = [*said["problems"], *(v for one in said["statements"] for v in one.values())]
        if not all(isinstance(text, (str, type(None))) for text in texts):
            raise ValueError("'provenance' has something else than texts")
        if not _is_whole(said["trailing"], 0):
            raise ValueError("'trailing' is no whole number")
    return record


def _check_score(p_fake: Any) -> None:
    if p_fake is not None and not (_is_number(p_fake) and 0 <= p_fake <= 1):
        raise ValueError("'p_fake' must be 0 to 1")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 1 << 40
