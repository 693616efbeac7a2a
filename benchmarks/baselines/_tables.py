"""Results of baselines as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks._markdown import metric, percent, table
from benchmarks._provenance import machine_line
from benchmarks.baselines._measure import ACCURACY_DEGRADATIONS

Result = dict[str, Any]


def baselines_markdown(result: Result) -> str:
    """Format all tables of a result of `benchmarks.baselines._measure.compare`."""
    return "\n".join(_parts(result))


def _parts(result: Result) -> Iterator[str]:
    sample = result["sample"]
    yield "# Baselines\n"
    yield f"- command: `{result['command']}`"
    yield machine_line(result["environment"])
    yield (
        "- each baseline ran in its own process, all in turns; on a busy machine trust ratios, not"
        " milliseconds"
    )
    yield f"- ratios: p50 as a multiple of that of {result['reference']}"
    if sample["data"]:
        yield (
            f"- accuracy: {sample['AI']} AI and {sample['Real']} Real pictures of `test`, drawn"
            f" with seed {sample['seed']} from {sample['data']}; files as they are, or treated:"
        )
        yield from (f"  - {name}: {text}" for name, text in result["degradations"].items())
    yield ""
    ran = [row for row in result["baselines"] if row["speed"]]
    for threads in map(str, result["threads"]):
        plural = "" if threads == "1" else "s"
        yield f"## {threads} thread{plural}\n"
        yield (
            f"Milliseconds, p50 (p90, p99; mean): the network alone on one face, and the verdict"
            f" on a JPEG file of {result['picture']}, faces included where the baseline finds them."
            " CPU: milliseconds that all its threads spent, which other programs hardly change.\n"
        )
        times = ("network", "ratio", "CPU", "verdict", "ratio", "CPU")
        yield table(
            ["baseline", *times, "AUC", "peak memory, MB"],
            [_speed_row(row, threads) for row in ran if threads in row["speed"]],
        )
    if any(row["accuracy"] for row in result["baselines"]):
        yield "## Accuracy\n"
        yield (
            "AUC with 95 % intervals (bootstrap within sources); shares called fake at the"
            " baseline's own threshold. Pictures in which no face was found are scored whole.\n"
        )
        yield table(
            [
                "baseline",
                *ACCURACY_DEGRADATIONS,
                "AI called fake",
                "Real called fake",
                "scored whole",
            ],
            [_accuracy_row(row) for row in result["baselines"] if row["accuracy"]],
        )
    yield "## What they are\n"
    yield table(
        ["baseline", "computes in", "versions", "installed, MB"],
        [_about_row(row) for row in ran],
    )
    if failed := [row for row in result["baselines"] if row["failed"]]:
        yield "## Not measured\n"
        yield table(
            ["baseline", "why"], [[row["name"], _cell_text(row["failed"])] for row in failed]
        )


def _speed_row(row: Result, threads: str) -> list[str]:
    speed = row["speed"][threads]
    ratio, peak = speed["ratio"], speed["peak_rss_mb"]
    auc = row["accuracy"].get("clean", {}).get("auc")
    return [
        row["name"],
        _timing(speed["network"]),
        f"{ratio['network']:.2f}" if "network" in ratio else "–",
        f"{speed['network_cpu']['p50']:.2f}",
        _timing(speed["verdict"]),
        f"{ratio['verdict']:.2f}" if "verdict" in ratio else "–",
        f"{speed['verdict_cpu']['p50']:.2f}",
        metric(auc, interval=False),
        "–" if peak is None else f"{peak:.0f}",
    ]


def _timing(timing: dict[str, float]) -> str:
    return f"{timing['p50']:.2f} ({timing['p90']:.2f}, {timing['p99']:.2f}; {timing['mean']:.2f})"


def _accuracy_row(row: Result) -> list[str]:
    degradations = row["accuracy"]
    clean = degradations.get("clean", {})
    return [
        row["name"],
        *(metric(degradations.get(name, {}).get("auc")) for name in ACCURACY_DEGRADATIONS),
        percent(clean.get("flagged_ai")),
        percent(clean.get("flagged_real")),
        str(clean.get("whole", "–")),
    ]


def _about_row(row: Result) -> list[str]:
    installed = next(iter(row["speed"].values()))["install_mb"]
    return [
        row["name"],
        row["precision"] or "–",
        ", ".join(f"{name} {number}" for name, number in row["versions"].items()),
        "–" if installed is None else f"{installed:.0f}",
    ]


def _cell_text(text: str) -> str:
    return text.replace("|", "\\|")
