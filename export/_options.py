"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CacheOption = Annotated[
    Path,
    typer.Option("--cache", help="Cache folder of `python -m train`: digests and faces found."),
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the model; by default that of the directory.")
]
OutOption = Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")]
