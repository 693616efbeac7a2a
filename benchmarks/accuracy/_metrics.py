"""Metrics with bootstrap intervals. AI is the positive class throughout.

Point estimates are scikit-learn's where it has them. The intervals need thousands of evaluations,
so the same metrics are computed here for many resamples at once from weighted counts; the tests
compare both.

Pictures are resampled within their source (percentile bootstrap, Efron 1979): the intervals
hold for new pictures of the same origins, not for new origins; those are what `unseen` and
leave-one-out are for. Fractions of verdicts have Wilson's interval instead, since resampling an
origin of which nothing was flagged would give an interval of zero width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from fakeface import Thresholds
from train.evaluate import wilson

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float32]

ECE_BINS = 15
"""Number of equal-width bins of the expected calibration error (Guo et al. 2017)."""

METRICS: dict[str, str] = {
    "auc": "area under the ROC curve",
    "ap": "average precision",
    "balanced_accuracy": "mean of TPR and TNR, `fake` against the rest, at the default thresholds",
    "tpr5": "largest TPR among thresholds with an FPR of at most 5 %",
    "tpr1": "largest TPR among thresholds with an FPR of at most 1 %",
    "ece": f"expected calibration error of p_fake, {ECE_BINS} equal-width bins (Guo et al. 2017)",
    "uncertain": "share with the verdict `uncertain`",
    "uncertain_ai": "share of AI pictures with the verdict `uncertain`",
    "uncertain_real": "share of real pictures with the verdict `uncertain`",
    "flagged_ai": "share of AI pictures with the verdict `fake`",
    "flagged_real": "share of real pictures with the verdict `fake`",
}


_SHARE_OF: dict[str, Callable[[npt.NDArray[np.bool_]], int]] = {
    "uncertain": len,
    "uncertain_ai": lambda is_ai: int(is_ai.sum()),
    "uncertain_real": lambda is_ai: int((~is_ai).sum()),
    "flagged_ai": lambda is_ai: int(is_ai.sum()),
    "flagged_real": lambda is_ai: int((~is_ai).sum()),
}
"""Metrics that are a fraction of pictures, and the number of those."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric and its 95 % interval.

    Attributes:
        value: The metric; NaN where it is undefined, such as an AUC of one class.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    value: float
    low: float
    high: float

    def as_list(self) -> list[float | None]:
        """Return value, low and high to five digits; None for NaN, ready for JSON."""
        return [
            None if np.isnan(figure) else round(float(figure), 5)
            for figure in (self.value, self.low, self.high)
        ]


def resamples(groups: Sequence[str], count: int, seed: int) -> Weights:
    """Draw bootstrap resamples: how often each picture counts in each.

    Args:
        groups: The source of each picture; every source keeps its number of pictures.
        count: Number of resamples.
        seed: Of the random numbers; the same draws for the same `groups`, so that models can be
            compared on equal resamples.

    Returns:
        Counts, float32, shape (count, len(groups)).
    """
    names = np.asarray(groups)
    weights = np.zeros((count, len(names)), np.float32)
    random = np.random.default_rng(seed)
    for name in sorted(set(groups)):
        (where,) = np.nonzero(names == name)
        weights[:, where] = random.multinomial(len(where), [1 / len(where)] * len(where), count)
    return weights


def measure(
    is_ai: npt.NDArray[np.bool_],
    p_fake: Floats,
    thresholds: Thresholds,
    weights: Weights,
) -> dict[str, Estimate]:
    """Compute all of `METRICS` with their intervals.

    Args:
        is_ai: Whether AI made each picture, shape (n,).
        p_fake: Scores, 0 to 1, shape (n,).
        thresholds: The model's default thresholds.
        weights: Counts of each picture, shape (resamples, n), from `resamples`.

    Returns:
        One estimate per metric; NaN where a metric needs a class that is not there.
    """
    points = _points(is_ai, p_fake, thresholds)
    resampled = weighted(is_ai, p_fake, thresholds, weights)
    out = {}
    for name, value in points.items():
        if name in _SHARE_OF:
            n = _SHARE_OF[name](is_ai)
            low, high = wilson(round(value * n), n) if n else (np.nan, np.nan)
        else:
            values = resampled[name][~np.isnan(resampled[name])]
            low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
        out[name] = Estimate(value, float(low), float(high))
    return out


def _points(
    is_ai: npt.NDArray[np.bool_], p_fake: Floats, thresholds: Thresholds
) -> dict[str, float]:
    """Compute all of `METRICS`, with scikit-learn where it has them."""
    ones = np.ones((1, len(is_ai)), np.float32)
    counted = weighted(is_ai, p_fake, thresholds, ones)
    points = {name: float(values[0]) for name, values in counted.items()}
    if is_ai.any() and not is_ai.all():
        points["auc"] = float(roc_auc_score(is_ai, p_fake))
        points["ap"] = float(average_precision_score(is_ai, p_fake))
        points["balanced_accuracy"] = float(
            balanced_accuracy_score(is_ai, p_fake >= thresholds.fake)
        )
    return points


def weighted(
    is_ai: npt.NDArray[np.bool_],
    p_fake: Floats,
    thresholds: Thresholds,
    weights: Weights,
) -> dict[str, Floats]:
    """Compute all of `METRICS` for many weightings of the same pictures at once.

    Args:
        is_ai: Whether AI made each picture, shape (n,).
        p_fake: Scores, 0 to 1, shape (n,).
        thresholds: The model's default thresholds.
        weights: How often each picture counts, shape (w, n).

    Returns:
        Per metric its values, shape (w,).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            **_ranking(is_ai, p_fake, weights),
            **_shares(is_ai, p_fake, thresholds, weights),
            "ece": _ece(is_ai, p_fake, weights),
        }


def _ranking(is_ai: npt.NDArray[np.bool_], p_fake: Floats, w: Weights) -> dict[str, Floats]:
    """Compute metrics that need no threshold, from counts at every distinct score."""
    order = np.argsort(-p_fake, kind="stable")
    ranked = p_fake[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    sorted_w = w[:, order]
    positive = np.add.reduceat(sorted_w * is_ai[order], starts, axis=1)
    negative = np.add.reduceat(sorted_w, starts, axis=1) - positive
    tp, fp = positive.cumsum(axis=1), negative.cumsum(axis=1)
    positives, negatives = tp[:, -1].astype(np.float64), fp[:, -1].astype(np.float64)
    both = np.where((positives > 0) & (negatives > 0), 1.0, np.nan)
    rows = np.arange(len(w))

    def tpr_at(most: float) -> Floats:
        allowed = (fp <= most * negatives[:, np.newaxis] + 1e-6).sum(axis=1)
        best = np.where(allowed > 0, tp[rows, allowed - 1], 0)
        return best / positives * both

    def total(values: Floats | Weights) -> Floats:
        return np.asarray(values.sum(axis=1, dtype=np.float64), np.float64)

    return {
        "auc": total((tp - positive / 2) * negative) / (positives * negatives) * both,
        "ap": total(positive * tp / np.maximum(tp + fp, 1)) / positives * both,
        "tpr5": tpr_at(0.05),
        "tpr1": tpr_at(0.01),
    }


def _shares(
    is_ai: npt.NDArray[np.bool_], p_fake: Floats, thresholds: Thresholds, w: Weights
) -> dict[str, Floats]:
    """Compute metrics of the verdicts at the default thresholds."""
    fake = p_fake >= thresholds.fake
    uncertain = ~fake & (p_fake >= thresholds.real)

    def share(what: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> Floats:
        return np.asarray(w @ (what & of) / (w @ of), np.float64)

    everything = np.ones_like(is_ai)
    flagged_ai, flagged_real = share(fake, is_ai), share(fake, ~is_ai)
    return {
        "balanced_accuracy": (flagged_ai + 1 - flagged_real) / 2,
        "uncertain": share(uncertain, everything),
        "uncertain_ai": share(uncertain, is_ai),
        "uncertain_real": share(uncertain, ~is_ai),
        "flagged_ai": flagged_ai,
        "flagged_real": flagged_real,
    }


def reliability(is_ai: npt.NDArray[np.bool_], p_fake: Floats) -> list[tuple[float, float, int]]:
    """Compute the reliability diagram (Guo et al. 2017).

    Args:
        is_ai: Whether AI made each picture, shape (n,).
        p_fake: Scores, 0 to 1, shape (n,).

    Returns:
        Per bin that holds a picture: mean `p_fake`, share of AI pictures, number of pictures.
    """
    bins = _bins(p_fake)
    return [
        (float(p_fake[bins == b].mean()), float(is_ai[bins == b].mean()), int((bins == b).sum()))
        for b in np.unique(bins)
    ]


def _bins(p_fake: Floats) -> npt.NDArray[np.int64]:
    return np.minimum((p_fake * ECE_BINS).astype(np.int64), ECE_BINS - 1)


def _ece(is_ai: npt.NDArray[np.bool_], p_fake: Floats, w: Weights) -> Floats:
    """Average the distance between p_fake and the share of AI over the bins, by pictures."""
    member = _bins(p_fake)[:, np.newaxis] == np.arange(ECE_BINS)
    gap = w @ ((p_fake - is_ai)[:, np.newaxis] * member)
    return np.asarray(np.abs(gap).sum(axis=1) / w.sum(axis=1), np.float64)
