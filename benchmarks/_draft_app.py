"""The command about reduced decoding: `draft`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import OutOption, _plain_errors, _progress, _show, _write, app
from fakeface._model import DEFAULT_MODEL


@app.command()
def draft(
    pictures: Annotated[
        list[Path],
        typer.Argument(help="Folders with large JPEG pictures, as they came.", exists=True),
    ],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Model directory or name of a bundled model.")
    ] = DEFAULT_MODEL,
    out: OutOption = Path("results/draft"),
) -> None:
    """Compare verdicts on large JPEG pictures, reduced while decoding against decoded whole.

    python -m benchmarks draft PHOTOS
    """
    from benchmarks._draft import draft_markdown, run_draft

    with _plain_errors(), _progress() as begin:
        result = run_draft(model, pictures, begin)
    text = draft_markdown(result)
    _write(out, "draft", result, text)
    _show(text)
