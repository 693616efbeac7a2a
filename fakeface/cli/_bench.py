from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from fakeface.cli import _options as options
from fakeface.cli._errors import OK, exits


@exits
@options.takes_detector_options("model", "provider", "threads")
def bench(
    *,
    settings: dict[str, Any],
    batch: Annotated[
        int | None,
        typer.Option(
            min=1, help="Batch size to measure besides 1; by default the one that scans use."
        ),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture with a face; by default a portrait of 512 px."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to measure, in seconds.")] = 5.0,
    output: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write all results to this file."),
    ] = None,
    overwrite: options.Overwrite = False,
) -> int:
    """Measure how long a verdict takes on this machine, step by step.

    Steps and batch sizes are measured in turns, so that their ratios hold while other programs
    run. Check the load average: on a busy machine everything takes longer.
    """
    from fakeface.cli._destination import check_new
    from fakeface.cli._errors import UsageError
    from fakeface.diagnostics._bench import PORTRAIT, bench
    from fakeface.reports._files import open_text
    from fakeface.reports._record import in_utf8

    if image is not None and not image.is_file():
        raise UsageError(f"{image} is not a file")
    if output is not None:
        check_new(output, overwrite)
        open_text(output, append=True).close()  # or an error, before it is measured
    result = bench(batch_size=batch, picture=image or PORTRAIT, seconds=seconds, **settings)
    if output is not None:
        output.write_text(json.dumps(in_utf8(result), indent=2) + "\n", "utf-8")
    _show(result)
    return OK


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    machine, model, picture = result["environment"], result["model"], result["picture"]
    cpu, load = machine["cpu"], machine["load_average"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    facts = [
        f"{model['name']} {model['version']}, {model['megabytes']} MB, {model['provider']},"
        f" {model['threads']} threads",
        f"{cpu['model']}, {cpu['processors']} processors, {' '.join(cpu['features'])}",
        f"{machine['system']}, load average {load[0] if load else 'unknown'}",
        versions,
    ]
    for fact in facts:
        console.print(fact, markup=False, soft_wrap=True)
    width, height = picture["size"]
    title = f"milliseconds, {width}x{height} px, {picture['faces']} face(s)"
    table = Table("step", title=title, title_justify="left")
    for name in ("p50", "p90", "p99", "mean", "n"):
        table.add_column(name, justify="right")
    rows = {**result["steps"]}
    for size, timing in result["model_alone"].items():
        rows[f"model alone, batch {size}"] = timing
    for name, timing in rows.items():
        cells = (f"{timing[key]:.2f}" for key in ("p50", "p90", "p99", "mean"))
        table.add_row(name, *cells, str(timing["n"]), end_section=name == "whole")
    console.print(table)
    cold = result["cold_start"]
    parts = ", ".join(
        f"{what} {cold[key]:.0f}"
        for what, key in (
            ("Python", "python"),
            ("imports", "import"),
            ("models", "load"),
            ("verdict", "first"),
        )
    )
    memory = "" if cold["peak_rss_mb"] is None else f", {cold['peak_rss_mb']:.0f} MB at its peak"
    console.print(f"{result['pictures_per_second']:.1f} pictures per second in a scan")
    console.print(
        f"{cold['whole']:.0f} ms for the first verdict of a new process ({parts}){memory}",
        soft_wrap=True,
    )
