"""Results of a profile as Markdown and as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks._markdown import table
from benchmarks._provenance import machine_line
from benchmarks.speed._layers import KINDS

SHOWN = 10
"""Layers that are listed of each model."""


def profile_markdown(result: dict[str, Any]) -> str:
    """Format the result as tables.

    Args:
        result: From `benchmarks.speed._profile.profile`.

    Returns:
        Markdown.
    """
    parts = [
        "# Profile\n",
        f"- command: `{result['command']}`",
        machine_line(result["environment"]),
        "- all were measured in turns; on a busy machine trust ratios",
        "- operations are multiplications and additions as executed, padded channels included",
        "- peak throughput is that of the fastest large layer; the lower bound is the time that the"
        " arithmetic alone would take at it\n",
    ]
    for threads, cell in result["threads"].items():
        peaks = ", ".join(
            f"{speed:.0f}e9 operations a second in {precision}"
            for precision, speed in cell["peak_throughput"].items()
        )
        parts.append(
            f"## {threads} thread{'' if threads == '1' else 's'}\n\nPeak throughput: {peaks}.\n"
        )
        parts.append(_models(cell["models"]))
        parts.append(_kinds(cell["models"]))
    _, first = next(iter(result["threads"].items()))
    for name, model in first["models"].items():
        parts.append(f"## Slowest layers of {name}\n")
        parts.append(
            table(
                ["layer", "operator", "kind", "ms", "1e6 operations", "1e9 a second"],
                [
                    [
                        f"`{layer['name']}`",
                        layer["operator"],
                        layer["kind"],
                        f"{layer['ms']:.2f}",
                        f"{layer['operations'] / 1e6:.0f}",
                        f"{layer['speed']:.0f}",
                    ]
                    for layer in model["layers"][:SHOWN]
                ],
            )
        )
    return "\n".join(parts)


def _models(models: dict[str, Any]) -> str:
    return table(
        ["model", "ms a run", "1e9 operations", "lower bound, ms", "times the lower bound"],
        [
            [
                f"{name} {model['version']}",
                f"{model['whole_ms']:.2f}",
                f"{model['operations'] / 1e9:.2f}",
                f"{model['lower_bound_ms']:.2f}",
                f"{model['whole_ms'] / model['lower_bound_ms']:.2f}"
                if model["lower_bound_ms"]
                else "–",
            ]
            for name, model in models.items()
        ],
    )


def _kinds(models: dict[str, Any]) -> str:
    return table(
        [
            "layers",
            *(f"{name}, ms" for name in models),
            *(f"{name}, 1e9 a second" for name in models),
        ],
        [
            [
                kind,
                *(
                    f"{model['kinds'][kind]['ms']:.2f} ({model['kinds'][kind]['share']:.0%})"
                    for model in models.values()
                ),
                *(_speed(model["kinds"][kind]) for model in models.values()),
            ]
            for kind in KINDS
        ],
    )


def _speed(kind: dict[str, Any]) -> str:
    return f"{kind['speed']:.0f}" if kind["operations"] else "–"


def plot_profile(result: dict[str, Any], path: Path) -> None:
    """Plot a bar per model and number of threads, split by kind of layer, with its lower bound.

    Args:
        result: From `benchmarks.speed._profile.profile`.
        path: The PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from benchmarks._plots import COLOURS

    bars = [
        (f"{name}, {threads} thread{'' if threads == '1' else 's'}", model)
        for threads, cell in result["threads"].items()
        for name, model in cell["models"].items()
    ]
    figure = Figure(figsize=(7.2, 1.2 + 0.5 * len(bars)), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    for row, (_, model) in enumerate(bars):
        left = 0.0
        for colour, kind in zip(COLOURS, KINDS, strict=False):
            ms = model["kinds"][kind]["ms"]
            ax.barh(row, ms, left=left, color=colour, label=None if row else kind)
            left += ms
        bound = model["lower_bound_ms"]
        ax.plot([bound] * 2, [row - 0.45, row + 0.45], "k-", label=None if row else "lower bound")
    ax.set_yticks(range(len(bars)), [label for label, _ in bars])
    ax.invert_yaxis()
    ax.set(xlabel="ms a run, by layer", title="Where the time of a network goes")
    ax.legend(fontsize=8)
    figure.savefig(path, dpi=120)
