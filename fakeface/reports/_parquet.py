"""Apache Parquet, for very many pictures: one row per picture, faces as a nested column.

A Parquet file can only be read when it is complete. So records first go to a journal beside it, as
`jsonl` under the name of the file with `.partial` added, which is turned into Parquet at the end;
after a killed process a scan goes on from the journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._errors import ReportError, reason_of
from fakeface._version import __version__
from fakeface.files import replacing
from fakeface.reports._escape import escape, unescape
from fakeface.reports._files import held
from fakeface.reports._jsonl import JsonlReport
from fakeface.reports._lines import NOT_A_RECORD, latest, not_a_record, read_lines
from fakeface.reports._report import Report
from fakeface.reports._row import Row
from fakeface.types import Prediction
from fakeface.types._prediction import found_with

if TYPE_CHECKING:
    import pyarrow

_CHUNK = 4096
"""Rows in memory at once."""

_ADDED = ["says", "provenance", "frames", "frame"]
"""Columns that version 0.1 did not write."""


def schema(found_with: str = "detection_score") -> pyarrow.Schema:
    """Return the schema, with the columns of `Prediction.as_dict`.

    Args:
        found_with: What a face's record calls the finder's confidence.
    """
    import pyarrow as pa

    face = pa.struct(
        {
            "box": pa.list_(pa.float64()),
            found_with: pa.float64(),
            "p_fake": pa.float64(),
            "verdict": pa.string(),
        }
    )
    statement = pa.struct(
        {
            "kind": pa.string(),
            "claim": pa.string(),
            "trust": pa.string(),
            "tool": pa.string(),
            "signer": pa.string(),
            "detail": pa.string(),
            "about": pa.string(),
        }
    )
    provenance = pa.struct(
        {
            "declared": pa.string(),
            "statements": pa.list_(statement),
            "problems": pa.list_(pa.string()),
            "trailing": pa.int64(),
        }
    )
    return pa.schema(
        {
            "source": pa.string(),
            "verdict": pa.string(),
            "p_fake": pa.float64(),
            "faces": pa.list_(face),
            "size": pa.list_(pa.int64()),
            "model": pa.string(),
            "settings": pa.string(),
            "digest": pa.string(),
            "error": pa.string(),
            "says": pa.string(),
            "provenance": provenance,
            "frames": pa.int64(),
            "frame": pa.int64(),
        }
    ).with_metadata({"fakeface": __version__})


def row(record: dict[str, Any]) -> dict[str, Any]:
    """Convert a record of `Prediction.as_dict` for Parquet: escape text that is not UTF-8."""
    return _texts(record, lambda text: escape(text, _is_utf8))


def record_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return the record that `row` was given."""
    return _texts(row, unescape)


class ParquetReport(Report):
    """Writes one Parquet file, via a journal."""

    resumable = True

    def __init__(self, path: Path, journal: Report, *, resumed: bool) -> None:
        """Write to a file.

        Args:
            path: The Parquet file.
            journal: The report that records go to first.
            resumed: Whether it may contain superseded records.
        """
        self._path = path
        self._journal = journal
        self._resumed = resumed
        self._closed = False

    @classmethod
    def require(cls) -> None:
        """Raise ReportError if pyarrow is missing."""
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise ReportError(
                "parquet", "needs pyarrow: pip install 'fakeface[parquet]'"
            ) from error

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Return whether there are results in a file or its journal."""
        return super().exists(path) or super().exists(_partial(path))

    @classmethod
    def journal(cls, path: Path) -> Path:
        """Return the journal; make it from the Parquet file if that is complete."""
        journal = _partial(path)
        if not path.exists():
            return journal
        with held(path):
            if not journal.exists():
                _make_journal(path, journal)
        return journal

    @classmethod
    def parse(cls, line: str) -> Row:
        """Read a line of the journal."""
        return JsonlReport.parse(line)

    @classmethod
    def begins(cls, line: str) -> bool:
        """Return whether an incomplete line of the journal could be the start of a record."""
        return JsonlReport.begins(line)

    @classmethod
    def on_stdout(cls) -> ParquetReport:
        """Raise ReportError: a Parquet file cannot be streamed."""
        raise ReportError("parquet", "needs a file to write to: -o FILE")

    @classmethod
    def to_file(cls, path: Path, *, append: bool = False) -> ParquetReport:
        """Open a report in a file, or append to one."""
        if path.exists() and not path.is_file():
            raise ReportError(str(path), "is a pipe or a device, which cannot hold Parquet")
        journal = cls.journal(path) if append else _partial(path)
        return cls(path, JsonlReport.to_file(journal, append=append), resumed=append)

    def write(self, prediction: Prediction) -> None:
        """Write one prediction to the journal."""
        self._journal.write(prediction)

    def close(self) -> None:
        """Convert the journal to the Parquet file."""
        if self._closed:
            return
        self._closed = True
        self._journal.close()
        journal = _partial(self._path)
        like = self._path if self._path.exists() else journal
        try:
            with held(journal):
                with replacing(self._path, permissions_of=like, durable=True, alone=True) as new:
                    _convert(self._lines(journal), new)
                journal.unlink()
        except OSError as error:
            raise ReportError(str(self._path), reason_of(error)) from error

    def _lines(self, journal: Path) -> Iterator[str]:
        if self._resumed:
            return latest(journal, ParquetReport)
        return (line for _, line, _ in read_lines(journal, ParquetReport))


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


def _texts(values: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    return {key: change(v) if isinstance(v, str) else v for key, v in values.items()}


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _make_journal(path: Path, journal: Path) -> None:
    try:
        with (
            replacing(journal, permissions_of=path, durable=True, alone=True) as new,
            new.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.writelines(json.dumps(record) + "\n" for record in records_of(path))
    except OSError as error:
        raise ReportError(str(path), reason_of(error)) from error


def records_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a Parquet file.

    Raises:
        ReportError: It is not one, or has other columns, which would be lost.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            columns = schema("score" if _calls_it_score(file.schema_arrow) else "detection_score")
            names = file.schema_arrow.names
            added = [] if {*_ADDED} & {*names} else _ADDED
            if sorted([*names, *added]) != sorted(columns.names):
                others = ", ".join(sorted({*names, *added} ^ {*columns.names}))
                raise ReportError(
                    str(path),
                    "has other columns than this version of fakeface writes"
                    f" ({others}); name another file",
                )
            for batch in file.iter_batches(_CHUNK):
                table = pa.Table.from_batches([batch])
                for name in added:
                    nothing = pa.nulls(len(table), columns.field(name).type)
                    table = table.append_column(name, nothing)
                table = table.select(columns.names).cast(columns)
                for values in table.to_pylist():
                    number += 1
                    record = record_of(values)
                    for face in record["faces"] or ():
                        face["detection_score"] = found_with(face)
                        face.pop("score", None)
                    Row.of(record)
                    yield record
    except pa.ArrowException as error:
        raise ReportError(str(path), "is not a Parquet file of fakeface") from error
    except NOT_A_RECORD as error:
        raise not_a_record(path, f"row {number}") from error


def _calls_it_score(columns: pyarrow.Schema) -> bool:
    """Whether faces have the names of earlier versions."""
    import pyarrow as pa

    faces = columns.field("faces").type if "faces" in columns.names else pa.null()
    face = faces.value_type if pa.types.is_list(faces) else faces
    return pa.types.is_struct(face) and any(child.name == "score" for child in face)


def _convert(lines: Iterator[str], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema()
    records = (row(json.loads(line)) for line in lines)
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        while chunk := list(islice(records, _CHUNK)):
            writer.write_table(pa.Table.from_pylist(chunk, schema=columns))
