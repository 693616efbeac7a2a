"""The command about scanning folders: `scan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import OutOption, _plain_errors, _progress, _show, _write, app
from fakeface._model import DEFAULT_MODEL


@app.command()
def scan(
    model: Annotated[
        str, typer.Option("--model", "-m", help="Model directory or name of a bundled model.")
    ] = DEFAULT_MODEL,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Folder to scan for the throughput; by default portraits of two sizes.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    out: OutOption = Path("results/scan"),
    files: Annotated[
        int, typer.Option(min=20, help="Tiny pictures to judge while memory is watched.")
    ] = 20_000,
    names: Annotated[
        int, typer.Option(min=20, help="Files to walk over while memory is watched.")
    ] = 200_000,
    seconds: Annotated[
        float, typer.Option(min=0, help="How long to measure the throughput of each set.")
    ] = 60.0,
) -> None:
    """Measure scanning: throughput against its bound, memory over files, cost of going on.

    python -m benchmarks scan --model edge
    """
    from benchmarks._scan import measure_scan, scan_markdown

    with _plain_errors(), _progress() as begin:
        result = measure_scan(model, pictures, files, names, seconds, begin)
    text = scan_markdown(result)
    _write(out, "scan", result, text)
    _show(text)
