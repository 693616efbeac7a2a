"""From a folder and a recipe to a run directory: what all ways of fitting have in common.

A way of fitting is a module with `fit(recipe, data, cache, out) -> Fitted`, named in `_MODES` by
the recipe's `mode`. It may keep checkpoints in `out` and go on from them. Around it, here: the
data are read and checked before anything is computed, scores are taken, calibration and
thresholds are fitted on `val`, figures are taken on `test`, and all of it is written down.
"""

from __future__ import annotations

import json
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
from fakeface import OperatingPoint, Thresholds
from train._errors import RunError
from train._progress import console
from train.data._cache import Cache
from train.data._dataset import Data, load_data
from train.data._locate import finder_id, locate
from train.evaluate._calibration import (
    Calibration,
    fit_calibration,
    fit_operating_points,
    fit_thresholds,
    refused_levels,
)
from train.evaluate._plots import plot_confusion, plot_history, plot_roc
from train.evaluate._report import as_text, evaluate
from train.evaluate._scores import Scores
from train.fitting._result import Fitted
from train.fitting._run import FORMAT, INFO, MODEL, Run, load_run, write_history, write_json
from train.networks.backbones import get_backbone
from train.recipes._recipe import Recipe, to_toml

BEGUN = "begun.json"
"""What a run directory holds until it is finished: the recipe and the data it was begun with."""

_REPORTS = {"test": "report", "unseen": "report-unseen"}
"""Names of the files about a split, without their endings."""

_MODES = {"frozen": "train.fitting._frozen", "finetune": "train.fitting._finetune"}


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
        recipe: Says how faces are found.
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
    data = load_data(root, cache)
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
    begin(out, recipe, data)
    start = time.monotonic()
    fitted: Fitted = import_module(_MODES[recipe.mode]).fit(recipe, data, cache, out)
    return finish(out, recipe, data, fitted, time.monotonic() - start)


def refuse_finished(out: Path) -> None:
    """Refuse a directory that holds a finished run (`RunError`)."""
    if (out / INFO).exists():
        raise RunError(f"{out} holds a finished run; choose another -o, or remove it")


def begin(out: Path, recipe: Recipe, data: Data) -> None:
    """Make a run directory that says what is to be fitted on what, before anything is.

    Args:
        out: The directory; what a stopped run of the same kept in it is gone on with.
        recipe: What is to be fitted.
        data: What it is to be fitted on.

    Raises:
        RunError: It holds what a stopped run of another recipe, or on other data, has kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    begun = {"recipe": recipe.as_dict(), "data": _of_data(recipe, data)}
    plain = json.loads(json.dumps(begun))
    if (out / BEGUN).exists() and any(path.is_dir() for path in out.iterdir()):
        try:
            before = json.loads((out / BEGUN).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{out / BEGUN}: {error}; choose another -o, or remove {out}") from error
        for key, what in (("recipe", "of another recipe"), ("data", "on other data or faces")):
            if before.get(key) != plain[key]:
                raise RunError(
                    f"{out} holds a run that was stopped, {what}: choose another -o, or remove it"
                )
    write_json(out / BEGUN, begun)
    (out / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")


def _of_data(recipe: Recipe, data: Data) -> dict[str, str]:
    """What has to be the same for a run to be gone on with."""
    return {"fingerprint": data.fingerprint(), "face_finder": finder_id(recipe.faces)}


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
    (out / BEGUN).unlink(missing_ok=True)
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
    for reason in refused_levels(int((scores["val"].labels == 1).sum())):
        console.print(reason, markup=False, soft_wrap=True)
    thresholds = fit_thresholds(scores["val"], calibration, points)
    figures: dict[str, Any] = {}
    for split, said in scores.items():
        figures[split] = _judged(out, split, said, calibration, points, thresholds)
    plot_confusion(figures["test"]["confusion"], out / "confusion.png")
    plot_roc(scores["test"], out / "roc.png")
    write_json(
        out / INFO,
        {
            "format": FORMAT,
            "recipe": recipe.as_dict(),
            "data": {
                **_of_data(recipe, data),
                "counts": data.counts(),
                "notes": list(data.notes),
            },
            "calibration": calibration.as_dict(),
            "operating_points": [point.as_dict() for point in points],
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


def _judged(
    out: Path,
    split: str,
    said: Scores,
    calibration: Calibration,
    points: Sequence[OperatingPoint],
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Write what was said of a split; `val` has no report. Gives its figures."""
    said.write(out / f"scores-{split}.csv", calibration.p_fake(said.logits))
    figures = evaluate(said, calibration, points, thresholds)
    if split in _REPORTS:
        text = as_text(said, figures)
        (out / f"{_REPORTS[split]}.txt").write_text(text, encoding="utf-8")
        write_json(out / f"{_REPORTS[split]}.json", figures)
    return figures


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
    if any(told[key] != value for key, value in _of_data(recipe, data).items()):
        raise RunError(f"{out} holds a run on other data or faces; choose another -o, or remove it")
    if data.split("unseen") and "unseen" not in run.info["figures"]:
        console.print(f"{out} is finished already; scoring the split unseen", markup=False)
        return _score_unseen(run, data)
    console.print(f"{out} is finished already; nothing to do", markup=False)
    return run


def _score_unseen(run: Run, data: Data) -> Run:
    """Add the split `unseen` to a finished run, as `fit` would have at once."""
    from train.fitting._inference import score

    samples = data.split("unseen")
    said = Scores.of(samples, score(run.model, samples, run.recipe))
    figures = _judged(
        run.path, "unseen", said, run.calibration, run.operating_points, run.thresholds
    )
    counts = {"counts": data.counts(), "notes": list(data.notes)}
    write_json(
        run.path / INFO,
        {
            **run.info,
            "data": {**run.info["data"], **counts},
            "figures": {**run.info["figures"], "unseen": figures},
        },
    )
    return load_run(run.path)
