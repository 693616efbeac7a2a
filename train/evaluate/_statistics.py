"""Confidence intervals and tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def wilson(correct: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a share (Wilson 1927).

    Args:
        correct: How many, 0 to n.
        n: Out of how many, at least 1.

    Returns:
        Lower and upper bound, 0 to 1.
    """
    from scipy.stats import binomtest

    interval = binomtest(correct, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def auc_interval(auc: float, positives: int, negatives: int) -> tuple[float, float]:
    """Return the 95 % interval of an area under the ROC curve.

    Method 5 of Newcombe 2006 ("Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic, part 2"): as Wilson's does for a share, it takes the variance of Hanley
    and McNeil 1982 at the bound that is sought. So a perfect ranking of a few pictures has a wide
    interval, not one of width 0.

    Args:
        auc: The area, 0 to 1.
        positives: Number of positive pictures, at least 1.
        negatives: Number of negative pictures, at least 1.

    Returns:
        Lower and upper bound, 0 to 1.
    """
    from scipy.optimize import brentq

    others = (positives + negatives) / 2 - 1

    def beyond(bound: float) -> float:
        spread = 1 + others * ((1 - bound) / (2 - bound) + bound / (1 + bound))
        variance = bound * (1 - bound) * spread / (positives * negatives)
        return (auc - bound) ** 2 - 1.96**2 * variance

    inside = min(max(auc, 1e-9), 1 - 1e-9)  # 0 and 1 are bounds of themselves
    low = float(brentq(beyond, 0.0, inside)) if auc > 0 else 0.0
    high = float(brentq(beyond, inside, 1.0)) if auc < 1 else 1.0
    return low, high


def mcnemar(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> tuple[int, int, float]:
    """Return McNemar's exact test of two detectors on the same pictures (McNemar 1947).

    Args:
        first: Whether the first was correct, per picture.
        second: Whether the second was correct, per picture.

    Returns:
        How often only the first was correct, how often only the second, and the two-sided p.
    """
    from scipy.stats import binomtest

    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    n = only_first + only_second
    return only_first, only_second, float(binomtest(only_first, n).pvalue) if n else 1.0
