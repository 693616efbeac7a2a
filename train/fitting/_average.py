"""Average the weights of fine-tunings that started from the same checkpoint.

Fine-tunings of one checkpoint mostly end in one loss basin, where the average of their weights is
as accurate as each of them on what they were trained on, at the cost of one network, and often
better on what none of them saw ("Model soups", Wortsman et al. 2022, arXiv 2203.05482).
Interpolating with the initial checkpoint keeps what it could do elsewhere ("Robust fine-tuning of
zero-shot models", Wortsman et al. 2022, arXiv 2109.01903).

Calibration, thresholds and metrics are computed anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.errors import RunError
from train.fitting._combine import (
    check_trained_on,
    combined_recipe,
    provenance_of,
    recipe_of,
    write_combined,
)
from train.fitting._create import refuse_finished
from train.fitting._run import Run
from train.networks._heads import LOGIT

if TYPE_CHECKING:
    import keras

    from train.data._dataset import Data


def average(
    runs: Sequence[Run],
    weights: Sequence[float],
    data: Data,
    out: Path,
    name: str,
    interpolation_weight: float = 0.0,
) -> Run:
    """Average runs, or one run and its initial checkpoint, and write a run directory.

    Args:
        runs: Finished fine-tunings with the same backbone, feature layers, crop and initial
            checkpoint.
        weights: Weight of each run, positive; only their ratios matter.
        data: From `train.fitting.read_data`, as the runs had it.
        out: The run directory to write.
        name: Name of the average's recipe.
        interpolation_weight: Weight of the initial checkpoint's convolutions, 0 to below 1; of
            its head too where the runs started from that.

    Returns:
        The finished run, with the first run's recipe under `name`; the key `averaged` of its
        `run.json` lists what it was made of.

    Raises:
        RunError: The runs do not match each other or the data, they have no common initial
            checkpoint to interpolate with, or `out` holds a finished run.
    """
    began = time.monotonic()
    refuse_finished(out)
    first = runs[0]
    for run in runs[1:]:
        _check_alike(first, run)
    check_trained_on(first, data)
    finetune = recipe_of(first).finetune
    start = finetune.initial_checkpoint
    if interpolation_weight and not start:
        raise RunError("the runs have no common finetune.initial_checkpoint to interpolate with")
    weights = [weight / sum(weights) for weight in weights]
    model = first.model
    model.set_weights(_average_weights([run.model.get_weights() for run in runs], weights))
    if interpolation_weight:
        _interpolate(model, start, interpolation_weight, head=finetune.initial_head)
    what = f"Average of {len(runs)} training{'s' * (len(runs) > 1)}."
    recipe = combined_recipe(first, name, what)
    averaged = [
        provenance_of(run, (1 - interpolation_weight) * weight)
        for run, weight in zip(runs, weights, strict=True)
    ]
    return write_combined(
        model,
        recipe,
        data,
        out,
        began,
        averaged={"runs": averaged, "interpolation_weight": interpolation_weight},
    )


def _check_alike(one: Run, other: Run) -> None:
    a, b = recipe_of(one), recipe_of(other)
    for what, left, right in (
        ("backbone", a.backbone.name, b.backbone.name),
        ("crop", a.crop, b.crop),
        ("feature layers", a.finetune.feature_layers, b.finetune.feature_layers),
        ("initial checkpoint", a.finetune.initial_checkpoint, b.finetune.initial_checkpoint),
        ("data", one.info["data"]["fingerprint"], other.info["data"]["fingerprint"]),
    ):
        if left != right:
            raise RunError(f"{other.path} cannot be averaged with {one.path}: another {what}")


def _average_weights(
    parts_of_runs: Sequence[Sequence[npt.NDArray[np.float32]]], weights: Sequence[float]
) -> list[npt.NDArray[np.float32]]:
    return [
        np.sum([weight * part for weight, part in zip(weights, parts, strict=True)], axis=0)
        for parts in zip(*parts_of_runs, strict=True)
    ]


def _interpolate(model: keras.Model, start: str, share: float, *, head: bool) -> None:
    from keras import layers

    from train.networks._warm_start import convolutions, exported_head

    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    own = [layer for layer in model.layers if isinstance(layer, kinds) and layer.name != LOGIT]
    pairs = list(zip(own, convolutions(start), strict=False))
    if head:
        pairs.append((model.get_layer(LOGIT), exported_head(start)))
    for layer, (kernel, bias) in pairs:
        here = layer.get_weights()
        layer.set_weights(
            [(1 - share) * a + share * b for a, b in zip(here, (kernel, bias), strict=True)]
        )
