"""What an average of weights and an ensemble do alike, around the network that they make."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from train.errors import RunError
from train.fitting._create import create_run
from train.fitting._finalize import finalize_run
from train.fitting._inference import score
from train.fitting._result import TrainingResult
from train.fitting._run import Run, load_run
from train.recipes._recipe import FinetuneRecipe

if TYPE_CHECKING:
    import keras
    import numpy as np

    from train.data._dataset import Data
    from train.data._sample import Sample


def load_runs(paths: Sequence[Path]) -> list[Run]:
    """Open the runs to combine.

    Raises:
        RunError: One of them is not a finished fine-tuning.
    """
    runs = [load_run(path) for path in paths]
    for run in runs:
        recipe_of(run)
    return runs


def recipe_of(run: Run) -> FinetuneRecipe:
    """Return the recipe of a fine-tuning.

    Raises:
        RunError: Its backbone was frozen.
    """
    if not isinstance(run.recipe, FinetuneRecipe):
        raise RunError(
            f"{run.path}: only fine-tunings can be averaged or joined, this has a frozen backbone"
        )
    return run.recipe


def check_trained_on(run: Run, data: Data) -> None:
    """Raise `RunError` where a run was trained on other data."""
    if run.info["data"]["fingerprint"] != data.fingerprint():
        raise RunError(
            f"{data.root} is not what {run.path} was trained on: its val and test may hold"
            " pictures that the runs have seen"
        )


def provenance_of(run: Run, weight: float) -> dict[str, Any]:
    """Return what `run.json` says of a run that has a weight in another."""
    return {
        "recipe": run.recipe.as_dict(),
        "weight": weight,
        "fitted_by": run.info["command"],
        **run.combined_from,
    }


def combined_recipe(first: Run, name: str, description: str) -> FinetuneRecipe:
    """Return the first run's recipe under another name."""
    return replace(recipe_of(first), name=name, description=description)


def write_combined(
    model: keras.Model,
    recipe: FinetuneRecipe,
    data: Data,
    out: Path,
    began: float,
    **also: object,
) -> Run:
    """Score, calibrate and evaluate a combined network, and write its run directory.

    Args:
        model: The network.
        recipe: The recipe.
        data: The data.
        out: The run directory.
        began: Time of `time.monotonic` when the work began.
        also: Further keys of `run.json`.
    """

    def logits(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        return score(model, samples, recipe)

    create_run(out, recipe, data)
    result = TrainingResult(model, [], logits)
    return finalize_run(out, recipe, data, result, time.monotonic() - began, **also)
