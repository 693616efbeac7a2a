"""Scan pictures on a Ray cluster, for more of them than one machine can process.

Folders are listed by the caller: on disks that all nodes mount, or wherever `pyarrow.fs` reaches
(`s3://`, `gs://`, `abfs://`, `hdfs://`). Detectors in actors, one per processor, read and classify
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
import pickle
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._detector import Detector
from fakeface._errors import ImageError, ReportError
from fakeface.files._remote import filesystem_of, listed, read_picture
from fakeface.files._walk import existing, walk
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
        """Classify the files of a table; skip those that are not pictures."""
        rows = [pickle.loads(file) for file in files["file"].to_pylist()]
        remote = any(at is not None for _, _, at, _ in rows)
        with ThreadPoolExecutor(_READERS if remote else 1) as threads:
            records = threads.map(lambda row: self._record(*row), rows)
            found = [record for record in records if record is not None]
        return pa.Table.from_pylist(found, schema=schema().remove_metadata())

    def _record(
        self, source: str | ImageError, name: str, at: int | None, named: bool
    ) -> dict[str, Any] | None:
        if at is None:
            return record_of(replace(self._detector.judge(source), source=name))
        assert isinstance(source, str)
        picture = read_picture(self._filesystems[at], source, name, named=named)
        return None if picture is None else record_of(self._detector.judge(picture))


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
        filesystem: File system of pyarrow that the paths are on, unless they are URIs. One of
            fsspec is `PyFileSystem(FSSpecHandler(...))` of `pyarrow.fs`.
        **settings: Arguments of the detectors: `model`, `fpr`, …. Each has one thread for its model
            and makes no heat maps, whatever `threads` and `explain` are.

    Returns:
        A lazy dataset of one row per picture with the keys of `Prediction.as_dict`, as
        `Detector.scan` would give it. A picture that cannot be read, or has disappeared, gives a
        row with `error`. `source` begins with the path or URI as given; bytes in it that are not
        UTF-8 are escaped as in reports.

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
    files, filesystems = _listed(
        [os.fsdecode(name) for name in named],
        filesystem,
        follow_symlinks,
        {"recursive": recursive, "glob": glob, "exclude": exclude},
    )
    if not ray.is_initialized():
        _start()
    resources: dict[str, float] = ray.cluster_resources()
    most = workers or max(1, int(resources.get("CPU", 1)))
    rows = max(1, min(_ROWS, len(files) // (4 * most)))
    blocks = [files.slice(at, rows) for at in range(0, max(1, len(files)), rows)]
    return ray.data.from_arrow(blocks).map_batches(
        _Classifier,
        fn_constructor_args=(filesystems, settings),
        batch_format="pyarrow",
        batch_size=None,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
        num_cpus=_PROCESSORS,
    )


def _listed(
    names: list[str],
    filesystem: FileSystem | None,
    follow_symlinks: bool,
    options: dict[str, Any],
) -> tuple[pa.Table, list[FileSystem]]:
    """List the files to judge, those of this machine first, and the file systems of the others.

    Each is pickled, since its name need not be UTF-8: its path, or the error in its place, what to
    call it, the number of its file system (None on this machine), and whether it was named itself.
    """
    local: list[str] = []
    filesystems: list[FileSystem] = []
    remote: list[tuple[str, str, int, bool]] = []
    for name in names:
        where, path = (filesystem, name) if filesystem is not None else filesystem_of(name)
        if where is None:
            local.append(path)
            continue
        shown = name.partition("?")[0].rstrip("/")
        for below in listed(where, path, **options):
            rest = f"/{below}" if below else ""
            remote.append((path.rstrip("/") + rest, shown + rest, len(filesystems), not below))
        filesystems.append(where)
    files: list[tuple[str | ImageError, str, int | None, bool]] = []
    local = existing(local)
    for found in walk(local, follow_symlinks=follow_symlinks, **options):
        if isinstance(found, ImageError):
            files.append((found, found.source, None, False))
        else:  # no `Path.resolve`: it follows links
            files.append((os.path.abspath(found), found, None, False))  # noqa: PTH100
    pickled = [pickle.dumps(file) for file in (*files, *remote)]
    return pa.table({"file": pa.array(pickled, pa.binary())}), filesystems


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
