"""Calibration of logits to probabilities, operating points and thresholds.

Everything here is fitted on the split `val`, which no weight was fitted on. The head's logit is
that of Real, z; what is published is

    p_fake = sigmoid(-z / temperature + bias)

with temperature and bias from Platt scaling (Platt 1999, "Probabilistic outputs for support
vector machines"): a logistic regression on z whose targets are drawn in a little, so that classes
which `val` separates perfectly do not give an infinite slope. The probability holds for the mix of
AI and Real that `val` has. Within a class every family of generators, and every origin of
photographs, counts by the square root of its pictures: else one with half of all pictures would
decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from fakeface import OperatingPoint, Thresholds
from train.evaluate._scores import Floats, Scores
from train.evaluate._statistics import wilson

TARGETS = (0.05, 0.01)
"""False positive rates of the operating points; the first one is the default."""

FEWEST = 3
"""Photographs that a false positive rate has to stand for: n photographs carry FEWEST / n. With
none of n flagged the rate may still be 3 / n, with 95 % confidence (the rule of three: Hanley and
Lippman-Hand 1983, "If nothing goes wrong, is everything all right?")."""

MISSED = 0.05
"""Share of the AI pictures of `val` that the default may call real, each family by the root of its
pictures; the rest is `uncertain`."""

WORST = 0.8
"""How much of the rate a large Real source may have in `val`. Below 1, since a hundred pictures say
little: of 137, 5 flagged are under twice a rate of 5 % with 99 % confidence (Clopper-Pearson). With
more, other pictures of that source were flagged more than promised: in `test` 8.7 % with 1.5, 8.3 %
of a later model with 1.25, 8.7 % of a later one with 1.1."""

LARGE = 50
"""Real sources with as many pictures in `val` count one by one in the operating points."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of logits: temperature and bias.

    Attributes:
        temperature: What the logit is divided by, above 0.
        bias: What is added to the logit of AI after that.
        fitted_on: What it was fitted on, in words.
    """

    temperature: float
    bias: float
    fitted_on: str

    def p_fake(self, logits: Floats) -> Floats:
        """Return the calibrated probability of AI for logits of Real, shape [n]."""
        from scipy.special import expit

        return np.asarray(expit(-logits / self.temperature + self.bias))


def fit_calibration(val: Scores, name: str = "val") -> Calibration:
    """Fit temperature and bias.

    Args:
        val: Scores of both classes.
        name: What these pictures are.

    Returns:
        The calibration; temperature 1 and bias 0, and words that say so, where the logits of
        `val` do not rank Real above AI at all.
    """
    from sklearn.linear_model import LogisticRegression

    fake = val.labels == 0
    n_fake, n_real = int(fake.sum()), int((~fake).sum())
    target = np.where(fake, (n_fake + 1) / (n_fake + 2), 1 / (n_real + 2))
    inputs = -val.logits[:, np.newaxis]
    weight = _weights(val)
    regression = LogisticRegression(C=np.inf).fit(
        np.concatenate([inputs, inputs]),
        np.repeat([1, 0], len(target)),
        sample_weight=np.concatenate([target * weight, (1 - target) * weight]),
    )
    slope, bias = float(regression.coef_[0, 0]), float(regression.intercept_[0])
    what = f"{name}, {n_fake} AI and {n_real} Real, families and origins by the root of their sizes"
    if not slope > 1e-6:
        return Calibration(1.0, 0.0, f"nothing: the logits of {what} do not rank the classes")
    return Calibration(1 / slope, bias, what)


def fit_operating_points(
    val: Scores, calibration: Calibration, name: str = "val", val_rate: float = 1.0
) -> tuple[OperatingPoint, ...]:
    """Fit thresholds on `p_fake` that keep false alarms at `TARGETS`.

    The rate holds over all Real pictures of `val`, and over its origins by the square root of
    their sizes, over every kind of photograph of which there are `LARGE`, and no large Real source
    (`LARGE`) is above `WORST` times the rate, since a mean over sources can hide one whose every
    photograph is flagged.

    Args:
        val: Scores of both classes.
        calibration: Turns them into `p_fake`.
        name: What these pictures are.
        val_rate: How much of the rate all Real pictures may have, above 0 to 1: below 1 leaves room
            for origins that the detector was not trained on, of which more are flagged.

    Returns:
        One point per target that the photographs carry (`_levels`), the default first,
        each with Wilson's 95 % interval of the share of all Real pictures that it calls fake.
    """
    p_fake = calibration.p_fake(val.logits)
    real = val.labels == 1
    names, counts = np.unique(val.origins[real], return_counts=True)
    large = names[counts >= LARGE]
    kinds, counts_of_kinds = np.unique(val.kinds[real & (val.kinds != "")], return_counts=True)
    points = []
    sources = f"{len(names)} source{'s' * (len(names) != 1)}"
    for fpr, share in _levels(int(real.sum())):
        thresholds = {
            "all Real": _just_above(p_fake[real], val_rate * share),
            "all origins": _just_above(p_fake[real], share, _weights(val)[real]),
        }
        for kind in kinds[counts_of_kinds >= LARGE]:
            thresholds[f"kind {kind}"] = _just_above(p_fake[real & (val.kinds == kind)], share)
        for origin in large:
            thresholds[origin] = _just_above(p_fake[val.origins == origin], WORST * share)
        binding = max(thresholds, key=lambda name: thresholds[name])
        points.append(
            OperatingPoint(
                f"fpr{100 * fpr:g}",
                thresholds[binding],
                fpr,
                f"{name}, {int(real.sum())} Real of {sources}, "
                + (
                    f"{len(large)} of them at most {WORST:g} times the rate"
                    + (f", all at most {val_rate:g} times" if val_rate < 1 else "")
                    + f"; decided by {binding}"
                    if share
                    else "none of them flagged"
                ),
                int(real.sum()),
                wilson(int((p_fake[real] >= thresholds[binding]).sum()), int(real.sum())),
            )
        )
    return tuple(points)


def fit_thresholds(
    val: Scores, calibration: Calibration, points: tuple[OperatingPoint, ...]
) -> Thresholds:
    """Fit the default thresholds between the verdicts.

    Args:
        val: Scores of both classes.
        calibration: Turns them into `p_fake`.
        points: From `fit_operating_points`.

    Returns:
        `fake` from the first operating point on; `real` below where `MISSED` of the AI pictures
        lie; what is between is `uncertain`.
    """
    ai = val.labels == 0
    p_fake = calibration.p_fake(val.logits[ai])
    order = np.argsort(p_fake)
    shares = np.cumsum(_weights(val)[ai][order])
    lowest = p_fake[order][np.searchsorted(shares, MISSED * shares[-1], side="right")]
    fake = points[0].threshold
    return Thresholds(fake=fake, real=min(fake, float(lowest)))


def _levels(photographs: int) -> list[tuple[float, float]]:
    """Return the rates that so many photographs carry, each with the share that may be flagged.

    Where they carry none of `TARGETS`, none may be flagged, and the rate is the finest whole per
    cent that this shows with 95 % confidence: 3 / n.
    """
    finest = FEWEST / max(photographs, 1)
    carried = [(fpr, fpr) for fpr in TARGETS if fpr >= finest]
    return carried or [(min(ceil(round(100 * finest, 9)) / 100, 1.0), 0.0)]


def _weights(val: Scores) -> Floats:
    """What each picture counts: each group of a class by its root, the class as it has pictures."""
    _, which, counts = np.unique(val.groups, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[which])
    for label in (0, 1):
        mine = val.labels == label
        if mine.any():
            weights[mine] *= mine.sum() / weights[mine].sum()
    return np.asarray(weights, np.float64)


def _just_above(scores: Floats, share: float, weights: Floats | None = None) -> float:
    """A threshold that at most `share` of the scores reach, half-way to the next score above.

    Args:
        scores: Shape [n].
        share: 0 to 1.
        weights: What each score counts, shape [n]; alike where None.
    """
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    counted = np.cumsum(np.ones(len(scores)) if weights is None else weights[order])
    beyond = np.nonzero(counted > share * counted[-1] * (1 + 1e-12))[0]
    bound = descending[beyond[0] if len(beyond) else -1]
    above = descending[descending > bound]
    return float((bound + (above[-1] if len(above) else 1.0)) / 2)
