"""Plot of speed against accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks._plots import COLOURS


def plot_baselines(result: dict[str, Any], path: Path) -> None:
    """Plot a result of `benchmarks.baselines._measure.compare`, one panel per number of threads.

    Baselines without an accuracy (random weights, or no pictures) stand on a line below the others.

    Args:
        result: The result.
        path: The PNG to write.
    """
    counts = list(map(str, result["threads"]))
    rows = [row for row in result["baselines"] if row["speed"]]
    figure = Figure(figsize=(6 * len(counts), 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(counts), squeeze=False, sharey=True)[0]
    for ax, threads in zip(panels, counts, strict=True):
        _panel(ax, [row for row in rows if threads in row["speed"]], threads)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    figure.savefig(path, dpi=120)


def _panel(ax: Axes, rows: list[dict[str, Any]], threads: str) -> None:
    known = [auc for row in rows if (auc := _auc(row)) is not None]
    bottom = min([0.5, *(low for _, low, _ in known)]) - 0.03
    for number, row in enumerate(rows):
        auc = _auc(row)
        value, low, high = auc or (bottom, bottom, bottom)
        ax.errorbar(
            row["speed"][threads]["verdict"]["p50"],
            value,
            yerr=[[value - low], [high - value]] if auc else None,
            fmt="osD^v"[number // len(COLOURS) % 5] if auc else "|",
            color=COLOURS[number % len(COLOURS)],
            markersize=7 if auc else 14,
            capsize=2,
            label=row["name"],
        )
    ax.axhline(0.5, color="#999999", linewidth=0.8, linestyle=":")
    ax.set_xscale("log")
    ax.set(
        xlabel="milliseconds of a verdict from a file, median",
        ylabel="AUC on the sample; below the dots: not known",
        title=f"{threads} thread{'' if threads == '1' else 's'}",
    )


def _auc(row: dict[str, Any]) -> tuple[float, float, float] | None:
    found = row["accuracy"].get("clean", {}).get("auc")
    if found is None or any(value is None for value in found):
        return None
    return (found[0], found[1], found[2])
