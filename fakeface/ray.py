"""The same scan on a Ray cluster, for more pictures than one machine gets through.

Folders are listed here: on disks that all nodes mount, or wherever `pyarrow.fs` or fsspec reach
(`s3://`, `gs://`, `hdfs://`, …). Detectors in actors, one per processor, read the files and judge
them, and the rows come out with the keys of `Prediction.as_dict`. Pixels and files never travel
between processes; paths and rows do. A file that cannot be read is a row with the reason.

On one machine `Detector.scan` does the same with less: it starts at once, shares one model between
its threads, and goes on where it was broken off.

    >>> from fakeface.ray import scan_dataset
    >>> rows = scan_dataset("s3://bucket/uploads/")  # doctest: +SKIP
    >>> rows.write_parquet("s3://bucket/verdicts/")  # doctest: +SKIP

Needs the extra `ray`: pip install 'fakeface[ray]', on every node.
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
from fakeface.images._sniff import claims_picture
from fakeface.reports._parquet import record_of, row, schema
from fakeface.types import Prediction

try:
    import pyarrow as pa
    import ray.data
except ImportError as error:
    raise ReportError("ray", "needs Ray: pip install 'fakeface[ray]'") from error

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_JUDGING = 0.9
"""Processors that an actor asks for: the rest is for writing results where actors are on all."""

_READERS = 4
"""Threads of an actor that read and decode what is not on a disk: most of the time they wait."""

_ROWS = 64
"""Files that an actor is given at once, at most; fewer where there are fewer for each."""


class _Judge:
    """A detector in an actor."""

    def __init__(self, filesystems: list[FileSystem], options: dict[str, Any]) -> None:
        self._filesystems = filesystems
        self._detector = Detector(threads=1, **options)

    def __call__(self, files: pa.Table) -> pa.Table:
        """Judge the files of a table of `_table`; those that are no pictures are left out."""
        found = [self._source(line) for line in files.to_pylist()]
        sources = [(name, source) for name, source in found if source is not None]
        waiting = any(isinstance(source, RemoteFile) for _, source in sources)
        predictions = self._detector.predict_batch(
            (source for _, source in sources), workers=_READERS if waiting else 1
        )
        records = [
            row(replace(prediction, source=name).as_dict())
            for (name, source), prediction in zip(sources, predictions, strict=True)
            if not (isinstance(source, RemoteFile) and source.passed_over)
        ]
        return pa.Table.from_pylist(records, schema=schema().remove_metadata())

    def _source(self, line: dict[str, Any]) -> tuple[str, Any]:
        """Name of a file, and what to judge: None for what is no picture."""
        name, path = os.fsdecode(line["name"]), os.fsdecode(line["path"])
        if line["error"] is not None:
            return name, ImageError(name, line["error"])
        if line["filesystem"] is not None:
            filesystem = self._filesystems[line["filesystem"]]
            return name, RemoteFile(Entry(name, path, filesystem, line["named"]))
        taken = line["named"] or claims_picture(path, os.path.basename(path))  # noqa: PTH119
        return name, path if taken else None


def _table(files: Iterable[Entry], filesystems: list[FileSystem]) -> pa.Table:
    """Entries as rows; names of files need not be UTF-8."""
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
    **options: Any,
) -> ray.data.Dataset:
    """Judge pictures on a Ray cluster.

    Starts Ray on this machine unless it has been connected to a cluster (`ray.init`). Folders are
    listed before it returns, which takes some 400 bytes of memory a file; nothing is read before
    rows are asked for.

    Args:
        paths: Files and folders, as paths that all nodes see or as URIs. Files in folders that
            neither their first bytes nor their names call a picture are left out.
        recursive: As for `Detector.scan`.
        glob: As for `Detector.scan`.
        exclude: As for `Detector.scan`.
        follow_symlinks: As for `Detector.scan`.
        workers: Actors that judge, at most; None for one per processor of the cluster.
        filesystem: Where the paths are, if they do not say it themselves: a file system of
            pyarrow or fsspec.
        **options: For `Detector`: `model`, `provider`, `threshold`, `fpr`, `whole`, `min_face`.

    Returns:
        A lazy dataset of one row per picture with the keys of `Prediction.as_dict`, as
        `Detector.scan` would give it. A picture that cannot be read, or has vanished, gives a row
        with `error`. `source` begins with the path or URI as it was given; bytes in it that are
        not UTF-8 are written as in Parquet reports.

    Raises:
        FakefaceError: The model or the provider is not there (on this machine; the nodes need
            them too), or nothing is known of a URI's scheme.
        FileNotFoundError: A path does not exist.
        OSError: A file system cannot be reached.
        ValueError: `workers` is below 1.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    model = options.get("model")
    if model is not None and Path(model).is_dir():
        options["model"] = str(Path(model).resolve())
    Detector(threads=1, **options)  # what is wrong with the options shows here, not in an actor
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
        _Judge,
        fn_constructor_args=(filesystems, options),
        batch_format="pyarrow",
        batch_size=None,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
        num_cpus=_JUDGING,
    )


def _start() -> None:
    """Start Ray on this machine; a caller who handles SIGTERM goes on doing so."""
    handler = signal.getsignal(signal.SIGTERM)
    ray.init(log_to_driver=False, logging_level=logging.ERROR)
    if threading.current_thread() is threading.main_thread() and callable(handler):
        signal.signal(signal.SIGTERM, handler)


def scan(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Any
) -> Generator[Prediction, None, None]:
    """Judge pictures on a Ray cluster, and bring the predictions back.

    Args:
        paths: As for `scan_dataset`.
        **options: As for `scan_dataset`.

    Returns:
        A generator of one prediction per picture, in the order of their paths. It raises
        `ReportError` where the job fails.

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
            yield Prediction.from_dict(record_of(record))
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ReportError("ray", lines[-1].strip() if lines else repr(error)) from error
