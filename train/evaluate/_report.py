"""Figures of a detector on a split: the classification report, per source, at the thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from fakeface import OperatingPoint, Thresholds
from train.data._sample import CLASSES
from train.evaluate._calibration import Calibration
from train.evaluate._scores import Scores
from train.evaluate._statistics import wilson


def evaluate(
    scores: Scores,
    calibration: Calibration,
    points: tuple[OperatingPoint, ...],
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Compute the figures.

    Args:
        scores: What the detector said; both classes or one.
        calibration: Turns logits into `p_fake`.
        points: Operating points to count at.
        thresholds: Where the verdicts part.

    Returns:
        Plain values, ready for JSON. Accuracy and the classification report are of the head's own
        decision, a sigmoid of 0.5; AUC and average precision (AI is positive) need no threshold
        and are absent where there is one class only.
    """
    from sklearn.metrics import (
        average_precision_score,
        classification_report,
        confusion_matrix,
        roc_auc_score,
    )

    decided = (scores.logits >= 0).astype(int)
    p_fake = calibration.p_fake(scores.logits)
    ai, real = scores.labels == 0, scores.labels == 1
    out: dict[str, Any] = {
        "pictures": len(scores.names),
        "AI": int(ai.sum()),
        "Real": int(real.sum()),
        **_accuracy(scores.right),
    }
    if ai.any() and real.any():
        out["auc"] = float(roc_auc_score(ai, p_fake))
        out["average_precision"] = float(average_precision_score(ai, p_fake))
    out["uncertain"] = float(((p_fake >= thresholds.real) & (p_fake < thresholds.fake)).mean())
    out["operating_points"] = {
        point.name: {
            "tpr": _share(p_fake[ai] >= point.threshold),
            "fpr": _share(p_fake[real] >= point.threshold),
        }
        for point in points
    }
    out["report"] = classification_report(
        scores.labels,
        decided,
        labels=range(len(CLASSES)),
        target_names=CLASSES,
        output_dict=True,
        zero_division=0.0,
    )
    out["confusion"] = confusion_matrix(scores.labels, decided, labels=range(len(CLASSES))).tolist()
    out["sources"] = {
        str(source): {
            "pictures": int((scores.sources == source).sum()),
            **_accuracy(scores.right[scores.sources == source]),
            "flagged": _share(p_fake[scores.sources == source] >= thresholds.fake),
        }
        for source in np.unique(scores.sources)
    }
    return out


def as_text(scores: Scores, figures: dict[str, Any]) -> str:
    """The figures as scikit-learn prints them, then the sources.

    Args:
        scores: What the detector said.
        figures: What `evaluate` made of it.

    Returns:
        Text of many lines.
    """
    from sklearn.metrics import classification_report

    decided = (scores.logits >= 0).astype(int)
    report = classification_report(
        scores.labels, decided, labels=range(len(CLASSES)), target_names=CLASSES, zero_division=0.0
    )
    low, high = figures["interval"]
    lines = [report, f"accuracy {figures['accuracy']:.3f}, 95 % [{low:.3f}, {high:.3f}] (Wilson)"]
    if "auc" in figures:
        lines.append(
            f"AUC {figures['auc']:.3f}, average precision"
            f" {figures['average_precision']:.3f} (AI is positive)"
        )
    for name, at in figures["operating_points"].items():
        rates = (f"{key.upper()} {at[key]:.3f}" for key in ("tpr", "fpr") if at[key] is not None)
        lines.append(f"at {name}: {', '.join(rates)}")
    lines.append(f"verdict uncertain: {figures['uncertain']:.3f}")
    width = max(len(name) for name in figures["sources"])
    lines += ["", f"{'source':{width}}  pictures  accuracy  95 %            flagged fake"]
    for name, row in figures["sources"].items():
        low, high = row["interval"]
        lines.append(
            f"{name:{width}}  {row['pictures']:8}  {row['accuracy']:8.3f}  [{low:.3f}, {high:.3f}]"
            f"  {row['flagged']:12.3f}"
        )
    return "\n".join(lines) + "\n"


def _accuracy(right: Any) -> dict[str, Any]:
    return {
        "accuracy": float(right.mean()),
        "interval": list(wilson(int(right.sum()), len(right))),
    }


def _share(holds: Any) -> float | None:
    return float(holds.mean()) if len(holds) else None
