"""Commands that train without a part of the data, and measure on that part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks._options import CacheOption, DataOption, OutOption, ResamplesOption, SeedOption
from benchmarks._output import write_result

if TYPE_CHECKING:
    from train.data import Cache, Data
    from train.recipes import Recipe

_SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="FIELD=VALUE", help="Override any field of the recipe."),
]


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
    set_: _SetOption = [],  # noqa: B006
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

    arguments = _opened(recipe, set_, data, cache, out)
    result = run(
        *arguments,
        wanted=source,
        count=resamples,
        seed=seed,
        report=lambda text: typer.echo(text, err=True),
    )
    _write_and_show(arguments[-1].parent, result, leave_one_out_markdown(result))


def leave_family_out(
    data: DataOption,
    recipe: Annotated[
        str, typer.Option(help="A fine-tuning of `python -m train`: its name or a TOML file.")
    ] = "edge-further",
    out: OutOption = Path("results/leave-family-out"),
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each fine-tuning.")] = 200,
    side: Annotated[int, typer.Option(min=32, help="Side of the random crops, in pixels.")] = 192,
    since: Annotated[
        int,
        typer.Option(
            help="Leave out only families and origins all of whose pictures have at least this in"
            " the manifest's column `added`: those that the initial checkpoint never saw."
        ),
    ] = 0,
    share: Annotated[
        list[float],
        typer.Option(
            "--share",
            min=0,
            max=1,
            help="Weight of the initial checkpoint in an average; may be repeated.",
        ),
    ] = [0.0],  # noqa: B006
    most: Annotated[int, typer.Option(min=1, help="Pictures of a family or origin at most.")] = 60,
    only: Annotated[
        list[int],
        typer.Option("--fold", min=1, help="Only this fold; may be repeated. All by default."),
    ] = [],  # noqa: B006
    set_: _SetOption = [],  # noqa: B006
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

    short = [
        f"finetune.steps={steps}",
        f"finetune.evaluation_interval={steps}",
        f"finetune.random_crop_sizes=[{side}]",
        "finetune.random_crop_schedule=[0.0]",
    ]
    arguments = _opened(recipe, [*short, *set_], data, cache, out)
    result = run(
        *arguments,
        folds=folds,
        since=since,
        shares=share,
        most=most,
        only=only,
        count=resamples,
        seed=seed,
        report=lambda text: typer.echo(text, err=True),
    )
    _write_and_show(arguments[-1].parent, result, leave_family_out_markdown(result))


def _opened(
    recipe: str, settings: list[str], data: Path, cache: Path, out: Path
) -> tuple[Recipe, Data, Cache, Path]:
    """Return what both benchmarks begin with: recipe, data, cache, and folder of the trainings."""
    from train.data import Cache
    from train.fitting import Selection, read_data
    from train.recipes import load_recipe

    chosen = load_recipe(recipe, settings)
    store = Cache(cache)
    pictures = read_data(data, chosen, store, Selection())
    return chosen, pictures, store, out / chosen.name / "runs"


def _write_and_show(folder: Path, result: dict[str, Any], text: str) -> None:
    write_result(folder, result["benchmark"], result, text)
    typer.echo(text)
