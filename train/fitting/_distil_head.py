"""Distillation into the head alone: a teacher's logit, mixed into that of a finished detector.

A ridge regression predicts the teacher's logit from the averaged feature maps under the head
("Ridge regression: biased estimation for nonorthogonal problems", Hoerl and Kennard 1970). Where
the head is linear in these maps, the mix is again one linear head: nothing is trained, and size and
speed stay the same. An ensemble has one such head over the maps of all its networks.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train._checks import check_share
from train.errors import RunError
from train.fitting._combine import (
    check_trained_on,
    combined_recipe,
    recipe_of,
    write_combined,
)
from train.fitting._create import refuse_finished
from train.fitting._distillation import read_targets
from train.fitting._inference import compute_vectors
from train.fitting._run import Run
from train.networks._heads import LOGIT
from train.recipes import DistillationSpec

if TYPE_CHECKING:
    import keras

    from train.data._dataset import Data

Floats = npt.NDArray[np.float64]

PENALTY = 30.0
"""Of the ridge regression, on features as they are."""


def distil_head(run: Run, features: Path, data: Data, out: Path, name: str, share: float) -> Run:
    """Mix a teacher's logit into a run's head and write a run directory.

    Args:
        run: A finished fine-tuning, average or ensemble with a linear head.
        features: The teacher's features, from `python -m train teacher`.
        data: From `train.fitting.read_data`, as the run had it. Teacher's logit and ridge
            regression are fitted on its training pictures alone.
        out: The run directory to write.
        name: Name of the result's recipe.
        share: Share of the teacher's logit, 0 to 1; the rest is the run's own, calibrated.

    Returns:
        The finished run; the key `distilled_head` of its `run.json` says what it was made of. Keys
        `ensemble` and `averaged` are those of the run.

    Raises:
        DataError: The features cannot be read, or lack too many of the training pictures.
        RunError: The head is not linear, the run was trained on other data, or `out` holds a
            finished run.
        ValueError: `share` is out of range.
    """
    began = time.monotonic()
    check_share("share", share)
    refuse_finished(out)
    check_trained_on(run, data)
    before_head = _before_head(run)
    recipe = combined_recipe(run, name, f"{run.recipe.name} with a distilled head.")
    spec = DistillationSpec(str(features), components=1)  # the logit is all that counts
    train = data.split("train")
    targets = read_targets(train, spec, recipe_of(run).finetune.sampling, recipe.seed)
    known = [sample for sample in train if sample.name in targets.rows]
    logits = targets.deviation * np.array([targets.rows[s.name][-1] for s in known]) + targets.mean
    pooled = compute_vectors(before_head, known, recipe, "averaging feature maps")
    kernel, bias, r2 = _ridge(pooled, logits)
    layer = run.model.get_layer(LOGIT)
    own_kernel, own_bias = layer.get_weights()
    calibration = run.calibration
    mixed = (1 - share) * own_kernel[:, 0] / calibration.temperature + share * kernel
    offset = (1 - share) * (own_bias[0] / calibration.temperature - calibration.bias) + share * bias
    layer.set_weights([mixed[:, np.newaxis], np.array([offset])])
    made_of = {
        "recipe": run.recipe.as_dict(),
        "share": share,
        "fitted_by": run.info["command"],
        "calibration": calibration.as_dict(),
        "penalty": PENALTY,
        "pictures": len(known),
        "r2": round(r2, 4),
    }
    combined = run.combined_from | {"distilled_head": made_of}
    return write_combined(run.model, recipe, data, out, began, **combined)


def _ridge(pooled: Floats, logits: Floats) -> tuple[Floats, float, float]:
    """Return kernel, bias and share of the variance that the regression explains."""
    from sklearn.linear_model import Ridge

    fitted = Ridge(PENALTY).fit(pooled, logits)
    return fitted.coef_, float(fitted.intercept_), float(fitted.score(pooled, logits))


def _before_head(run: Run) -> keras.Model:
    """Return the part of a detector before its linear head: averaged feature maps, side by side."""
    import keras

    from train.networks._cam import linear_head

    if linear_head(run.model) is None:
        raise RunError(f"{run.path}: its head is not linear in averaged feature maps")
    return keras.Model(run.model.input, run.model.get_layer(LOGIT).input)
