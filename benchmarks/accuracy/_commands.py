"""Commands that measure accuracy: verdicts, faces, and where they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._options import (
    CacheOption,
    DataOption,
    ModelsOption,
    OutOption,
    ResamplesOption,
    SeedOption,
    SplitsOption,
    ThreadsOption,
)
from benchmarks._output import show_markdown, write_result
from benchmarks._progress import progress_bars


def accuracy(
    model: ModelsOption,
    data: DataOption,
    out: OutOption = Path("results/accuracy"),
    split: SplitsOption = ["test"],  # noqa: B006
    degradation: Annotated[
        list[str],
        typer.Option(
            "--degradation",
            help="Degradation to measure; may be repeated. All by default.",
        ),
    ] = [],  # noqa: B006
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
    mistakes: Annotated[
        int,
        typer.Option(
            min=0,
            help="Also write an HTML report per model with so many of the worst false alarms, and"
            " of the worst misses, with heat maps.",
        ),
    ] = 0,
    cache: CacheOption = Path("cache"),
    threads: ThreadsOption = None,
) -> None:
    """Measure the accuracy of models per source and degradation, with intervals.

    Pictures go through fakeface's own decoding, face detection and cropping. Scores are cached in
    --cache: an interrupted run resumes where it stopped.

    python -m benchmarks accuracy --model edge --model report --data ../shared/faces

    python -m benchmarks accuracy --model edge --data FACES --degradation clean --mistakes 100
    """
    from benchmarks.accuracy._degradations import CLEAN, DEFAULT, DEGRADATIONS
    from benchmarks.accuracy._measure import evaluate, run_accuracy
    from benchmarks.accuracy._mistakes import write_mistakes
    from benchmarks.accuracy._plots import plot_accuracy
    from benchmarks.accuracy._scores_csv import write_scores
    from benchmarks.accuracy._tables import accuracy_markdown
    from fakeface.model_directory import find_model
    from train.data import SPLITS, Cache, load_data

    if unknown := set(degradation) - set(DEGRADATIONS):
        raise typer.BadParameter(
            f"no degradation {', '.join(unknown)}; there are: {', '.join(DEGRADATIONS)}"
        )
    if unknown := set(split) - set(SPLITS):
        raise typer.BadParameter(f"no split {', '.join(unknown)}; there are: {', '.join(SPLITS)}")
    if mistakes and degradation and CLEAN.name not in degradation:
        raise typer.BadParameter(
            f"shows pictures as they are: add --degradation {CLEAN.name}", param_hint="--mistakes"
        )
    pages = []
    with progress_bars() as begin:
        store = Cache(cache)
        pictures = load_data(data, store)
        run = run_accuracy(
            [find_model(Path(name)) for name in model],
            pictures,
            split,
            [DEGRADATIONS[name] for name in degradation] or list(DEFAULT),
            store,
            threads=threads,
            begin=begin,
        )
        result = evaluate(run, resamples, seed, begin)
        text = accuracy_markdown(result)
        write_result(out, "accuracy", result, text)
        write_scores(run, out / "scores.csv")
        plot_accuracy(run, out)
        for name in model if mistakes else []:
            path = find_model(Path(name))
            pages.append(write_mistakes(run, path, mistakes, out, threads, begin))
    typer.echo(text)
    for page in pages:
        typer.echo(f"mistakes: {page}", err=True)


def faces(
    data: DataOption,
    out: OutOption = Path("results/faces"),
    split: SplitsOption = [],  # noqa: B006
    scenes: Annotated[int, typer.Option(min=0, help="Scenes with pasted faces to compose.")] = 400,
    seed: SeedOption = 0,
    cache: CacheOption = Path("cache"),
) -> None:
    """Measure face detection: recall by source, false positives, smallest face.

    The manifest must give face boxes from another detector, in the columns face_x to face_h.
    False positives and scenes need scikit-image (extra `dev`). Times are on one processor.

    python -m benchmarks faces --data ../shared/faces
    """
    from benchmarks.accuracy._faces import faces_markdown, run_faces
    from fakeface import FaceFinder
    from fakeface.model_directory import FACE_FINDER, MODELS
    from train.data import Cache, load_data

    with progress_bars() as begin:
        samples = load_data(data, Cache(cache)).samples
        chosen = [s for s in samples if s.box and (not split or s.split in split)]
        if not chosen:
            raise ValueError(f"{data}: no picture with a face box; see --help")
        result = run_faces(FaceFinder(MODELS / FACE_FINDER), chosen, scenes, seed, begin)
    text = faces_markdown(result)
    write_result(out, "faces", result, text)
    show_markdown(text)


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
    """Take the README's screenshot of an HTML report. Needs Chromium and the extra `browser`.

    python -m benchmarks report-picture samples
    """
    from benchmarks.accuracy._report_picture import report_picture as make

    make(folder, model, out, chromium)
    typer.echo(f"{out}: {out.stat().st_size:,} bytes")


def page_picture(
    source: Annotated[
        Path, typer.Argument(exists=True, help="A folder of pictures, or one picture.")
    ] = Path("samples"),
    model: Annotated[str | None, typer.Option("--model", "-m", help="Name or directory.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG to write.")] = Path("docs/page.png"),
    chromium: Annotated[
        str | None, typer.Option(envvar="FAKEFACE_CHROMIUM", help="Path of the browser.")
    ] = None,
) -> None:
    """Take the README's screenshot of `fakeface serve` (extras `browser` and `serve`, Chromium).

    python -m benchmarks page-picture samples
    python -m benchmarks page-picture samples/ai/p001-studio.jpg -o docs/answer.png
    """
    from benchmarks.accuracy._page_picture import page_picture as make

    make(source, model, out, chromium)
    typer.echo(f"{out}: {out.stat().st_size:,} bytes")
