"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CacheOption = Annotated[
    Path, typer.Option("--cache", help="Folder of cached scores; may be deleted at any time.")
]
DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Folder of pictures: AI/ and Real/ with origins as sub-folders, or a manifest.csv.",
        envvar="FAKEFACE_DATA",
        exists=True,
        file_okay=False,
    ),
]
ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="Model directory or name of a bundled model.")
]
ModelsOption = Annotated[
    list[str],
    typer.Option(
        "--model", "-m", help="Model directory or name of a bundled model; may be repeated."
    ),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
ResamplesOption = Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")]
SeedOption = Annotated[int, typer.Option(help="Seed of everything random.")]
SplitsOption = Annotated[
    list[str], typer.Option("--split", help="Split to measure; may be repeated.")
]
ThreadCountsOption = Annotated[
    list[int],
    typer.Option("--threads", min=1, help="Number of threads to measure with; may be repeated."),
]
