"""The command about the layers of a network: `profile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import ModelsOption, OutOption, _plain_errors, _progress, _write, app


@app.command()
def profile(
    model: ModelsOption,
    resnet50: Annotated[
        bool, typer.Option(help="Beside them the report's ResNet50, fp32 and int8; extra `train`.")
    ] = False,
    threads: Annotated[list[int], typer.Option(min=1, help="Threads of the networks.")] = [1, 2],  # noqa: B006
    seconds: Annotated[float, typer.Option(min=0, help="How long to measure, in all.")] = 60.0,
    out: OutOption = Path("results/profile"),
) -> None:
    """Show which layers take the time of a network, and how much of it no run time could save.

    Layers by ONNX Runtime's profiler, with their arithmetic and speed, held against the fastest
    of them. Networks that are made are kept in --out.

    python -m benchmarks profile --model edge --model edge-int8 --resnet50
    """
    from benchmarks._profile import profile as measure
    from benchmarks._profile_tables import plot_profile, profile_markdown

    with _plain_errors(), _progress() as begin:
        result = measure(
            [*model, *(_resnet50(out / "models") if resnet50 else ())], threads, seconds, begin
        )
        text = profile_markdown(result)
        _write(out, "profile", result, text)
        plot_profile(result, out / "profile.png")
    typer.echo(text)


def _resnet50(folder: Path) -> list[str]:
    """Model directories of the report's first system with random weights, fp32 and int8."""
    from benchmarks.peers._build import built
    from benchmarks.peers._peer import PeerError

    try:
        fp32 = built("resnet50", folder, folder)
        return [str(fp32), str(built("resnet50-int8", fp32, folder))]
    except PeerError as error:
        raise ValueError(f"the report's ResNet50: {error}") from error
