"""Plots of a run, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train.data._sample import CLASSES
from train.evaluate._scores import Scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = 12
"""Most origins that have a ROC curve of their own."""

FEWEST = 10
"""Fewest pictures of an origin with a ROC curve of its own: of one picture it is a single step."""

# Okabe and Ito's colours, which colour-blind readers tell apart.
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"


def plot_history(history: Sequence[dict[str, float]], path: Path, kept: int | None = None) -> None:
    """Draw every measure over the epochs, training and validation in one panel.

    Args:
        history: A row per epoch.
        path: Where to write the PNG.
        kept: The epoch whose weights were kept, marked in every panel; None to mark none.
    """
    known = [key.removeprefix("val_") for key in history[0] if key not in ("epoch", "step")]
    measures = list(dict.fromkeys(known))
    figure = _figure(4.5 * len(measures), 3.5)
    epochs = [row["epoch"] for row in history]
    for number, measure in enumerate(measures, 1):
        axes = figure.add_subplot(1, len(measures), number)
        for key, colour, name in ((measure, _BLUE, "train"), (f"val_{measure}", _ORANGE, "val")):
            if key in history[0]:
                values = [row[key] for row in history]
                axes.plot(epochs, values, marker="o", ms=3, color=colour, label=name)
        if kept is not None:
            axes.axvline(kept, color=_GREY, ls="--", lw=1, label=f"kept: epoch {kept:g}")
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
    """Draw the ROC curve (AI is positive), and those of the largest AI origins against all Real.

    An origin of fewer than 10 pictures has no curve.
    """
    from sklearn.metrics import auc, roc_curve

    figure = _figure(6, 5)
    axes = figure.add_subplot()
    real = scores.labels == 1
    origins, counts = np.unique(scores.origins[~real], return_counts=True)
    size = dict(zip(origins.tolist(), counts.tolist(), strict=True))
    large = sorted((origin for origin in size if size[origin] >= FEWEST), key=lambda o: -size[o])
    for origin in sorted(large[:_CURVES]):
        chosen = real | (scores.origins == origin)
        fpr, tpr, _ = roc_curve(~real[chosen], -scores.logits[chosen])
        name = f"{origin} ({size[origin]}), {auc(fpr, tpr):.3f}"
        axes.plot(fpr, tpr, lw=1, alpha=0.8, label=name)
    fpr, tpr, _ = roc_curve(~real, -scores.logits)
    name = f"all ({int((~real).sum())} AI, {int(real.sum())} Real), {auc(fpr, tpr):.3f}"
    axes.plot(fpr, tpr, color="black", lw=2, label=name)
    axes.plot([0, 1], [0, 1], color=_GREY, lw=1, ls="--")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes.grid(alpha=0.3)
    axes.legend(title="AUC (pictures)", fontsize=7, loc="lower right")
    figure.savefig(path, dpi=120)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")
