"""Plots of accuracy: ROC per origin, reliability, scores per origin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score, roc_curve

from benchmarks._plots import COLOURS
from benchmarks.accuracy._degradations import CLEAN
from benchmarks.accuracy._measure import Run, Scored
from benchmarks.accuracy._metrics import Floats, reliability
from train.data import CLASSES

_AI, _REAL = COLOURS[1], COLOURS[0]


def plot_accuracy(run: Run, folder: Path) -> list[Path]:
    """Plot the clean degradation of every model and split.

    Args:
        run: The scores.
        folder: Folder of the plots.

    Returns:
        Paths of the plots.
    """
    paths = []
    for scored in run.scored:
        if scored.degradation != CLEAN.name or scored.model not in {
            m["name"] for m in run.head["models"]
        }:
            continue
        splits = run.splits()
        for what, draw, size in (
            ("roc", _roc, (5.2, 4.6)),
            ("reliability", _reliability, (4.4, 4.2)),
            ("scores", _strips, (6.4, 6.2)),
        ):
            figure = Figure(figsize=(size[0] * len(splits), size[1]), layout="constrained")
            FigureCanvasAgg(figure)
            axes = figure.subplots(1, len(splits), squeeze=False)[0]
            for ax, split in zip(axes, splits, strict=True):
                draw(ax, run, scored, split)
                ax.set_title(f"{scored.model} on {split}, clean")
            path = folder / f"{what}-{scored.model}.png"
            figure.savefig(path, dpi=120)
            paths.append(path)
    return paths


def _readable(run: Run, scored: Scored, split: str) -> tuple[list[str], Floats]:
    """Class and source, and score, of the pictures of a split."""
    members = np.flatnonzero(run.of(split) & ~np.isnan(scored.p_fake))
    names = [f"{CLASSES[run.samples[i].label]}/{run.samples[i].origin}" for i in members]
    return names, scored.p_fake[members]


def _roc(ax: Axes, run: Run, scored: Scored, split: str) -> None:
    names, p_fake = _readable(run, scored, split)
    sources = np.array(names)
    real = p_fake[np.char.startswith(sources, "Real/")]
    for number, source in enumerate(sorted({n for n in names if n.startswith("AI/")})):
        ai = p_fake[sources == source]
        truth = np.r_[np.ones(len(ai)), np.zeros(len(real))]
        scores = np.r_[ai, real]
        fpr, tpr, _ = roc_curve(truth, scores)
        ax.plot(
            np.maximum(fpr, 1e-4),
            tpr,
            color=COLOURS[number % len(COLOURS)],
            linestyle="-" if number < len(COLOURS) else "--",
            label=f"{source} ({roc_auc_score(truth, scores):.3f})",
        )
    for fpr in (0.01, 0.05):
        ax.axvline(fpr, color="#bbbbbb", linewidth=0.8, linestyle=":")
    ax.set(
        xscale="log",
        xlim=(2e-3, 1),
        ylim=(0, 1.005),
        xlabel="false positive rate on all Real pictures (log)",
        ylabel="true positive rate",
    )
    ax.legend(fontsize=7, loc="lower right", title="source (AUC)", title_fontsize=7)


def _reliability(ax: Axes, run: Run, scored: Scored, split: str) -> None:
    names, p_fake = _readable(run, scored, split)
    is_ai = np.array([name.startswith("AI/") for name in names])
    bins = reliability(is_ai, p_fake)
    means, shares, counts = map(np.array, zip(*bins, strict=True))
    ax.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    ax.plot(means, shares, color=_REAL, linewidth=1)
    ax.scatter(means, shares, s=12 + 300 * counts / counts.sum(), color=_REAL, alpha=0.7)
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel="mean p_fake of the bin",
        ylabel="share of AI in the bin (area: pictures)",
    )


def _strips(ax: Axes, run: Run, scored: Scored, split: str) -> None:
    names, p_fake = _readable(run, scored, split)
    sources = sorted(set(names), reverse=True)
    random = np.random.default_rng(0)
    for row, source in enumerate(sources):
        mine = p_fake[np.array(names) == source]
        spread = row + random.uniform(-0.3, 0.3, len(mine))
        colour = _AI if source.startswith("AI/") else _REAL
        ax.scatter(mine, spread, s=3, alpha=0.5, color=colour, linewidths=0)
        ax.plot([np.median(mine)] * 2, [row - 0.38, row + 0.38], color="black", linewidth=1.2)
    for threshold in {scored.thresholds.fake, scored.thresholds.real}:
        ax.axvline(threshold, color="#666666", linewidth=0.8, linestyle="--")
    ax.set_yticks(range(len(sources)), sources, fontsize=8)
    ax.set(xlim=(-0.01, 1.01), xlabel="p_fake (dashed: thresholds; bars: medians)")
