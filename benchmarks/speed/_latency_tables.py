"""Results of latency as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks._markdown import table
from benchmarks._provenance import machine_line
from benchmarks.speed._latency import SPENT
from fakeface.diagnostics import STAGES


def latency_markdown(result: dict[str, Any]) -> str:
    """Format the result as tables."""
    machine = result["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    parts = [
        "# Latency\n",
        f"- command: `{result['command']}`",
        machine_line(machine),
        f"- versions: {versions}",
        "- variants were measured in turns; on a busy machine trust ratios, not milliseconds\n",
    ]
    for name, model in result["models"].items():
        parts += [
            f"## {name} {model['version']}, {model['megabytes']} MB\n",
            f"Milliseconds, p50 (p90, p99), {model['threads']} threads for the model, one for the"
            " face finder:\n",
            table(
                ["step", *model["steps"]],
                [[step, *(_cell(s[step]) for s in model["steps"].values())] for step in STAGES]
                + [
                    [f"in {where}", *(_cell(spent[where]) for spent in model["spent"].values())]
                    for where in SPENT
                ]
                + [["share of Python", *(f"{share:.1%}" for share in model["overhead"].values())]],
            ),
            "The model alone, milliseconds of a batch, p50 (p90, p99); then faces per second:\n",
            table(
                [
                    "threads",
                    *(f"batch {batch}" for batch in next(iter(model["model_alone"].values()))),
                ],
                [
                    [
                        threads,
                        *(
                            f"{_cell(t)}; {1e3 * int(batch) / t['p50']:.0f}/s"
                            for batch, t in batches.items()
                        ),
                    ]
                    for threads, batches in model["model_alone"].items()
                ],
            ),
            "Commands from start to end, 1024 px, medians:\n",
            table(
                ["command", "seconds", "peak memory, MB"],
                [
                    [command, f"{cost['seconds']:.2f}", _memory(cost["peak_rss_mb"])]
                    for command, cost in model["commands"].items()
                ],
            ),
            "Peak memory of `fakeface predict`, MB: "
            + ", ".join(f"{size} {_memory(mb)}" for size, mb in model["peak_rss_mb"].items())
            + ".\n",
            "The first verdict of a new process, 1024 px, medians in milliseconds:\n",
            table(
                ["threads", "Python", "imports", "models", "verdict", "whole", "peak memory, MB"],
                [
                    [
                        threads,
                        *(
                            f"{cold[key]:.0f}"
                            for key in ("python", "import", "load", "first", "whole")
                        ),
                        _memory(cold["peak_rss_mb"]),
                    ]
                    for threads, cold in model["cold_start"].items()
                ],
            ),
        ]
    return "\n".join([*parts, *_installed(result["installed"])])


def _installed(installed: dict[str, Any]) -> Iterator[str]:
    yield "## Installed\n"
    yield "Disk space in MB, with the distributions of 10 MB or more.\n"
    yield table(
        ["what", "MB", "of which"],
        [
            [
                name,
                f"{sizes['megabytes']:.0f}",
                ", ".join(f"{k} {mb:.0f}" for k, mb in sizes["largest"].items() if mb >= 10),
            ]
            for name, sizes in installed.items()
            if sizes is not None
        ],
    )


def _memory(megabytes: float | None) -> str:
    return "–" if megabytes is None else f"{megabytes:.0f}"


def _cell(timing: dict[str, float]) -> str:
    return f"{timing['p50']:.2f} ({timing['p90']:.2f}, {timing['p99']:.2f})"
