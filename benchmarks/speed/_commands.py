"""Commands that measure the speed of verdicts, scans and servers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._options import (
    ModelOption,
    ModelsOption,
    OutOption,
    ThreadCountsOption,
)
from benchmarks._output import show_markdown, write_result
from benchmarks._progress import progress_bars
from fakeface.model_directory import DEFAULT_MODEL


def latency(
    model: ModelsOption = [DEFAULT_MODEL],  # noqa: B006
    out: OutOption = Path("results/latency"),
    threads: ThreadCountsOption = [1, 2],  # noqa: B006
    batch: Annotated[list[int], typer.Option(min=1, help="Batch sizes.")] = [1, 8],  # noqa: B006
    seconds: Annotated[
        float,
        typer.Option(min=0, help="Seconds to measure the steps, and again the models alone."),
    ] = 60.0,
) -> None:
    """Measure the latency of a verdict by step, picture size, threads, batch and model.

    `fakeface bench` measures the same for one model and picture, wherever fakeface is installed.

    python -m benchmarks latency --model edge --model report
    """
    from benchmarks.speed._latency import latency as measure
    from benchmarks.speed._latency_plot import plot_latency
    from benchmarks.speed._latency_tables import latency_markdown

    with progress_bars() as begin:
        result = measure(model, threads, batch, seconds, begin)
        text = latency_markdown(result)
        write_result(out, "latency", result, text)
        plot_latency(result, out / "latency.png")
    typer.echo(text)


def scan(
    model: ModelOption = DEFAULT_MODEL,
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
        int, typer.Option(min=20, help="Tiny pictures to scan while memory is measured.")
    ] = 20_000,
    names: Annotated[
        int, typer.Option(min=20, help="Files to list while memory is measured.")
    ] = 200_000,
    seconds: Annotated[
        float, typer.Option(min=0, help="Seconds to measure the throughput of each set.")
    ] = 60.0,
) -> None:
    """Measure scans: throughput against its bound, memory over files, cost of resuming.

    python -m benchmarks scan --model edge
    """
    from benchmarks.speed._scan import measure_scan, scan_markdown

    with progress_bars() as begin:
        result = measure_scan(model, pictures, files, names, seconds, begin)
    text = scan_markdown(result)
    write_result(out, "scan", result, text)
    show_markdown(text)


def serve(
    model: ModelOption = DEFAULT_MODEL,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Folder of pictures to send; by default portraits of two sizes.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    out: OutOption = Path("results/serve"),
    rounds: Annotated[
        int, typer.Option(min=1, help="Times that each set is scanned and sent.")
    ] = 5,
    requests: Annotated[
        int, typer.Option(min=20, help="Requests with tiny pictures while memory is measured.")
    ] = 20_000,
) -> None:
    """Measure `fakeface serve` under load: throughput against a scan, latency, memory.

    python -m benchmarks serve --model edge
    """
    from benchmarks.speed._serve import measure_serve, serve_markdown

    with progress_bars() as begin:
        result = measure_serve(model, pictures, rounds, requests, begin)
    text = serve_markdown(result)
    write_result(out, "serve", result, text)
    show_markdown(text)
