"""Apache Parquet, for very many pictures: one row per picture, faces as a nested column.

A Parquet file can only be read when it is complete. Write JSON lines where a scan may be killed,
and convert them: `fakeface report scan.jsonl -o scan.parquet`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fakeface._errors import ReportError, reason_of
from fakeface._version import __version__
from fakeface.reports._files import open_locked
from fakeface.reports._record import record_of
from fakeface.reports._report import Report
from fakeface.types import Prediction

if TYPE_CHECKING:
    import pyarrow

_CHUNK = 4096
"""Rows in memory at once."""


def schema() -> pyarrow.Schema:
    """Return the schema, with the columns of `Prediction.as_dict`."""
    import pyarrow as pa

    face = {
        "box": pa.list_(pa.float64()),
        "detection_score": pa.float64(),
        "p_fake": pa.float64(),
        "verdict": pa.string(),
    }
    texts = ("kind", "claim", "trust", "tool", "signer", "detail", "about")
    provenance = {
        "declared": pa.string(),
        "statements": pa.list_(pa.struct({name: pa.string() for name in texts})),
        "problems": pa.list_(pa.string()),
        "trailing": pa.int64(),
    }
    return pa.schema(
        {
            "source": pa.string(),
            "verdict": pa.string(),
            "p_fake": pa.float64(),
            "faces": pa.list_(pa.struct(face)),
            "size": pa.list_(pa.int64()),
            "model": pa.string(),
            "settings": pa.string(),
            "digest": pa.string(),
            "error": pa.string(),
            "says": pa.string(),
            "provenance": pa.struct(provenance),
            "frames": pa.int64(),
            "frame": pa.int64(),
        }
    ).with_metadata({"fakeface": __version__})


class ParquetReport(Report):
    """Writes one Parquet file, some thousand rows at once."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Write to an open file, and close it at the end."""
        import pyarrow.parquet as pq

        self._file = file
        self._name = name
        self._records: list[dict[str, Any]] = []
        self._writer = pq.ParquetWriter(file, schema(), compression="zstd")
        self._closed = False

    @classmethod
    def require(cls) -> None:
        """Raise ReportError if pyarrow is missing."""
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise ReportError("parquet", "needs pyarrow: pip install pyarrow") from error

    @classmethod
    def open(cls, path: Path | None, *, append: bool = False) -> ParquetReport:  # noqa: ARG003
        """Open a report in a file: Parquet cannot be streamed."""
        if path is None:
            raise ReportError("parquet", "needs a file to write to: -o FILE")
        if path.exists() and not path.is_file():
            raise ReportError(str(path), "is a pipe or a device, which cannot hold Parquet")
        return cls(open_locked(path, "wb"), str(path))

    def write(self, prediction: Prediction) -> None:
        """Write one prediction, together with others."""
        self._records.append(record_of(prediction))
        if len(self._records) == _CHUNK:
            self._flush()

    def close(self) -> None:
        """Write the rest, and what makes the file complete."""
        if self._closed:
            return
        self._closed = True
        with self._file:
            self._flush()
            try:
                self._writer.close()
            except OSError as error:
                raise ReportError(self._name, reason_of(error)) from error

    def _flush(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_pylist(self._records, schema=schema())
        self._records.clear()
        try:
            self._writer.write_table(table)
        except OSError as error:
            raise ReportError(self._name, reason_of(error)) from error


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file.

    Raises:
        ReportError: It is not one.
    """
    ParquetReport.require()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_CHUNK):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise ReportError(str(path), "is not a Parquet file") from error
