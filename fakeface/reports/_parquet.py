"""Apache Parquet, for tables of very many pictures: a row a picture, faces as a nested column.

A Parquet file can be read only when it is whole. So records go to a journal beside it first, as
`jsonl` under the name of the file with `.partial` added, which is turned into Parquet at the end;
after a killed process a scan goes on from the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._errors import ReportError
from fakeface._version import __version__
from fakeface.reports._jsonl import JsonlReport, decode
from fakeface.reports._lines import Row, latest
from fakeface.reports._report import Report, reason_of
from fakeface.types import Prediction

if TYPE_CHECKING:
    import pyarrow

_CHUNK = 4096
"""Rows held in memory at once."""


def schema() -> pyarrow.Schema:
    """The columns: those of `Prediction.as_dict`."""
    import pyarrow as pa

    face = pa.struct(
        {
            "box": pa.list_(pa.float64()),
            "score": pa.float64(),
            "p_fake": pa.float64(),
            "verdict": pa.string(),
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
        }
    ).with_metadata({"fakeface": __version__})


def utf8(text: str) -> str:
    r"""Text as Parquet can hold it: bytes that are not UTF-8 are written as `\udcXX`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def row(record: dict[str, Any]) -> dict[str, Any]:
    """A record of `Prediction.as_dict` with text that Parquet can hold."""
    return {key: utf8(value) if isinstance(value, str) else value for key, value in record.items()}


class ParquetReport(Report):
    """Writes one Parquet file, by way of a journal."""

    resumable = True

    def __init__(self, path: Path, journal: Report) -> None:
        """Write to a file.

        Args:
            path: The Parquet file.
            journal: Where records go first.
        """
        self._path = path
        self._journal = journal
        self._closed = False

    @classmethod
    def require(cls) -> None:
        """Look for pyarrow."""
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise ReportError(
                "parquet", "needs pyarrow: pip install 'fakeface[parquet]'"
            ) from error

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there are results in a file, or in its journal."""
        return super().exists(path) or super().exists(_partial(path))

    @classmethod
    def journal(cls, path: Path) -> Path:
        """The journal; made from the Parquet file where that is whole."""
        journal = _partial(path)
        if path.exists() and not journal.exists():
            new = journal.with_name(journal.name + ".new")
            with new.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(record) + "\n" for record in _rows(path))
            new.replace(journal)
        return journal

    @classmethod
    def parse(cls, line: str) -> Row:
        """Read a line of the journal."""
        found = decode(line)
        return Row(utf8(found.source), found.verdict, found.digest, found.settings)

    @classmethod
    def name_in_file(cls, source: str) -> str:
        """The name of a picture as it stands in the file."""
        return utf8(source)

    @classmethod
    def on_stdout(cls) -> ParquetReport:
        """Refuse: a Parquet file cannot be streamed."""
        raise ReportError("parquet", "needs a file to write to: -o FILE")

    @classmethod
    def to_file(cls, path: Path, *, append: bool = False) -> ParquetReport:
        """Begin a report in a file, or go on with one."""
        journal = cls.journal(path) if append else _partial(path)
        return cls(path, JsonlReport.to_file(journal, append=append))

    def write(self, prediction: Prediction) -> None:
        """Write one prediction to the journal."""
        self._journal.write(prediction)

    def close(self) -> None:
        """Turn the journal into the Parquet file."""
        if self._closed:
            return
        self._closed = True
        self._journal.close()
        journal = _partial(self._path)
        new = self._path.with_name(self._path.name + ".new")
        try:
            _convert(journal, new)
            new.replace(self._path)
            journal.unlink()
        except OSError as error:
            raise ReportError(str(self._path), reason_of(error)) from error


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_CHUNK):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise ReportError(str(path), "is not a Parquet file") from error


def _convert(journal: Path, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema()
    records = (row(json.loads(line)) for line in latest(journal, ParquetReport.parse))
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        while chunk := list(islice(records, _CHUNK)):
            writer.write_table(pa.Table.from_pylist(chunk, schema=columns))
