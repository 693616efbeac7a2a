"""From a folder and a recipe to a run directory: what all ways of fitting have in common.

A way of fitting is a module with `fit(recipe, data, cache, out) -> Fitted`, named in `_MODES` by
the recipe's `mode`. It may keep checkpoints in `out` and go on from them. Around it, here: the
data are read and checked before anything is computed, scores are taken, calibration and
thresholds are fitted on `val`, figures are taken on `test`, and all of it is written down.
"""

from __future__ import annotations

import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fakeface
from train._cache import Cache
from train._calibration import fit_calibration, fit_operating_points, fit_thresholds
from train._data import Data, load_data
from train._errors import RunError
from train._faces import finder_id, locate
from train._fitted import Fitted
from train._plots import plot_confusion, plot_history, plot_roc
from train._progress import console
from train._recipe import Recipe, to_toml
from train._report import as_text, evaluate
from train._run import FORMAT, INFO, MODEL, Run, load_run, write_history, write_json
from train._scores import Scores
from train.backbones import get_backbone

_MODES = {"frozen": "train._frozen", "finetune": "train._finetune"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pictures of a folder take part.

    Attributes:
        sources: Only these sources; all where empty.
        most: At most so many per source and split; all where None.
        unseen: Whether the split `unseen` is scored in the end.
    """

    sources: tuple[str, ...] = ()
    most: int | None = None
    unseen: bool = False


def read_data(root: Path, recipe: Recipe, cache: Cache, selection: Selection) -> Data:
    """Read, check and locate the pictures for a recipe.

    Args:
        root: The data folder.
        recipe: Says how faces are found, and the seed of splits that are drawn.
        cache: Where digests and faces are remembered.
        selection: Which pictures take part.

    Returns:
        The data, ready for fitting.

    Raises:
        DataError: They cannot be trained on.
        WeightsError: The backbone's weights are not there (looked for first, since looking at
            pictures may take long).
    """
    get_backbone(recipe.backbone.name).check_weights(recipe.crop.size, recipe.backbone.weights)
    data = load_data(root, cache, recipe.seed)
    if selection.sources:
        data = data.only(selection.sources)
    if selection.most is not None:
        data = data.limited(selection.most)
    data = data.without_split(() if selection.unseen else ("unseen",))
    data.check()
    data = locate(data, recipe.faces, cache)
    data.check()
    for line in data.notes:
        console.print(line, markup=False, soft_wrap=True)
    return data


def fit(recipe: Recipe, data: Data, cache: Cache, out: Path) -> Run:
    """Fit a recipe, or open the run where that has been done.

    Args:
        recipe: What to fit.
        data: From `read_data`.
        cache: Where features are kept.
        out: The run directory.

    Returns:
        The finished run.

    Raises:
        RunError: `out` holds a finished run of something else.
        TrainError: Weights or pictures are not what they should be.
    """
    if (out / INFO).exists():
        return _finished(out, recipe, data)
    begin(out, recipe)
    start = time.monotonic()
    fitted: Fitted = import_module(_MODES[recipe.mode]).fit(recipe, data, cache, out)
    return finish(out, recipe, data, fitted, time.monotonic() - start)


def begin(out: Path, recipe: Recipe) -> None:
    """Make a run directory with the recipe in it, before anything is fitted."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")


def finish(
    out: Path, recipe: Recipe, data: Data, fitted: Fitted, seconds: float, **also: object
) -> Run:
    """Write all else that a run directory holds, once its model is fitted.

    Args:
        out: The run directory, begun.
        recipe: What was fitted.
        data: What it was fitted on.
        fitted: The model, its history and its logits.
        seconds: What the fitting took.
        also: What else `run.json` is to say.

    Returns:
        The finished run.
    """
    fitted.model.save(out / MODEL)
    if fitted.history:
        write_history(out / "history.csv", fitted.history)
        plot_history(fitted.history, out / "history.png")
    _write_results(out, recipe, data, fitted, seconds, also)
    return load_run(out)


def _write_results(
    out: Path,
    recipe: Recipe,
    data: Data,
    fitted: Fitted,
    seconds: float,
    also: Mapping[str, object],
) -> None:
    """Score, calibrate, evaluate, and write `run.json` last."""
    scores = {}
    for split in ("val", "test", "unseen"):
        if samples := data.split(split):
            scores[split] = Scores.of(samples, fitted.logits(samples))
    calibration = fit_calibration(scores["val"])
    points = fit_operating_points(scores["val"], calibration)
    thresholds = fit_thresholds(scores["val"], calibration, points)
    figures: dict[str, Any] = {}
    for split, said in scores.items():
        said.write(out / f"scores-{split}.csv", calibration.p_fake(said.logits))
        figures[split] = evaluate(said, calibration, points, thresholds)
    for split, ending in (("test", ""), ("unseen", "-unseen")):
        if split in scores:
            text = as_text(scores[split], figures[split])
            (out / f"report{ending}.txt").write_text(text, encoding="utf-8")
            write_json(out / f"report{ending}.json", figures[split])
    plot_confusion(figures["test"]["confusion"], out / "confusion.png")
    plot_roc(scores["test"], out / "roc.png")
    write_json(
        out / INFO,
        {
            "format": FORMAT,
            "recipe": recipe.as_dict(),
            "data": {
                "fingerprint": data.fingerprint(),
                "counts": data.counts(),
                "notes": list(data.notes),
                "face_finder": finder_id(recipe.faces),
            },
            "calibration": calibration.as_dict(),
            "operating_points": [
                {"name": p.name, "threshold": p.threshold, "fpr": p.fpr, "fitted_on": p.fitted_on}
                for p in points
            ],
            "thresholds": {"fake": thresholds.fake, "real": thresholds.real},
            "figures": figures,
            "epochs": len(fitted.history),
            "seconds": round(seconds, 1),
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": shlex.join(["python", "-m", "train", *sys.argv[1:]]),
            "versions": versions(),
            **also,
        },
    )


def versions() -> dict[str, str]:
    """Versions of what a run depends on."""
    packages: Sequence[str] = ("tensorflow", "keras", "numpy", "pillow", "scikit-learn")
    return {
        "fakeface": fakeface.__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def _finished(out: Path, recipe: Recipe, data: Data) -> Run:
    """The run in a directory, if it is of this recipe and these data."""
    run = load_run(out)
    if run.recipe != recipe:
        raise RunError(f"{out} holds a run of another recipe; choose another -o, or remove it")
    told = run.info["data"]
    if (told["fingerprint"], told["face_finder"]) != (data.fingerprint(), finder_id(recipe.faces)):
        raise RunError(f"{out} holds a run on other data or faces; choose another -o, or remove it")
    console.print(f"{out} is finished already; nothing to do", markup=False)
    return run
