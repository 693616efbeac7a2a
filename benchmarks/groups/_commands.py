"""Command that measures error rates per group."""

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
    SeedOption,
    SplitsOption,
)
from fakeface.model_directory import DEFAULT_MODEL


def groups(
    data: DataOption,
    model: ModelsOption = [DEFAULT_MODEL],  # noqa: B006
    split: SplitsOption = ["test", "unseen"],  # noqa: B006
    table: Annotated[
        Path | None,
        typer.Option(
            "--groups",
            help="CSV with the column path, relative to --data, and a column per attribute, such as"
            " age or sex.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    card: Annotated[
        list[Path],
        typer.Option(
            "--card",
            help="Model card, or its notes, whose section on groups is replaced; may be repeated."
            " Takes one --model.",
            exists=True,
            dir_okay=False,
        ),
    ] = [],  # noqa: B006
    out: OutOption = Path("results/groups"),
    seed: SeedOption = 0,
    cache: CacheOption = Path("cache"),
) -> None:
    """Measure whose photographs are called fake: rates per group, with intervals and a test.

    Groups come from the manifest (kind and origin of the photograph), from --groups (such as age
    and sex), and from the pictures: skin tone, face size, sharpness, JPEG quality, colour.

    python -m benchmarks groups --data ../shared/faces --card export/cards/edge.md
    """
    from benchmarks.groups._card import card_section, groups_markdown, replace_section
    from benchmarks.groups._rates import measure_groups
    from fakeface.model_directory import find_model
    from train.data import Cache, load_data

    if card and len(model) != 1:
        raise typer.BadParameter("a card is of one model", param_hint="--card")
    store = Cache(cache)
    models = [find_model(name) for name in model]
    result = measure_groups(models, load_data(data, store), split, store, table, seed)
    publish(out, result, groups_markdown(result))
    for path in card:
        replace_section(path, card_section(result, result["models"][0]["name"]))
