"""Scan pictures on a Ray cluster, for more of them than one machine can process.

Folders are listed by the caller: on disks that all nodes mount, or wherever `pyarrow.fs` or fsspec
reach (`s3://`, `gs://`, `hdfs://`, …). Detectors in actors, one per processor, read and classify
the files, and return rows with the keys of `Prediction.as_dict`. Only paths and rows travel between
processes, never files or pixels. A file that cannot be read gives a row with the reason.

On one machine, prefer `Detector.scan`: it starts at once, shares one model between its threads, and
can resume.

    >>> from fakeface.ray import scan_dataset
    >>> rows = scan_dataset("s3://bucket/uploads/")  # doctest: +SKIP
    >>> rows.write_parquet("s3://bucket/verdicts/")  # doctest: +SKIP

Needs the extra `ray`, on every node.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._detector import Detector
from fakeface._errors import ImageError, ReportError
from fakeface.files._remote import Entry, RemoteFile, entries, place
from fakeface.files._sniff import claims_picture
from fakeface.reports._parquet import schema
from fakeface.reports._record import prediction_of, record_of
from fakeface.types import Prediction

try:
    import pyarrow as pa
    import ray.data
except ImportError as error:
    raise ReportError("ray", "needs Ray: pip install 'ray[data]' pyarrow") from error

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_PROCESSORS = 0.9
"""Processors that an actor reserves; the rest is left for writing results."""

_READERS = 4
"""Threads of an actor that read remote files; most of the time they wait."""

_ROWS = 64
"""Most files that an actor is given at once."""


class _Classifier:
    """A detector in an actor."""

    def __init__(self, filesystems: list[FileSystem], settings: dict[str, Any]) -> None:
        self._filesystems = filesystems
        self._detector = Detector(**settings)

    def __call__(self, files: pa.Table) -> pa.Table:
        """Classify the files of a table made by `_table`; skip those that are not pictures."""
        named = [self._source(line) for line in files.to_pylist()]
        sources = [(name, source) for name, source in named if source is not None]
        waiting = any(isinstance(source, RemoteFile) for _, source in sources)
        predictions = self._detector.predict_batch(
            (source for _, source in sources), workers=_READERS if waiting else 1
        )
        records = [
            record_of(replace(prediction, source=name))
            for (name, source), prediction in zip(sources, predictions, strict=True)
            if not (isinstance(source, RemoteFile) and source.passed_over)
        ]
        return pa.Table.from_pylist(records, schema=schema().remove_metadata())

    def _source(self, line: dict[str, Any]) -> tuple[str, Any]:
        """Return the name of a file and what to read; None if it is not a picture."""
        name, path = os.fsdecode(line["name"]), os.fsdecode(line["path"])
        if line["error"] is not None:
            return name, ImageError(name, line["error"])
        if line["filesystem"] is not None:
            filesystem = self._filesystems[line["filesystem"]]
            return name, RemoteFile(Entry(name, path, filesystem, line["named"]))
        taken = line["named"] or claims_picture(path, os.path.basename(path))  # noqa: PTH119
        return name, path if taken else None


def _table(files: Iterable[Entry], filesystems: list[FileSystem]) -> pa.Table:
    """Return entries as rows; file names need not be UTF-8."""
    kinds = {
        "name": pa.binary(),
        "path": pa.binary(),
        "filesystem": pa.int64(),
        "named": pa.bool_(),
        "error": pa.string(),
    }
    lines = [
        {
            "name": os.fsencode(entry.name),
            "path": os.fsencode(entry.path),
            "filesystem": entry.filesystem and filesystems.index(entry.filesystem),
            "named": entry.named,
            "error": entry.error,
        }
        for entry in files
    ]
    return pa.Table.from_pylist(lines, schema=pa.schema(kinds))


def scan_dataset(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    recursive: bool = True,
    glob: Sequence[str] = (),
    exclude: Sequence[str] = (),
    follow_symlinks: bool = False,
    workers: int | None = None,
    filesystem: FileSystem | None = None,
    **settings: Any,
) -> ray.data.Dataset:
    """Classify pictures on a Ray cluster.

    Starts Ray on this machine unless it is connected to a cluster already (`ray.init`). Folders are
    listed before this returns, which takes some 400 bytes of memory a file; nothing is read until
    rows are requested.

    Args:
        paths: Files and folders, as paths that all nodes see or as URIs. In folders, files that
            are not pictures by their first bytes or their names are skipped.
        recursive: As for `Detector.scan`.
        glob: As for `Detector.scan`.
        exclude: As for `Detector.scan`.
        follow_symlinks: As for `Detector.scan`.
        workers: Most actors at once; None for one per processor of the cluster.
        filesystem: File system of pyarrow or fsspec that the paths are on, unless they are URIs.
        **settings: Arguments of the detectors: `model`, `fpr`, …. Each has one thread for its model
            and makes no heat maps, whatever `threads` and `explain` are.

    Returns:
        A lazy dataset of one row per picture with the keys of `Prediction.as_dict`, as
        `Detector.scan` would give it. A picture that cannot be read, or has disappeared, gives a
        row with `error`. `source` begins with the path or URI as given; bytes in it that are not
        UTF-8 are escaped as in Parquet reports.

    Raises:
        FakefaceError: The model or the provider is not available (on this machine; the nodes need
            them too), or a URI's scheme is unknown.
        FileNotFoundError: A path does not exist.
        OSError: A file system cannot be reached.
        TypeError: There is no such argument.
        ValueError: `workers` is below 1.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    settings = {**settings, "threads": 1, "explain": False}
    for name in ("model", "trust_list"):
        if settings.get(name) is not None and Path(settings[name]).exists():
            settings[name] = str(Path(settings[name]).resolve())
    Detector(**settings)  # errors in the settings show here, not in an actor
    named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    places = [place(name, filesystem) for name in named]
    found = list(
        entries(
            places,
            recursive=recursive,
            glob=glob,
            exclude=exclude,
            follow_symlinks=follow_symlinks,
        )
    )
    if not ray.is_initialized():
        _start()
    resources: dict[str, float] = ray.cluster_resources()
    most = workers or max(1, int(resources.get("CPU", 1)))
    rows = max(1, min(_ROWS, len(found) // (4 * most)))
    filesystems = [where.filesystem for where in places if where.filesystem is not None]
    tables = [
        _table(found[at : at + rows], filesystems) for at in range(0, max(1, len(found)), rows)
    ]
    return ray.data.from_arrow(tables).map_batches(
        _Classifier,
        fn_constructor_args=(filesystems, settings),
        batch_format="pyarrow",
        batch_size=None,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
        num_cpus=_PROCESSORS,
    )


def _start() -> None:
    """Start Ray on this machine, and keep the caller's handler of SIGTERM."""
    handler = signal.getsignal(signal.SIGTERM)
    ray.init(log_to_driver=False, logging_level=logging.ERROR)
    if threading.current_thread() is threading.main_thread() and callable(handler):
        signal.signal(signal.SIGTERM, handler)


def scan(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Any
) -> Generator[Prediction, None, None]:
    """Classify pictures on a Ray cluster and return the predictions to the caller.

    Args:
        paths: As for `scan_dataset`.
        **options: As for `scan_dataset`.

    Returns:
        A generator of one prediction per picture, in the order of their paths. It raises
        `ReportError` if the job fails.

    Raises:
        Exception: As `scan_dataset`.
    """
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    return _predictions(scan_dataset(paths, **options))


def _predictions(rows: ray.data.Dataset) -> Generator[Prediction, None, None]:
    try:
        for record in rows.iter_rows():
            yield prediction_of(record)
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ReportError("ray", lines[-1].strip() if lines else repr(error)) from error
