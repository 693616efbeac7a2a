"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Folder with `AI/` and `Real/` (sub-folders are origins), or with a manifest.csv:"
        " columns path, label, and if known source, split, face_x, face_y, face_w, face_h, pair,"
        " family, generator, kind.",
    ),
]
CacheOption = Annotated[
    Path,
    typer.Option(
        "--cache", help="Folder for digests, faces and features; may be deleted at any time."
    ),
]
OnlyOption = Annotated[
    str, typer.Option("--only", help="Only these origins, by commas: `--only stylegan,ffhq`.")
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, help="At most so many pictures per origin and split; for tests."
    ),
]
BackboneOption = Annotated[
    str | None,
    typer.Option("--backbone", help="`resnet50`, `efficientnet-lite0` or `efficientnet-lite2`."),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights", help="`imagenet`, `none` (random), or a weights file.", metavar="FILE|NAME"
    ),
]
EpochsOption = Annotated[int | None, typer.Option("--epochs", min=1, help="Maximum of epochs.")]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="Seed for initialisation, shuffling and augmentation."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Override any field of the recipe: `--set head.units=64 --set fit.balance=source`.",
    ),
]
UnseenOption = Annotated[
    bool,
    typer.Option(
        "--unseen",
        help="Score the split `unseen` too, after training. For the end, not for choosing between"
        " recipes.",
    ),
]


def overrides(
    backbone: str | None,
    weights: str | None,
    epochs: int | None,
    seed: int | None,
    others: list[str] | None,
) -> list[str]:
    """Return the overrides of a recipe, `field=value`, that the options ask for."""
    named = {
        "backbone.name": backbone,
        "backbone.weights": weights,
        "fit.epochs": epochs,
        "seed": seed,
    }
    given = [f"{field}={value}" for field, value in named.items() if value is not None]
    return given + (others or [])


def split_names(names: str) -> tuple[str, ...]:
    """Split names at commas."""
    return tuple(name.strip() for name in names.split(",") if name.strip())
