"""The command about the face finder: `faces`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import (
    CacheOption,
    DataOption,
    OutOption,
    _plain_errors,
    _progress,
    _show,
    _write,
    app,
)


@app.command()
def faces(
    data: DataOption,
    out: OutOption = Path("results/faces"),
    split: Annotated[
        list[str], typer.Option("--split", help="Only this split; may be repeated.")
    ] = [],  # noqa: B006
    scenes: Annotated[int, typer.Option(min=0, help="Scenes with small faces to make.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the scenes.")] = 0,
    cache: CacheOption = Path("cache"),
) -> None:
    """Measure how well faces are found: recall by source, false faces, the smallest face.

    The pictures need face boxes from another finder, in the manifest's columns face_x to face_h.
    False faces and scenes need scikit-image (extra `dev`). Times are of one processor.

    python -m benchmarks faces --data ../shared/faces
    """
    from benchmarks._faces import faces_markdown, run_faces
    from fakeface import FaceFinder
    from fakeface._model import FACE_FINDER, MODELS
    from train._cache import Cache
    from train._data import load_data

    with _plain_errors(), _progress() as begin:
        samples = load_data(data, Cache(cache)).samples
        chosen = [s for s in samples if s.box and (not split or s.split in split)]
        if not chosen:
            raise ValueError(f"{data}: no picture with a face box; see --help")
        result = run_faces(FaceFinder(MODELS / FACE_FINDER), chosen, scenes, seed, begin)
    text = faces_markdown(result)
    _write(out, "faces", result, text)
    _show(text)
