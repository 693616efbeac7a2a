"""Macro averages over families of generators, with bootstrap intervals.

Every family counts the same, so that 30 pictures of one say as much as 600 of another; each is
ranked against all the photographs that it is measured with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy._metrics import Estimate, Floats, Weights, weighted
from fakeface import Thresholds

RANKING = ("auc", "tpr5")
"""What is averaged, of `benchmarks.accuracy._metrics.METRICS`."""

FEW = 5
"""A family with fewer pictures counts in no average."""

_ANY = Thresholds(fake=0.5, real=0.5)  # ranking needs none


def ranking(is_ai: npt.NDArray[np.bool_], p_fake: Floats, weights: Weights) -> Floats:
    """How well pictures are ranked, as they are and in every resample.

    Args:
        is_ai: Whether AI made each picture, shape (n,).
        p_fake: Scores, 0 to 1, shape (n,).
        weights: Draws of each picture, shape (resamples, n).

    Returns:
        `RANKING`, shape (2, 1 + resamples): first of the pictures as they are.
    """
    as_they_are = np.ones((1, len(is_ai)), np.float32)
    values = weighted(is_ai, p_fake, _ANY, np.concatenate([as_they_are, weights]))
    return np.stack([values[name] for name in RANKING])


def estimates(values: Floats) -> dict[str, Estimate]:
    """The figures of `ranking` with 95 % intervals (percentile bootstrap)."""
    out = {}
    for name, row in zip(RANKING, values, strict=True):
        low, high = np.nanpercentile(row[1:], [2.5, 97.5])
        out[name] = Estimate(float(row[0]), float(low), float(high))
    return out


def macro(
    families: Sequence[npt.NDArray[np.bool_]],
    is_ai: npt.NDArray[np.bool_],
    p_fake: Floats,
    weights: Weights,
) -> dict[str, object] | None:
    """The mean over families.

    Args:
        families: Which pictures belong to each family or are photographs, shape (n,).
        is_ai: As for `ranking`.
        p_fake: Likewise.
        weights: Likewise.

    Returns:
        Number of families, and the means as value, low, high; None without a family of `FEW`.
    """
    counted = [members for members in families if (is_ai & members).sum() >= FEW]
    if not counted:
        return None
    drawn = [ranking(is_ai[m], p_fake[m], weights[:, m]) for m in counted]
    means = estimates(np.mean(drawn, axis=0))
    return {"families": len(counted), **{name: e.as_list() for name, e in means.items()}}
