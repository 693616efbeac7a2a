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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train.errors import RunError
from train.fitting._finalize import TrainingResult, finalize_run
from train.fitting._inference import score
from train.fitting._run import INFO, Run, create_run
from train.networks._heads import LOGIT
from train.recipes._recipe import FinetuneRecipe

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
        runs: Finished fine-tunings with the same backbone, feature layer, crop and initial
            checkpoint.
        weights: Weight of each run, positive; only their ratios matter.
        data: From `train.fitting.read_data`, as the runs had it.
        out: The run directory to write.
        name: Name of the average's recipe.
        interpolation_weight: Weight of the initial checkpoint, 0 to below 1.

    Returns:
        The finished run, with the first run's recipe under `name`; the key `averaged` of its
        `run.json` lists what it was made of.

    Raises:
        RunError: A run is no fine-tuning, the runs do not match each other or the data, they have
            no common initial checkpoint to interpolate with, or `out` holds a finished run.
    """
    began = time.monotonic()
    if (out / INFO).exists():
        raise RunError(f"{out} holds a finished run; choose another -o, or remove it")
    recipes = [_recipe_of(run) for run in runs]
    first, start = recipes[0], recipes[0].finetune.initial_checkpoint
    for run, recipe in zip(runs[1:], recipes[1:], strict=True):
        _check_alike(runs[0], first, run, recipe)
    if runs[0].info["data"]["fingerprint"] != data.fingerprint():
        raise RunError(
            f"{data.root} is not what {runs[0].path} was trained on: its val and test may hold"
            " pictures that the runs have seen"
        )
    if interpolation_weight and not start:
        raise RunError("the runs have no common finetune.initial_checkpoint to interpolate with")
    shares = [weight / sum(weights) for weight in weights]
    model = runs[0].model
    parts_of_runs = [run.model.get_weights() for run in runs]
    model.set_weights(
        [np.average(parts, axis=0, weights=shares) for parts in zip(*parts_of_runs, strict=True)]
    )
    if interpolation_weight:
        _interpolate(model, start, interpolation_weight)
    made = replace(
        first, name=name, description=f"Average of {len(runs)} training{'s' * (len(runs) > 1)}."
    )
    averaged = [
        {
            "recipe": run.recipe.as_dict(),
            "weight": (1 - interpolation_weight) * share,
            "fitted_by": run.info["command"],
            **run.combined_from,
        }
        for run, share in zip(runs, shares, strict=True)
    ]
    create_run(out, made, data)
    return finalize_run(
        out,
        made,
        data,
        TrainingResult(model, [], lambda samples: score(model, samples, made)),
        time.monotonic() - began,
        averaged={"runs": averaged, "interpolation_weight": interpolation_weight},
    )


def _recipe_of(run: Run) -> FinetuneRecipe:
    if not isinstance(run.recipe, FinetuneRecipe):
        raise RunError(f"{run.path}: only fine-tunings can be averaged")
    return run.recipe


def _check_alike(one: Run, a: FinetuneRecipe, other: Run, b: FinetuneRecipe) -> None:
    for what, left, right in (
        ("backbone", a.backbone.name, b.backbone.name),
        ("crop", a.crop, b.crop),
        ("feature layer", a.finetune.feature_layer, b.finetune.feature_layer),
        ("initial checkpoint", a.finetune.initial_checkpoint, b.finetune.initial_checkpoint),
        ("data", one.info["data"]["fingerprint"], other.info["data"]["fingerprint"]),
    ):
        if left != right:
            raise RunError(f"{other.path} cannot be averaged with {one.path}: another {what}")


def _interpolate(model: keras.Model, start: str, share: float) -> None:
    from keras import layers

    from train.networks._warm_start import read_exported

    exported = read_exported(start)
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    own = [layer for layer in model.layers if isinstance(layer, kinds)]
    pairs = [
        *zip(own, exported.convolutions, strict=False),
        (model.get_layer(LOGIT), exported.head),
    ]
    for layer, weights in pairs:
        here = layer.get_weights()
        layer.set_weights([(1 - share) * a + share * b for a, b in zip(here, weights, strict=True)])
