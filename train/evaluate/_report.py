"""Metrics of a detector on a split: classification report, per origin, at the thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fakeface import OperatingPoint, Thresholds
from train.data._sample import CLASSES
from train.evaluate._calibration import Calibration
from train.evaluate._scores import Scores
from train.evaluate._statistics import auc_interval, wilson


def evaluate(
    scores: Scores,
    calibration: Calibration,
    points: tuple[OperatingPoint, ...],
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Compute the metrics.

    Args:
        scores: Scores of both classes or one.
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
        **_accuracy(scores.correct),
    }
    if ai.any() and real.any():
        out["auc"] = float(roc_auc_score(ai, p_fake))
        out["auc_interval"] = list(auc_interval(out["auc"], out["AI"], out["Real"]))
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
        str(origin): {
            "pictures": int((scores.origins == origin).sum()),
            **_accuracy(scores.correct[scores.origins == origin]),
            "flagged": _share(p_fake[scores.origins == origin] >= thresholds.fake),
        }
        for origin in np.unique(scores.origins)
    }
    return out


def as_text(scores: Scores, metrics: dict[str, Any]) -> str:
    """Format the metrics as scikit-learn prints them, then per origin.

    Args:
        scores: The scores.
        metrics: From `evaluate`.

    Returns:
        Text of many lines.
    """
    from sklearn.metrics import classification_report

    decided = (scores.logits >= 0).astype(int)
    report = classification_report(
        scores.labels, decided, labels=range(len(CLASSES)), target_names=CLASSES, zero_division=0.0
    )
    low, high = metrics["interval"]
    lines = [report, f"accuracy {metrics['accuracy']:.3f}, 95 % [{low:.3f}, {high:.3f}] (Wilson)"]
    if "auc" in metrics:
        low, high = auc_interval(metrics["auc"], metrics["AI"], metrics["Real"])
        lines.append(
            f"AUC {metrics['auc']:.3f}, 95 % [{low:.3f}, {high:.3f}], average precision"
            f" {metrics['average_precision']:.3f} (AI is positive)"
        )
    for name, at in metrics["operating_points"].items():
        rates = (f"{key.upper()} {at[key]:.3f}" for key in ("tpr", "fpr") if at[key] is not None)
        lines.append(f"at {name}: {', '.join(rates)}")
    lines.append(f"verdict uncertain: {metrics['uncertain']:.3f}")
    width = max(len(name) for name in metrics["sources"])
    lines += ["", f"{'source':{width}}  pictures  accuracy  95 %            flagged fake"]
    for name, row in metrics["sources"].items():
        low, high = row["interval"]
        lines.append(
            f"{name:{width}}  {row['pictures']:8}  {row['accuracy']:8.3f}  [{low:.3f}, {high:.3f}]"
            f"  {row['flagged']:12.3f}"
        )
    return "\n".join(lines) + "\n"


def warnings(val: dict[str, Any], points: Sequence[OperatingPoint]) -> list[str]:
    """List what to know before a detector is used, a line each; empty where all is well.

    Args:
        val: Metrics of `val`, from `evaluate`.
        points: The operating points.
    """
    few = [f"WARNING: {point.warning}" for point in points if point.warning]
    chance = chance_warning(val)
    return [chance, *few] if chance else few


def chance_warning(val: dict[str, Any]) -> str:
    """Warn of a detector that does not rank better than chance on `val`.

    Args:
        val: Metrics of `val`, from `evaluate`.

    Returns:
        One line; empty where the AUC is above .5 beyond its 95 % interval.
    """
    if "auc" not in val:
        return ""
    low, high = auc_interval(val["auc"], val["AI"], val["Real"])
    if low > 0.5:
        return ""
    return (
        f"WARNING: no better than chance: on val the AUC is {val['auc']:.3f}, 95 % [{low:.3f},"
        f" {high:.3f}], of {val['AI']} AI and {val['Real']} Real pictures, and chance is .5; do not"
        " use this detector"
    )


def _accuracy(correct: Any) -> dict[str, Any]:
    return {
        "accuracy": float(correct.mean()),
        "interval": list(wilson(int(correct.sum()), len(correct))),
    }


def _share(holds: Any) -> float | None:
    return float(holds.mean()) if len(holds) else None
