"""Commands that make or show runs: `fit`, `compare`, `report`, and those that combine them."""

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
    where a difference is within noise. Also writes compare.md, compare.json, compare.png, and a run
    directory for each system.
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
    typer.echo(compare_recipes(chosen, pictures, store, out).markdown)
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

    It holds the data, learning curves, ROC, accuracy per source, and the worst mistakes on `test`
    (and on `unseen` where that was scored) with heat maps.

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
    from train.fitting import Selection, load_runs, read_data
    from train.fitting import average as average_runs

    opened = load_runs(runs)
    weights = _weights(weight, opened)
    pictures = read_data(data, opened[0].recipe, Cache(cache), Selection(unseen=unseen))
    _show(average_runs(opened, weights, pictures, out, name, interpolation_weight))


def ensemble(
    runs: Annotated[list[Path], typer.Argument(help="Run directories of fine-tunings.")],
    data: DataOption,
    out: Annotated[Path, typer.Option("-o", "--out", help="Run directory to write.")],
    name: Annotated[str, typer.Option(help="Name of the ensemble.")] = "ensemble",
    weight: Annotated[
        list[float] | None,
        typer.Option(min=0.001, help="Weight of each run, in their order; equal if left out."),
    ] = None,
    unseen: UnseenOption = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Put fine-tunings side by side in one detector: the mean of their calibrated logits.

    The networks may have different backbones, but must see the same crop. The detector takes as
    long as all of them. Calibration, thresholds and metrics are computed anew.

        python -m train ensemble runs/a runs/b --data FOLDER -o runs/both
    """
    from train.data import Cache
    from train.fitting import Selection, load_runs, read_data
    from train.fitting import ensemble as join_runs

    opened = load_runs(runs)
    weights = _weights(weight, opened)
    pictures = read_data(data, opened[0].recipe, Cache(cache), Selection(unseen=unseen))
    _show(join_runs(opened, weights, pictures, out, name))


def distil_head(
    run: Annotated[Path, typer.Argument(help="Run directory of a fine-tuning or an ensemble.")],
    features: Annotated[
        Path, typer.Option(help="The teacher's features, from `python -m train teacher`.")
    ],
    data: DataOption,
    out: Annotated[Path, typer.Option("-o", "--out", help="Run directory to write.")],
    name: Annotated[str, typer.Option(help="Name of the result.")] = "distilled",
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the teacher's logit in the head.")
    ] = 0.5,
    unseen: UnseenOption = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Mix what a teacher would say into the head of a finished detector, by ridge regression.

    Nothing is trained: the regression predicts the teacher's logit from the features under the
    head, so that size and speed stay the same. Calibration, thresholds and metrics are computed
    anew.

        python -m train distil-head runs/both --features features.npz --data FOLDER -o runs/new
    """
    from train.data import Cache
    from train.fitting import Selection, load_runs, read_data
    from train.fitting import distil_head as mix_into_head

    (opened,) = load_runs([run])
    pictures = read_data(data, opened.recipe, Cache(cache), Selection(unseen=unseen))
    _show(mix_into_head(opened, features, pictures, out, name, share))


def _weights(given: list[float] | None, runs: list[Run]) -> list[float]:
    weights = given or [1.0] * len(runs)
    if len(weights) != len(runs):
        raise typer.BadParameter(
            f"{len(weights)} weights for {len(runs)} runs", param_hint="--weight"
        )
    return weights


def _show(run: Run) -> None:
    typer.echo((run.path / "report.txt").read_text(encoding="utf-8"))
    console.print(f"run: {run.path}", markup=False, soft_wrap=True)
    path = shlex.quote(str(run.path))
    console.print(f"a page that shows it: python -m train report {path}", soft_wrap=True)
    console.print(f"a model for fakeface: python -m export {path} -o my-model", soft_wrap=True)
