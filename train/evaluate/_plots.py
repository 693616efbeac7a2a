"""Plots of a run, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from train.data._sample import CLASSES
from train.evaluate._scores import Scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers tell apart.
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"


def plot_history(history: Sequence[dict[str, float]], path: Path) -> None:
    """Draw every measure over the epochs, training and validation in one panel."""
    measures = [key for key in history[0] if key != "epoch" and not key.startswith("val_")]
    figure = _figure(4.5 * len(measures), 3.5)
    epochs = [row["epoch"] for row in history]
    for number, measure in enumerate(measures, 1):
        axes = figure.add_subplot(1, len(measures), number)
        for key, colour, name in ((measure, _BLUE, "train"), (f"val_{measure}", _ORANGE, "val")):
            if key in history[0]:
                values = [row[key] for row in history]
                axes.plot(epochs, values, marker="o", ms=3, color=colour, label=name)
        axes.set(xlabel="epoch", ylabel=measure)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)


def plot_confusion(confusion: Sequence[Sequence[int]], path: Path) -> None:
    """Draw the confusion matrix."""
    from sklearn.metrics import ConfusionMatrixDisplay

    figure = _figure(4, 3.5)
    axes = figure.add_subplot()
    ConfusionMatrixDisplay(np.array(confusion), display_labels=CLASSES).plot(
        ax=axes, cmap="Blues", colorbar=False
    )
    figure.savefig(path, dpi=120)


def plot_roc(scores: Scores, path: Path) -> None:
    """Draw the ROC curve (AI is positive), and that of each AI origin against all Real."""
    from sklearn.metrics import auc, roc_curve

    figure = _figure(6, 5)
    axes = figure.add_subplot()
    real = scores.labels == 1
    for origin in np.unique(scores.origins[~real]):
        chosen = real | (scores.origins == origin)
        fpr, tpr, _ = roc_curve(~real[chosen], -scores.logits[chosen])
        axes.plot(fpr, tpr, lw=1, alpha=0.8, label=f"{origin}, {auc(fpr, tpr):.3f}")
    fpr, tpr, _ = roc_curve(~real, -scores.logits)
    axes.plot(fpr, tpr, color="black", lw=2, label=f"all, {auc(fpr, tpr):.3f}")
    axes.plot([0, 1], [0, 1], color=_GREY, lw=1, ls="--")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes.grid(alpha=0.3)
    axes.legend(title="AUC", fontsize=7, loc="lower right")
    figure.savefig(path, dpi=120)


def plot_comparison(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the accuracies of systems with their intervals, beside those that the report gives.

    Args:
        rows: Per system `name`, `accuracy` and `interval`, and `reported`: the report's own, or
            None.
        path: Where to write the PNG.
    """
    figure = _figure(7, 0.7 * len(rows) + 1.3)
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        reported = row.get("reported")
        pairs = [(row, -0.12, _BLUE, "here"), (reported, 0.12, _ORANGE, "the report")]
        for figures, shift, colour, name in pairs:
            if figures is not None:
                low, high = figures["interval"]
                value = figures["accuracy"]
                axes.errorbar(
                    value, place + shift, xerr=[[value - low], [high - value]], fmt="o", ms=5,
                    capsize=3, color=colour, label=name if place == 0 else None,
                )  # fmt: skip
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("accuracy with Wilson's 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")
