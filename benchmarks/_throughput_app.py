"""The command about pictures per second: `throughput`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._app import OutOption, _plain_errors, _progress, _write, app
from fakeface._model import DEFAULT_MODEL


@app.command()
def throughput(
    model: Annotated[
        str, typer.Option("--model", "-m", help="Model directory or name of a bundled model.")
    ] = DEFAULT_MODEL,
    size: Annotated[str, typer.Option(help="Pictures: 256 px, 1024 px or 12 Mpx.")] = "1024 px",
    threads: Annotated[
        list[int], typer.Option(min=1, help="Threads of the model, and that decode.")
    ] = [1, 2],  # noqa: B006
    batch: Annotated[list[int], typer.Option(min=1, help="Faces at once.")] = [1, 2, 8, 32],  # noqa: B006
    seconds: Annotated[float, typer.Option(min=0, help="How long to measure, in all.")] = 120.0,
    out: OutOption = Path("results/throughput"),
) -> None:
    """Measure pictures per second over threads and batch, and the share of the bound.

    `scan` measures the same of folders, with memory and the cost of going on.

    python -m benchmarks throughput --model edge
    """
    from benchmarks._latency import SIZES
    from benchmarks._throughput import plot_throughput, throughput_markdown
    from benchmarks._throughput import throughput as measure

    if size not in SIZES:
        raise typer.BadParameter(f"no size {size!r}; there are: {', '.join(SIZES)}")
    with _plain_errors(), _progress() as begin:
        result = measure(model, size, threads, batch, seconds, begin)
        text = throughput_markdown(result)
        _write(out, "throughput", result, text)
        plot_throughput(result, out / "throughput.png")
    typer.echo(text)
