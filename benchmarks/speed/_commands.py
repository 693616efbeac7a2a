"""Commands that measure the speed of verdicts, scans and servers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._markdown import publish
from benchmarks._options import ModelOption, ModelsOption, OutOption, ThreadCountsOption
from fakeface.model_directory import DEFAULT_MODEL

_PicturesOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of pictures; by default portraits of two sizes.",
        exists=True,
        file_okay=False,
    ),
]


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
    from benchmarks.speed._latency import latency_markdown, measure_latency

    result = measure_latency(model, threads, batch, seconds)
    publish(out, result, latency_markdown(result))


def scan(
    model: ModelOption = DEFAULT_MODEL,
    pictures: _PicturesOption = None,
    out: OutOption = Path("results/scan"),
    files: Annotated[
        int, typer.Option(min=20, help="Tiny pictures to scan while memory is measured.")
    ] = 20_000,
    records: Annotated[
        int, typer.Option(min=20, help="Records of an earlier scan to resume from.")
    ] = 200_000,
    seconds: Annotated[
        float, typer.Option(min=0, help="Seconds to measure the throughput of each set.")
    ] = 60.0,
) -> None:
    """Measure scans: throughput against its bound, memory over files, cost of resuming.

    python -m benchmarks scan --model edge
    """
    from benchmarks.speed._scan import measure_scan, scan_markdown

    result = measure_scan(model, pictures, files, records, seconds)
    publish(out, result, scan_markdown(result))


def serve(
    model: ModelOption = DEFAULT_MODEL,
    pictures: _PicturesOption = None,
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

    result = measure_serve(model, pictures, rounds, requests)
    publish(out, result, serve_markdown(result))
