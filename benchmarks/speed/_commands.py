"""Commands that measure the speed of verdicts, scans and networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks._options import (
    ModelOption,
    ModelsOption,
    OutOption,
    SecondsOption,
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


def throughput(
    model: ModelOption = DEFAULT_MODEL,
    size: Annotated[str, typer.Option(help="Pictures: 256 px, 1024 px or 12 Mpx.")] = "1024 px",
    threads: ThreadCountsOption = [1, 2],  # noqa: B006
    batch: Annotated[list[int], typer.Option(min=1, help="Faces at once.")] = [1, 2, 8, 32],  # noqa: B006
    workers: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            max=64,
            help="Measure this many workers instead, as threads and as processes, and project 4 to"
            " 64 cores; may be repeated.",
        ),
    ] = None,
    seconds: SecondsOption = 120.0,
    out: OutOption = Path("results/throughput"),
) -> None:
    """Measure pictures per second over threads and batch, and the share of the bound.

    `scan` measures the same for folders, with memory and the cost of resuming.

    python -m benchmarks throughput --model edge

    python -m benchmarks throughput --workers 1 --workers 2
    """
    from benchmarks.speed._latency import SIZES
    from benchmarks.speed._throughput import plot_throughput, throughput_markdown
    from benchmarks.speed._throughput import throughput as measure

    if size not in SIZES:
        raise typer.BadParameter(f"no size {size!r}; there are: {', '.join(SIZES)}")
    if workers:
        from benchmarks.speed._many_cores import many_cores
        from benchmarks.speed._projection import many_cores_markdown

        if max(workers) < 2:
            raise typer.BadParameter("one worker projects nothing: give --workers 2 too")
        with progress_bars() as begin:
            result = many_cores(model, size, sorted({1, *workers}), seconds, begin)
        text = many_cores_markdown(result)
        write_result(out, "many-cores", result, text)
        show_markdown(text)
        return
    with progress_bars() as begin:
        result = measure(model, size, threads, batch, seconds, begin)
        text = throughput_markdown(result)
        write_result(out, "throughput", result, text)
        plot_throughput(result, out / "throughput.png")
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


def profile(
    model: ModelsOption,
    resnet50: Annotated[
        bool, typer.Option(help="Add the report's ResNet50 in fp32 and int8 (extra `train`).")
    ] = False,
    threads: ThreadCountsOption = [1, 2],  # noqa: B006
    seconds: SecondsOption = 60.0,
    out: OutOption = Path("results/profile"),
) -> None:
    """Profile networks layer by layer, against a lower bound that no runtime can beat.

    Layers come from ONNX Runtime's profiler, with their arithmetic and speed. The fastest large
    layer sets the peak throughput, and with it the lower bound. Built networks are kept in --out.

    python -m benchmarks profile --model edge --model edge-int8 --resnet50
    """
    from benchmarks.speed._profile import profile as measure
    from benchmarks.speed._profile_tables import plot_profile, profile_markdown

    with progress_bars() as begin:
        result = measure(
            [*model, *(_resnet50(out / "models") if resnet50 else ())], threads, seconds, begin
        )
        text = profile_markdown(result)
        write_result(out, "profile", result, text)
        plot_profile(result, out / "profile.png")
    typer.echo(text)


def _resnet50(folder: Path) -> list[str]:
    """Model directories of the report's first system with random weights, fp32 and int8."""
    from benchmarks.baselines._baseline import BaselineError
    from benchmarks.baselines._build import build_or_load

    try:
        fp32 = build_or_load("resnet50", folder, folder)
        return [str(fp32), str(build_or_load("resnet50-int8", fp32, folder))]
    except BaselineError as error:
        raise ValueError(f"the report's ResNet50: {error}") from error
