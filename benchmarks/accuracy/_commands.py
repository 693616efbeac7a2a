"""Commands that measure accuracy: verdicts, faces, and families that a training never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._markdown import publish
from benchmarks._options import (
    CacheOption,
    DataOption,
    ModelsOption,
    OutOption,
    ResamplesOption,
    SeedOption,
    SplitsOption,
)


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
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of the model; one per processor by default."),
    ] = None,
) -> None:
    """Measure the accuracy of models per source and degradation, with intervals.

    Pictures go through fakeface's own decoding, face detection and cropping. Scores are cached in
    --cache: an interrupted run resumes where it stopped.

    python -m benchmarks accuracy --model edge --model report --data ../shared/faces

    python -m benchmarks accuracy --model edge --data FACES --degradation clean --mistakes 100
    """
    from benchmarks.accuracy._degradations import CLEAN, DEGRADATIONS
    from benchmarks.accuracy._measure import evaluate, run_accuracy
    from benchmarks.accuracy._mistakes import write_mistakes
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
    models = [find_model(name) for name in model]
    store = Cache(cache)
    chosen = [DEGRADATIONS[name] for name in degradation or DEGRADATIONS]
    run = run_accuracy(models, load_data(data, store), split, chosen, store, threads)
    result = evaluate(run, resamples, seed)
    publish(out, result, accuracy_markdown(result))
    for path in models if mistakes else []:
        page = write_mistakes(run, path, mistakes, out, threads)
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
    False positives and scenes need scikit-image (extra `dev`).

    python -m benchmarks faces --data ../shared/faces
    """
    from benchmarks.accuracy._faces import faces_markdown, run_faces
    from fakeface import FaceFinder
    from fakeface.model_directory import FACE_FINDER, MODELS
    from train.data import Cache, load_data

    samples = load_data(data, Cache(cache)).samples
    chosen = [s for s in samples if s.box and (not split or s.split in split)]
    if not chosen:
        raise ValueError(f"{data}: no picture with a face box; see --help")
    result = run_faces(FaceFinder(MODELS / FACE_FINDER), chosen, scenes, seed)
    publish(out, result, faces_markdown(result))


def leave_family_out(
    data: DataOption,
    recipe: Annotated[
        str, typer.Option(help="Recipe of `python -m train`: its name or a TOML file.")
    ] = "edge-further",
    out: OutOption = Path("results/leave-family-out"),
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 3,
    since: Annotated[
        int,
        typer.Option(
            help="Leave out only families and origins all of whose pictures have at least this in"
            " the manifest's column `added`: those that the initial checkpoint never saw."
        ),
    ] = 0,
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
    """Train a recipe without some families of generators and origins, and measure it there.

    Needs the extra `train`. Every family of AI pictures and every origin of photographs is left out
    once, in one of the folds. A fine-tuning is a short one, of 200 steps at 192 pixels, unless
    --set says otherwise. The split `unseen` is not touched. Finished trainings are kept in --out
    and a stopped one goes on.

    python -m benchmarks leave-family-out --data ../shared/faces --since 2
    """
    from benchmarks.accuracy._leave_family_out import SHORT, leave_family_out_markdown
    from benchmarks.accuracy._leave_family_out import leave_family_out as measure
    from train.data import Cache
    from train.fitting import Selection, read_data
    from train.recipes import FinetuneRecipe, load_recipe

    chosen = load_recipe(recipe, set_)
    if isinstance(chosen, FinetuneRecipe):
        chosen = load_recipe(recipe, [*SHORT, *set_])
    store = Cache(cache)
    out = out / chosen.name
    result = measure(
        chosen,
        read_data(data, chosen, store, Selection()),
        store,
        out / "runs",
        folds=folds,
        since=since,
        most=most,
        only=only,
        count=resamples,
        seed=seed,
    )
    publish(out, result, leave_family_out_markdown(result))
