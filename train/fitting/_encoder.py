"""Fit a linear head on the features of a frozen encoder.

The regression is fitted on `train` and `val`. Calibration and thresholds come from scores out of
fold: families of generators and origins of photographs are left out in turn, so that every picture
is scored by a head that has seen none of its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.errors import DataError
from train.evaluate._scores import Scores
from train.fitting._encoder_features import EncoderTable
from train.fitting._finalize import TrainingResult
from train.networks._encoder_head import EncoderHead
from train.progress import console
from train.recipes._encoder_spec import EncoderSpec
from train.recipes._recipe import EncoderRecipe

Floats = npt.NDArray[np.float64]

_DEAD = 1e-3  # added to standard deviations
_STEPS = 1000
_FIT_PRECISION = "int8"  # of the features that the head is fitted on, where its noise does no harm


def fit(recipe: EncoderRecipe, data: Data, cache: Cache, out: Path) -> TrainingResult:  # noqa: ARG001
    """Compute the features that are missing, then fit; see `train.fitting._fit.fit`."""
    spec = recipe.encoder
    used = data.split("train", "val")
    folds = _folds(used, spec, recipe.seed)
    rows = EncoderTable(recipe, cache, _FIT_PRECISION).rows(used)
    held_out = np.empty(len(used))
    for number, (fitted, left_out) in enumerate(folds, 1):
        head = fit_head(rows[fitted], [used[i] for i in fitted], spec)
        held_out[left_out] = head.logits(rows[left_out])
        console.print(
            f"fold {number} of {spec.folds}: fitted on {len(fitted):,} pictures", markup=False
        )
    head = fit_head(rows, used, spec)
    exact = EncoderTable(recipe, cache)

    def logits(samples: Sequence[Sample]) -> Floats:
        return head.logits(exact.rows(samples))

    return TrainingResult(head, [], logits, held_out=Scores.of(used, held_out))


def fit_head(rows: Floats, samples: Sequence[Sample], spec: EncoderSpec) -> EncoderHead:
    """Fit a head.

    Args:
        rows: Features of the samples, [n, columns].
        samples: The samples.
        spec: The recipe's settings.

    Returns:
        The head, on features as they are.
    """
    from sklearn.linear_model import LogisticRegression

    mean, deviation = rows.mean(0), rows.std(0) + _DEAD
    unit = LogisticRegression(C=spec.inverse_penalty, max_iter=_STEPS).fit(
        (rows - mean) / deviation,
        [sample.label for sample in samples],
        sample_weight=_weights(samples, spec.exponent),
    )
    kernel = unit.coef_[0] / deviation
    return EncoderHead(
        spec.blocks,
        spec.regions,
        kernel.reshape(len(spec.regions), len(spec.blocks), -1),
        float(unit.intercept_[0] - kernel @ mean),
    )


def _weights(samples: Sequence[Sample], exponent: float) -> Floats:
    """What each picture counts: classes alike, an origin of n as n to the power 1 - exponent."""
    origins = Counter((sample.label, sample.origin) for sample in samples)
    weights = np.array([origins[s.label, s.origin] ** -exponent for s in samples])
    labels = np.array([sample.label for sample in samples])
    for label in (0, 1):
        weights[labels == label] /= weights[labels == label].sum()
    return np.asarray(weights * len(samples), np.float64)


def _folds(
    samples: Sequence[Sample], spec: EncoderSpec, seed: int
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Split into folds: numbers to fit on, and those left out, by families and origins.

    Raises:
        DataError: There are fewer families or origins than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    labels = [sample.label for sample in samples]
    groups = [_group(sample, spec) for sample in samples]
    fewest = min(len({g for g in groups if g[0] == str(label)}) for label in (0, 1))
    if fewest < spec.folds:
        remedy = "add sub-folders as sources" if fewest < 2 else f"--set encoder.folds={fewest}"
        raise DataError(
            f"encoder.folds = {spec.folds} needs as many families of AI pictures and origins of"
            f" photographs, and there are {fewest}; {remedy}"
        )
    splitter = StratifiedGroupKFold(spec.folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(samples)), labels, groups))


def _group(sample: Sample, spec: EncoderSpec) -> str:
    """Name what is left out together."""
    if sample.origin in spec.spread:
        return f"{sample.label} {sample.name}"
    return f"{sample.label} {sample.group}"
