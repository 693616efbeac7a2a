"""Plot of latency: steps per picture size, and the model alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks._plots import COLOURS
from fakeface.diagnostics import STAGES


def plot_latency(result: dict[str, Any], path: Path) -> None:
    """Plot a result of `benchmarks.speed._latency.latency`.

    Args:
        result: The result.
        path: The PNG to write.
    """
    models = result["models"]
    sizes = list(result["pictures"])
    figure = Figure(figsize=(10, 1.6 + 0.5 * len(models) * len(sizes)), layout="constrained")
    FigureCanvasAgg(figure)
    steps, alone = figure.subplots(1, 2)
    _steps(steps, models, sizes)
    _alone(alone, models)
    figure.savefig(path, dpi=120)


def _steps(ax: Axes, models: dict[str, Any], sizes: list[str]) -> None:
    rows = [(name, size) for name in models for size in sizes]
    left = [0.0] * len(rows)
    for number, step in enumerate(STAGES[:-1]):
        widths = [models[name]["steps"][size][step]["p50"] for name, size in rows]
        ax.barh(range(len(rows)), widths, left=left, color=COLOURS[number], label=step)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    ax.set_yticks(range(len(rows)), [f"{name}, {size}" for name, size in rows])
    ax.invert_yaxis()
    ax.set(xlabel="milliseconds, medians", title="One verdict, step by step")
    ax.legend(fontsize=8)


def _alone(ax: Axes, models: dict[str, Any]) -> None:
    rows = [
        (f"{name}, {threads} threads, batch {batch}", timing["p50"] / int(batch))
        for name, model in models.items()
        for threads, batches in model["model_alone"].items()
        for batch, timing in batches.items()
    ]
    ax.barh(range(len(rows)), [value for _, value in rows], color=COLOURS[0])
    ax.set_yticks(range(len(rows)), [label for label, _ in rows])
    ax.invert_yaxis()
    ax.set(xlabel="milliseconds per face, medians", title="The model alone")
