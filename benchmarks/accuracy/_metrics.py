"""Metrics with 95 % intervals. AI is the positive class throughout.

- `auc`: area under the ROC curve
- `tpr5`, `tpr1`: largest TPR among thresholds with an FPR of at most 5 %, 1 %
- `ece`: expected calibration error of `p_fake`, equal-width bins (Guo et al. 2017)
- `flagged_ai`, `flagged_real`: share of AI and of real pictures with the verdict `fake`
- `uncertain`, `uncertain_ai`, `uncertain_real`: share of all, AI and real pictures with the verdict
  `uncertain`

Intervals of the first need thousands of evaluations, so they are computed for many resamples at
once from weighted counts. Pictures are resampled within their source (percentile bootstrap, Efron
1979): the intervals hold for new pictures of the same origins, not for new origins; those are what
`unseen` and leave-family-out are for. Shares of verdicts have Wilson's interval instead, since
resampling an origin of which nothing was flagged would give an interval of zero width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fakeface import Thresholds
from train.evaluate import wilson

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float32]

Estimate = list[float | None]
"""Value, and low and high of its interval, to five digits; None where a metric is undefined, such
as the AUC of one class."""

ECE_BINS = 15

FEW = 5
"""A family with fewer pictures counts in no mean over families."""


def resamples(groups: Sequence[str], count: int, seed: int) -> Weights:
    """Draw bootstrap resamples: how often each picture counts in each.

    Args:
        groups: The source of each picture; every source keeps its number of pictures.
        count: Number of resamples.
        seed: Of the random numbers; the same draws for the same `groups`, so that models can be
            compared on equal resamples.

    Returns:
        Counts, float32, shape (1 + count, len(groups)): first the pictures as they are.
    """
    names = np.asarray(groups)
    weights = np.ones((1 + count, len(names)), np.float32)
    random = np.random.default_rng(seed)
    for name in sorted(set(groups)):
        (where,) = np.nonzero(names == name)
        weights[1:, where] = random.multinomial(len(where), [1 / len(where)] * len(where), count)
    return weights


def resampled(is_ai: Bools, p_fake: Floats, w: Weights) -> dict[str, Floats]:
    """Compute the metrics that need no threshold, of every resample.

    Args:
        is_ai: Whether AI made each picture, shape (n,).
        p_fake: Scores, 0 to 1, shape (n,).
        w: Counts of each picture, shape (resamples, n), from `resamples`.

    Returns:
        `auc`, `tpr5`, `tpr1` and `ece`, each of shape (resamples,); NaN where a class is missing.
    """
    order = np.argsort(-p_fake, kind="stable")
    ranked, sorted_w = p_fake[order], w[:, order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])  # of every distinct score
    positive = np.add.reduceat(sorted_w * is_ai[order], starts, axis=1)
    negative = np.add.reduceat(sorted_w, starts, axis=1) - positive
    tp, fp = positive.cumsum(axis=1), negative.cumsum(axis=1)
    positives, negatives = tp[:, -1].astype(np.float64), fp[:, -1].astype(np.float64)

    def tpr_at(most: float) -> Floats:
        allowed = (fp <= most * negatives[:, np.newaxis] + 1e-6).sum(axis=1)
        best = np.where(allowed > 0, tp[np.arange(len(w)), allowed - 1], 0)
        return np.asarray(np.where(negatives > 0, best / positives, np.nan))

    area = ((tp - positive / 2) * negative).sum(axis=1, dtype=np.float64)
    bins = np.minimum((p_fake * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    gaps = w @ ((p_fake - is_ai)[:, np.newaxis] * (bins[:, np.newaxis] == np.arange(ECE_BINS)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "auc": area / (positives * negatives),
            "tpr5": tpr_at(0.05),
            "tpr1": tpr_at(0.01),
            "ece": np.abs(gaps).sum(axis=1) / w.sum(axis=1),
        }


def mean(parts: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    """Average `auc` and `tpr5` of parts: each counts the same, be it 30 pictures or 600."""
    return {name: np.mean([part[name] for part in parts], axis=0) for name in ("auc", "tpr5")}


def intervals(values: Mapping[str, Floats]) -> dict[str, Estimate]:
    """Estimate every metric from its values of `resampled`."""
    out: dict[str, Estimate] = {}
    for name, row in values.items():
        drawn = row[1:][~np.isnan(row[1:])]
        low, high = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else (np.nan, np.nan)
        out[name] = [None if np.isnan(v) else round(float(v), 5) for v in (row[0], low, high)]
    return out


def share(count: int, n: int) -> Estimate:
    """Estimate a share with Wilson's interval."""
    if not n:
        return [None, None, None]
    return [round(value, 5) for value in (count / n, *wilson(count, n))]


def verdicts(is_ai: Bools, p_fake: Floats, thresholds: Thresholds) -> dict[str, Estimate]:
    """Compute the shares of pictures with the verdicts `fake` and `uncertain`."""
    fake = p_fake >= thresholds.fake
    uncertain = ~fake & (p_fake >= thresholds.real)

    def of(members: Bools, verdict: Bools) -> Estimate:
        return share(int((members & verdict).sum()), int(members.sum()))

    return {
        "flagged_ai": of(is_ai, fake),
        "flagged_real": of(~is_ai, fake),
        "uncertain": of(np.ones_like(is_ai), uncertain),
        "uncertain_ai": of(is_ai, uncertain),
        "uncertain_real": of(~is_ai, uncertain),
    }
