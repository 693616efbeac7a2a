"""Commands that measure accuracy: verdicts, faces, heat maps, and where they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._options import (
    CacheOption,
    DataOption,
    ModelOption,
    ModelsOption,
    OutOption,
    ResamplesOption,
    SeedOption,
    SplitsOption,
    ThreadsOption,
)
from benchmarks._output import show_markdown, write_result
from benchmarks._progress import progress_bars
from fakeface.model_directory import DEFAULT_MODEL


def accuracy(
    model: ModelsOption,
    data: DataOption,
    out: OutOption = Path("results/accuracy"),
    split: SplitsOption = ["test"],  # noqa: B006
    degradation: Annotated[
        list[str],
        typer.Option(
            "--degradation",
            help="Degradation to measure; may be repeated. By default all but the super-resolved"
            " ones, `enhanced` and `enhanced-photo`.",
        ),
    ] = [],  # noqa: B006
    tier: Annotated[list[str], typer.Option("--tier", hidden=True)] = [],  # noqa: B006
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
    cache: CacheOption = Path("cache"),
    threads: ThreadsOption = None,
) -> None:
    """Measure the accuracy of models per source and degradation, with intervals.

    Pictures go through fakeface's own decoding, face detection and cropping. Scores are cached in
    --cache: an interrupted run resumes where it stopped.

    python -m benchmarks accuracy --model edge --model report --data ../shared/faces
    """
    from benchmarks.accuracy._degradations import DEFAULT, DEGRADATIONS
    from benchmarks.accuracy._measure import evaluate, run_accuracy
    from benchmarks.accuracy._plots import plot_accuracy
    from benchmarks.accuracy._scores_csv import write_scores
    from benchmarks.accuracy._tables import accuracy_markdown
    from fakeface.model_directory import find_model
    from train.data import SPLITS, Cache, load_data

    names = [*degradation, *tier]  # --tier is the old name
    if unknown := set(names) - set(DEGRADATIONS):
        raise typer.BadParameter(
            f"no degradation {', '.join(unknown)}; there are: {', '.join(DEGRADATIONS)}"
        )
    if unknown := set(split) - set(SPLITS):
        raise typer.BadParameter(f"no split {', '.join(unknown)}; there are: {', '.join(SPLITS)}")
    with progress_bars() as begin:
        store = Cache(cache)
        pictures = load_data(data, store)
        run = run_accuracy(
            [find_model(Path(name)) for name in model],
            pictures,
            split,
            [DEGRADATIONS[name] for name in names] or list(DEFAULT),
            store,
            threads=threads,
            begin=begin,
        )
        result = evaluate(run, resamples, seed, begin)
        text = accuracy_markdown(result)
        write_result(out, "accuracy", result, text)
        write_scores(run, out / "scores.csv")
        plot_accuracy(run, out)
    typer.echo(text)


def leave_one_out(
    data: DataOption,
    recipe: Annotated[
        str, typer.Option(help="Recipe of `python -m train`: its name or a TOML file.")
    ] = "report-avgpool",
    out: OutOption = Path("results/leave-one-out"),
    source: Annotated[
        list[str],
        typer.Option("--source", help="Source to leave out; may be repeated. All by default."),
    ] = [],  # noqa: B006
    set_: Annotated[
        list[str],
        typer.Option("--set", metavar="FIELD=VALUE", help="Override any field of the recipe."),
    ] = [],  # noqa: B006
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
    cache: CacheOption = Path("cache"),
) -> None:
    """Train a recipe without one source at a time, and measure it on that source.

    Needs the extra `train`. The split `unseen` is not used. Finished trainings are kept in --out
    and not repeated. A recipe with a frozen backbone takes minutes; one that fine-tunes takes one
    training per source (shorten them with --set finetune.steps=600).

    python -m benchmarks leave-one-out --data ../shared/faces --set backbone.name=efficientnet-lite0
    """
    from benchmarks.accuracy._leave_one_out import leave_one_out as run
    from benchmarks.accuracy._leave_one_out import leave_one_out_markdown
    from train.data import Cache
    from train.fitting import Selection, read_data
    from train.recipes import load_recipe

    chosen = load_recipe(recipe, set_)
    store = Cache(cache)
    pictures = read_data(data, chosen, store, Selection())
    folder = out / chosen.name
    result = run(
        chosen,
        pictures,
        store,
        folder / "runs",
        wanted=source,
        count=resamples,
        seed=seed,
        tell=lambda text: typer.echo(text, err=True),
    )
    text = leave_one_out_markdown(result)
    write_result(folder, "leave-one-out", result, text)
    typer.echo(text)


def leave_family_out(
    data: DataOption,
    recipe: Annotated[
        str, typer.Option(help="A fine-tuning of `python -m train`: its name or a TOML file.")
    ] = "edge-families",
    out: OutOption = Path("results/leave-family-out"),
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each fine-tuning.")] = 200,
    side: Annotated[int, typer.Option(min=32, help="Side of the random crops, in pixels.")] = 192,
    since: Annotated[
        int,
        typer.Option(
            help="Leave out only families and origins all of whose pictures have at least this in"
            " the manifest's column `added`: those that the start never saw."
        ),
    ] = 0,
    share: Annotated[
        list[float],
        typer.Option(
            "--share", min=0, max=1, help="Share of the start in an average; may be repeated."
        ),
    ] = [0.0],  # noqa: B006
    most: Annotated[int, typer.Option(min=1, help="Pictures of a family or origin at most.")] = 60,
    only: Annotated[
        list[int],
        typer.Option("--fold", min=1, help="Only this fold; may be repeated. All by default."),
    ] = [],  # noqa: B006
    set_: Annotated[
        list[str],
        typer.Option("--set", metavar="FIELD=VALUE", help="Override any field of the recipe."),
    ] = [],  # noqa: B006
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
    cache: CacheOption = Path("cache"),
) -> None:
    """Repeat a fine-tuning without some families of generators and origins, and measure it there.

    Needs the extra `train`. Every family of AI pictures and every origin of photographs is left out
    once, in one of the folds. The split `unseen` is not touched. Finished trainings are kept in
    --out and a stopped one goes on.

    python -m benchmarks leave-family-out --data ../shared/faces --since 2 --share 0 --share 0.5
    """
    from benchmarks.accuracy._leave_family_out import leave_family_out as run
    from benchmarks.accuracy._leave_family_out import leave_family_out_markdown
    from train.data import Cache
    from train.fitting import Selection, read_data
    from train.recipes import load_recipe

    short = [
        f"finetune.steps={steps}",
        f"finetune.evaluation_interval={steps}",
        f"finetune.random_crop_sizes=[{side}]",
        "finetune.random_crop_schedule=[0.0]",
    ]
    chosen = load_recipe(recipe, [*short, *set_])
    store = Cache(cache)
    pictures = read_data(data, chosen, store, Selection())
    folder = out / chosen.name
    result = run(
        chosen,
        pictures,
        store,
        folder / "runs",
        folds=folds,
        since=since,
        shares=share,
        most=most,
        only=only,
        count=resamples,
        seed=seed,
        tell=lambda text: typer.echo(text, err=True),
    )
    text = leave_family_out_markdown(result)
    write_result(folder, "leave-family-out", result, text)
    typer.echo(text)


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


def reduced_decode(
    pictures: Annotated[
        list[Path],
        typer.Argument(help="Folders of large JPEG pictures, as cameras wrote them.", exists=True),
    ],
    model: ModelOption = DEFAULT_MODEL,
    out: OutOption = Path("results/reduced-decode"),
) -> None:
    """Compare verdicts on large JPEG pictures, decoded at a reduced size and at full size.

    python -m benchmarks reduced-decode PHOTOS
    """
    from benchmarks.accuracy._reduced_decode import (
        compare_reduced_decoding,
        reduced_decode_markdown,
    )

    with progress_bars() as begin:
        result = compare_reduced_decoding(model, pictures, begin)
    text = reduced_decode_markdown(result)
    write_result(out, "reduced-decode", result, text)
    show_markdown(text)


def explain(
    model: ModelsOption,
    data: DataOption,
    out: OutOption = Path("results/explain"),
    pictures: Annotated[int, typer.Option(min=2, help="Pictures, half of each class.")] = 200,
    split: Annotated[str, typer.Option(help="Split to sample from.")] = "test",
    resamples: ResamplesOption = 1000,
    seed: SeedOption = 0,
    cache: CacheOption = Path("cache"),
    threads: ThreadsOption = None,
) -> None:
    """Evaluate heat maps: deletion and insertion curves against those of random maps.

    python -m benchmarks explain --model edge --model report --data ../shared/faces
    """
    from benchmarks.accuracy._explain import choose, markdown, summarise, trace
    from fakeface.inference import Classifier
    from fakeface.model_directory import find_model
    from train.data import Cache, load_data

    results = []
    with progress_bars() as begin:
        found = load_data(data, Cache(cache))
        samples = choose(found, split, pictures, seed)
        for name in model:
            classifier = Classifier(find_model(Path(name)), "cpu", threads)
            traced = trace(classifier, samples, seed, begin(name, len(samples)))
            results.append(summarise(traced, classifier, found, seed, resamples))
        text = markdown(results)
        write_result(out, "explain", {"models": results}, text)
    typer.echo(text)


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
