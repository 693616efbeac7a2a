"""Train a detector: from a data folder and a recipe to a run directory.

The training itself is a module with `fit(recipe, data, cache, out) -> TrainingResult`, named in
`_MODES` by the recipe's `mode`; it may keep checkpoints in `out` and resume from them. Around it,
here: data are read and checked before anything is computed, pictures are scored, calibration and
thresholds are fitted on `val`, metrics are computed on `test`, and everything is written.
"""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path

from train.data._cache import Cache
from train.data._dataset import Data
from train.errors import RunError
from train.fitting._finalize import TrainingResult, finalize_run, score_unseen
from train.fitting._run import INFO, Run, create_run, data_identity, is_same_data, load_run
from train.progress import console
from train.recipes._recipe import Recipe

_MODES = {
    "encoder": "train.fitting._encoder",
    "finetune": "train.fitting._finetune",
    "frozen": "train.fitting._frozen",
}


def fit(recipe: Recipe, data: Data, cache: Cache, out: Path) -> Run:
    """Train a recipe (minutes to hours), or open the run if it is finished already.

    Args:
        recipe: The recipe.
        data: From `read_data`.
        cache: Keeps features.
        out: The run directory.

    Returns:
        The finished run.

    Raises:
        RunError: `out` holds a finished run of something else.
        TrainError: Weights or pictures are missing or broken.
    """
    if (out / INFO).exists():
        return _open_finished(out, recipe, data, cache)
    create_run(out, recipe, data)
    start = time.monotonic()
    result: TrainingResult = import_module(_MODES[recipe.mode]).fit(recipe, data, cache, out)
    return finalize_run(out, recipe, data, result, time.monotonic() - start)


def _open_finished(out: Path, recipe: Recipe, data: Data, cache: Cache) -> Run:
    """Open the finished run in a directory; raise `RunError` if recipe or data differ."""
    run = load_run(out)
    if run.recipe != recipe:
        raise RunError(f"{out} holds a run of another recipe; choose another -o, or remove it")
    if not is_same_data(run.info["data"], data_identity(recipe, data)):
        raise RunError(f"{out} holds a run on other data or faces; choose another -o, or remove it")
    scored = "unseen" in run.info["metrics"] and run.info["data"]["counts"] == data.counts()
    if data.split("unseen") and not scored:
        console.print(f"{out} is finished already; scoring the split unseen", markup=False)
        return score_unseen(run, data, cache)
    console.print(f"{out} is finished already; nothing to do", markup=False)
    return run
