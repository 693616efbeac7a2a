"""Results of baselines as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks._markdown import metric, table
from benchmarks._provenance import machine_line

Result = dict[str, Any]


def baselines_markdown(result: Result) -> str:
    """Format all tables of a result of `benchmarks.baselines._measure.compare`."""
    return "\n".join(_parts(result))


def _parts(result: Result) -> Iterator[str]:
    sample, rows = result["sample"], result["baselines"]
    yield "# Baselines\n"
    yield f"- command: `{result['command']}`"
    yield machine_line(result["environment"])
    yield (
        "- each baseline ran in its own process, all in turns; on a busy machine trust ratios, not"
        " milliseconds"
    )
    yield f"- ratios: p50 as a multiple of that of {rows[0]['name']}"
    if sample["data"]:
        yield (
            f"- accuracy: {sample['AI']} AI and {sample['Real']} Real pictures of `test`, drawn"
            f" with seed {sample['seed']} from {sample['data']}; files as they are, or treated:"
        )
        yield from (f"  - {name}: {text}" for name, text in result["degradations"].items())
    yield ""
    ran = [row for row in rows if row["speed"] and not row["failed"]]
    for threads in map(str, result["threads"]):
        yield f"## {threads} thread{'' if threads == '1' else 's'}\n"
        yield (
            f"Milliseconds, p50 (p90, p99): the network alone on one face, and the verdict on a"
            f" JPEG file of {result['picture']}, faces included where the baseline finds them."
            " CPU: milliseconds that all its threads spent, which other programs hardly change.\n"
        )
        times = ("network", "ratio", "CPU", "verdict", "ratio", "CPU")
        yield table(
            ["baseline", *times, "peak memory, MB"],
            [[row["name"], *_speed(row, rows[0], threads)] for row in ran],
        )
    if scored := [row for row in rows if row["accuracy"]]:
        names = list(scored[0]["accuracy"])
        yield "## Accuracy\n"
        yield (
            "AUC with 95 % intervals (bootstrap within sources). Pictures in which no face was"
            " found are scored whole.\n"
        )
        yield table(
            ["baseline", *names],
            [
                [row["name"], *(metric(row["accuracy"].get(name, {}).get("auc")) for name in names)]
                for row in scored
            ],
        )
    yield "## What they are\n"
    yield table(
        ["baseline", "computes in", "versions"],
        [
            [
                row["name"],
                row["precision"],
                ", ".join(f"{k} {v}" for k, v in row["versions"].items()),
            ]
            for row in ran
        ],
    )
    if failed := [row for row in rows if row["failed"]]:
        yield "## Not measured\n"
        yield table(
            ["baseline", "why"],
            [[row["name"], row["failed"].replace("|", "\\|")] for row in failed],
        )


def _speed(row: Result, reference: Result, threads: str) -> Iterator[str]:
    speed, base = row["speed"][threads], reference["speed"].get(threads)
    for part in ("network", "verdict"):
        timing = speed[part]
        yield f"{timing['p50']:.2f} ({timing['p90']:.2f}, {timing['p99']:.2f})"
        yield f"{timing['p50'] / base[part]['p50']:.2f}" if base else "–"
        yield f"{speed[f'{part}_cpu']['p50']:.2f}"
    yield "–" if speed["peak_rss_mb"] is None else f"{speed['peak_rss_mb']:.0f}"
