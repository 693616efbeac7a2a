"""Commands about what people see: `explain` and `report-picture`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import (
    CacheOption,
    DataOption,
    ModelsOption,
    OutOption,
    ThreadsOption,
    _plain_errors,
    _progress,
    _write,
    app,
)


@app.command()
def explain(
    model: ModelsOption,
    data: DataOption,
    out: OutOption = Path("results/explain"),
    pictures: Annotated[int, typer.Option(min=2, help="Pictures, half of each class.")] = 200,
    split: Annotated[str, typer.Option(help="Split to choose from.")] = "test",
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the choice and of the random maps.")] = 0,
    cache: CacheOption = Path("cache"),
    threads: ThreadsOption = None,
) -> None:
    """Check that heat maps mean something: deletion and insertion against random maps.

    python -m benchmarks explain --model edge --model report --data ../shared/faces
    """
    from benchmarks._explain import choose, markdown, summarise, trace
    from fakeface._classifier import Classifier
    from fakeface._model import find_model
    from train._cache import Cache
    from train._data import load_data

    results = []
    with _plain_errors(), _progress() as begin:
        found = load_data(data, Cache(cache))
        samples = choose(found, split, pictures, seed)
        for name in model:
            classifier = Classifier(find_model(Path(name)), "cpu", threads)
            traced = trace(classifier, samples, seed, begin(name, len(samples)))
            results.append(summarise(traced, classifier, found, seed, resamples))
        text = markdown(results)
        _write(out, "explain", {"models": results}, text)
    typer.echo(text)


@app.command("report-picture")
def report_picture(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)] = Path("samples"),
    model: Annotated[str | None, typer.Option("--model", "-m", help="Name or directory.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG to write.")] = Path(
        "docs/report.png"
    ),
    chromium: Annotated[
        str | None, typer.Option(envvar="FAKEFACE_CHROMIUM", help="Path of the browser.")
    ] = None,
) -> None:
    """Make the README's picture of an HTML report. Needs Chromium and the extra `browser`.

    python -m benchmarks report-picture samples
    """
    from benchmarks._report_picture import report_picture as make

    with _plain_errors():
        make(folder, model, out, chromium)
    typer.echo(f"{out}: {out.stat().st_size:,} bytes")
