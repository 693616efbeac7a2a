"""Put finished fine-tunings side by side in one detector.

See `train.networks._ensemble`. Unlike an average of weights (`train.fitting._average`), an ensemble
takes networks of different backbones, and its cost is the sum of theirs. Every member's logit is
calibrated by its own run before it is weighted. Calibration, thresholds and metrics of the whole
are computed anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from train.data._dataset import Data


def ensemble(
    runs: Sequence[Run],
    weights: Sequence[float],
    data: Data,
    out: Path,
    name: str,
) -> Run:
    """Put runs side by side and write a run directory.

    Args:
        runs: Two or more finished fine-tunings with the same crop and linear heads.
        weights: Weight of each run's calibrated logit, positive; only their ratios matter.
        data: From `train.fitting.read_data`, as the runs had it.
        out: The run directory to write.
        name: Name of the ensemble's recipe.

    Returns:
        The finished run, with the first run's recipe under `name`; the key `ensemble` of its
        `run.json` lists the members.

    Raises:
        RunError: There are fewer than two runs, they do not match each other or the data, a head
            is not linear, or `out` holds a finished run.
    """
    from train.networks._ensemble import Member, side_by_side

    began = time.monotonic()
    refuse_finished(out)
    if len(runs) < 2:
        raise RunError("an ensemble needs two runs at least")
    first = runs[0]
    for run in runs:
        if recipe_of(run).crop != recipe_of(first).crop:
            raise RunError(f"{run.path} is of another crop than {first.path}")
        check_trained_on(run, data)
    shares = [weight / sum(weights) for weight in weights]
    model = side_by_side(
        [
            Member(
                run.model,
                share / run.calibration.temperature,
                -share * run.calibration.bias,
            )
            for run, share in zip(runs, shares, strict=True)
        ]
    )
    recipe = combined_recipe(first, name, f"Ensemble of {len(runs)}.")
    members = [
        {**provenance_of(run, share), "calibration": run.calibration.as_dict()}
        for run, share in zip(runs, shares, strict=True)
    ]
    return write_combined(model, recipe, data, out, began, ensemble=members)
