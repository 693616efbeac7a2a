"""A scan on a Ray cluster, brought back to the command line."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from fakeface._errors import ReportError
from fakeface.types import Prediction


def predictions_of(
    paths: list[str], workers: int | None, **options: Any
) -> Generator[Prediction, None, None]:
    """Judge on a Ray cluster; rows come in the order of the paths.

    Args:
        paths: As for `fakeface.ray.scan_dataset`.
        workers: Actors that judge.
        **options: For the detectors.

    Yields:
        One prediction a picture.

    Raises:
        ReportError: Ray is not installed, or the job failed.
    """
    import ray

    from fakeface.ray import scan_dataset  # first: says what to do where Ray is missing

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    try:
        for row in scan_dataset(paths, workers=workers, **options).iter_rows():
            yield Prediction.from_dict(row)
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ReportError("ray", lines[-1].strip() if lines else repr(error)) from error
