"""The same scan on a Ray cluster, for more pictures than one machine gets through.

Ray reads the files (folders, or whatever `pyarrow.fs` reaches: `s3://`, `gs://`, `hdfs://`, …),
detectors in actors judge them, one per processor, and the rows come out with the keys of
`Prediction.as_dict`. On one machine `Detector.scan` is faster: it decodes JPEG files reduced
without copying them between processes, and starts in a second.

    >>> from fakeface.ray import scan_dataset
    >>> rows = scan_dataset("s3://bucket/uploads/")  # doctest: +SKIP
    >>> rows.write_parquet("s3://bucket/verdicts/")  # doctest: +SKIP

Needs the extra `ray`: pip install 'fakeface[ray]', on every node.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._detector import Detector
from fakeface._errors import ReportError
from fakeface._sniff import HEAD, is_picture, named_picture
from fakeface.reports._parquet import row, schema
from fakeface.types import Prediction

try:
    import pyarrow as pa
    import ray.data
except ImportError as error:
    raise ReportError("ray", "needs Ray: pip install 'fakeface[ray]'") from error

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_JUDGING = 0.9
_READING = 1 - _JUDGING
"""What of a processor goes to reading files, so that actors on all of them leave room for it."""

_ROWS = 64
"""Pictures that an actor takes at once."""


class _Judge:
    """A detector in an actor."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._detector = Detector(threads=1, **options)

    def __call__(self, files: pa.Table) -> pa.Table:
        pairs = [
            (path, data)
            for path, data in zip(
                files["path"].to_pylist(), files["bytes"].to_pylist(), strict=True
            )
            if named_picture(path) or is_picture(data[:HEAD])
        ]
        predictions = self._detector.predict_batch((data for _, data in pairs), workers=1)
        records = [
            row(replace(prediction, source=path).as_dict())
            for (path, _), prediction in zip(pairs, predictions, strict=True)
        ]
        return pa.Table.from_pylist(records, schema=schema().remove_metadata())


def scan_dataset(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    workers: int | None = None,
    filesystem: FileSystem | None = None,
    **options: Any,
) -> ray.data.Dataset:
    """Judge pictures on a Ray cluster.

    Starts Ray on this machine unless it has been connected to a cluster (`ray.init`).

    Args:
        paths: Files and folders, which are read at any depth, as paths that all nodes see or as
            URIs. Files that neither their first bytes nor their names call a picture are left out.
        workers: Actors that judge, at most; None for one per processor of the cluster.
        filesystem: Where the paths are, if they do not say it themselves.
        **options: For `Detector`: `model`, `provider`, `threshold`, `fpr`, `whole`, `min_face`.

    Returns:
        A lazy dataset of one row per picture with the keys of `Prediction.as_dict`. `source` is
        the path as Ray gives it: absolute, and without the scheme of a URI. A picture that is
        broken gives a row with `error`; a file that Ray cannot read at all fails the job.

    Raises:
        FakefaceError: The model or the provider is not there (on this machine; the nodes need
            them too).
        FileNotFoundError: A path does not exist.
        ValueError: `workers` is below 1.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    model = options.get("model")
    if model is not None and Path(model).is_dir():
        options["model"] = str(Path(model).resolve())
    Detector(threads=1, **options)  # what is wrong with the options shows here, not in an actor
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    resources: dict[str, float] = ray.cluster_resources()
    most = workers or max(1, int(resources.get("CPU", 1)))
    names = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    files = ray.data.read_binary_files(
        [os.fspath(name) for name in names],
        include_paths=True,
        filesystem=filesystem,
        num_cpus=_READING,
    )
    return files.map_batches(
        _Judge,
        fn_constructor_args=(options,),
        batch_format="pyarrow",
        batch_size=_ROWS,
        concurrency=(1, most),
        num_cpus=_JUDGING,
    )


def scan(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Any
) -> Generator[Prediction, None, None]:
    """Judge pictures on a Ray cluster, and bring the predictions back.

    Args:
        paths: As for `scan_dataset`.
        **options: As for `scan_dataset`.

    Yields:
        One prediction per picture, in the order of their paths.

    Raises:
        ReportError: The job failed.
        Exception: As `scan_dataset`.
    """
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    try:
        for record in scan_dataset(paths, **options).iter_rows():
            yield Prediction.from_dict(record)
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ReportError("ray", lines[-1].strip() if lines else repr(error)) from error
