"""Train a detector: from a data folder and a recipe to a run directory.

The training itself is a module with `fit(recipe, data, cache, out) -> TrainingResult`, named in
`_MODES` by the recipe's `mode`; it may keep checkpoints in `out` and resume from them. Around it,
here: data are read and checked before anything is computed, pictures are scored, calibration and
thresholds are fitted on `val`, metrics are computed on `test`, and everything is written.
"""

from __future__ import annotations

import json
import platform
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
from train.command_line import invocation
from train.data._cache import Cache
from train.data._dataset import Data, check_folder, load_data
from train.data._locate import finder_id, locate
from train.errors import RecipeError, RunError
from train.evaluate._calibration import (
    Calibration,
    fit_calibration,
    fit_operating_points,
    fit_thresholds,
    refused_levels,
)
from train.evaluate._plots import plot_confusion, plot_history, plot_roc
from train.evaluate._report import as_text, chance_warning, evaluate
from train.evaluate._scores import Scores
from train.fitting._result import TrainingResult
from train.fitting._run import FORMAT, INFO, MODEL, Run, load_run, write_history, write_json
from train.networks.backbones import get_backbone
from train.progress import console
from train.recipes._recipe import Recipe, recipe_from_dict, to_toml

RUN_MANIFEST = "run-manifest.json"
"""Manifest of an unfinished run: its recipe and data, which must match to resume it."""

_FORMER_NAMES = {
    "begun.json": RUN_MANIFEST,
    "ghosts": "reconstructions",
    "enhanced": "super-resolved",
}

_REPORTS = {"test": "report", "unseen": "report-unseen"}
"""Names of a split's report files, without their endings."""

_MODES = {"frozen": "train.fitting._frozen", "finetune": "train.fitting._finetune"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pictures of a folder are used.

    Attributes:
        origins: Only these origins; all if empty.
        most: Maximum per origin and split; None for no limit.
        unseen: Whether the split `unseen` is scored in the end.
    """

    origins: tuple[str, ...] = ()
    most: int | None = None
    unseen: bool = False


def read_data(root: Path, recipe: Recipe, cache: Cache, selection: Selection) -> Data:
    """Read and check the pictures for a recipe, and find the faces.

    Args:
        root: The data folder.
        recipe: The recipe: its backbone and way of finding faces.
        cache: Keeps digests and faces.
        selection: Which pictures are used.

    Returns:
        The data, ready for fitting.

    Raises:
        DataError: They cannot be trained on.
        WeightsError: The backbone's weights are not there. They are looked for once the folder is
            known to have both classes, and before its pictures are read, which may take long.
    """
    check_folder(root)
    get_backbone(recipe.backbone.name).check_weights(recipe.crop.size, recipe.backbone.weights)
    data = load_data(root, cache)
    if selection.origins:
        data = data.only(selection.origins)
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
        return _open_finished(out, recipe, data)
    create_run(out, recipe, data)
    start = time.monotonic()
    result: TrainingResult = import_module(_MODES[recipe.mode]).fit(recipe, data, cache, out)
    return finalize_run(out, recipe, data, result, time.monotonic() - start)


def refuse_finished(out: Path) -> None:
    """Raise `RunError` if the directory holds a finished run."""
    if (out / INFO).exists():
        raise RunError(f"{out} holds a finished run; choose another -o, or remove it")


def create_run(out: Path, recipe: Recipe, data: Data) -> None:
    """Create the run directory and record recipe and data before training.

    Args:
        out: The directory; a stopped run of the same recipe and data in it is resumed.
        recipe: The recipe.
        data: The data.

    Raises:
        RunError: It holds a stopped run of another recipe or on other data.
    """
    out.mkdir(parents=True, exist_ok=True)
    _adopt_former_names(out)
    manifest = {"recipe": recipe.as_dict(), "data": _data_identity(recipe, data)}
    plain = json.loads(json.dumps(manifest))
    if (out / RUN_MANIFEST).exists() and any(path.is_dir() for path in out.iterdir()):
        try:
            before = json.loads((out / RUN_MANIFEST).read_text(encoding="utf-8"))
            before["recipe"] = json.loads(json.dumps(recipe_from_dict(before["recipe"]).as_dict()))
        except (OSError, ValueError, KeyError, TypeError, RecipeError) as error:
            raise RunError(
                f"{out / RUN_MANIFEST}: {error}; choose another -o, or remove {out}"
            ) from error
        for key, what in (("recipe", "of another recipe"), ("data", "on other data or faces")):
            if before.get(key) != plain[key]:
                raise RunError(
                    f"{out} holds a run that was stopped, {what}: choose another -o, or remove it"
                )
    write_json(out / RUN_MANIFEST, manifest)
    (out / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")


def _adopt_former_names(out: Path) -> None:
    """Rename what a run that was stopped before 0.2.0 has kept."""
    for former, name in _FORMER_NAMES.items():
        if (out / former).exists() and not (out / name).exists():
            (out / former).rename(out / name)


def _data_identity(recipe: Recipe, data: Data) -> dict[str, str]:
    """Return what must match before a run can be resumed."""
    return {"fingerprint": data.fingerprint(), "face_finder": finder_id(recipe.faces)}


def finalize_run(
    out: Path, recipe: Recipe, data: Data, result: TrainingResult, seconds: float, **also: object
) -> Run:
    """Score, calibrate and evaluate a trained model, and write the rest of the run directory.

    Args:
        out: The run directory, from `create_run`.
        recipe: The recipe.
        data: The data.
        result: The model, its history and its logits.
        seconds: Duration of the training.
        also: Further keys of `run.json`.

    Returns:
        The finished run.
    """
    result.model.save(out / MODEL)
    if result.history:
        write_history(out / "history.csv", result.history)
        plot_history(result.history, out / "history.png")
    _write_results(out, recipe, data, result, seconds, also)
    (out / RUN_MANIFEST).unlink(missing_ok=True)
    return load_run(out)


def _write_results(
    out: Path,
    recipe: Recipe,
    data: Data,
    result: TrainingResult,
    seconds: float,
    also: Mapping[str, object],
) -> None:
    """Score, calibrate, evaluate, and write `run.json` last."""
    scores = {}
    for split in ("val", "test", "unseen"):
        if samples := data.split(split):
            scores[split] = Scores.of(samples, result.logits(samples))
    calibration = fit_calibration(scores["val"])
    points = fit_operating_points(scores["val"], calibration)
    for reason in refused_levels(int((scores["val"].labels == 1).sum())):
        console.print(reason, markup=False, soft_wrap=True)
    thresholds = fit_thresholds(scores["val"], calibration, points)
    metrics: dict[str, Any] = {}
    for split, split_scores in scores.items():
        warning = chance_warning(metrics.get("val", {}))
        metrics[split] = _write_split(
            out, split, split_scores, calibration, points, thresholds, warning
        )
    plot_confusion(metrics["test"]["confusion"], out / "confusion.png")
    plot_roc(scores["test"], out / "roc.png")
    write_json(
        out / INFO,
        {
            "format": FORMAT,
            "recipe": recipe.as_dict(),
            "data": {
                **_data_identity(recipe, data),
                "counts": data.counts(),
                "notes": list(data.notes),
            },
            "calibration": calibration.as_dict(),
            "operating_points": [point.as_dict() for point in points],
            "thresholds": {"fake": thresholds.fake, "real": thresholds.real},
            "metrics": metrics,
            "epochs": len(result.history),
            "seconds": round(seconds, 1),
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": invocation("train"),
            "versions": versions(),
            **also,
        },
    )


def _write_split(
    out: Path,
    split: str,
    split_scores: Scores,
    calibration: Calibration,
    points: tuple[OperatingPoint, ...],
    thresholds: Thresholds,
    warning: str,
) -> dict[str, Any]:
    """Write one split's scores and report (`val` has no report); return its metrics."""
    split_scores.write(out / f"scores-{split}.csv", calibration.p_fake(split_scores.logits))
    metrics = evaluate(split_scores, calibration, points, thresholds)
    if split in _REPORTS:
        text = f"{warning}\n\n" * bool(warning) + as_text(split_scores, metrics)
        (out / f"{_REPORTS[split]}.txt").write_text(text, encoding="utf-8")
        write_json(out / f"{_REPORTS[split]}.json", metrics)
    return metrics


def versions() -> dict[str, str]:
    """Return the versions of what a run depends on."""
    packages: Sequence[str] = ("tensorflow", "keras", "numpy", "pillow", "scikit-learn")
    return {
        "fakeface": fakeface.__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def _open_finished(out: Path, recipe: Recipe, data: Data) -> Run:
    """Open the finished run in a directory; raise `RunError` if recipe or data differ."""
    run = load_run(out)
    if run.recipe != recipe:
        raise RunError(f"{out} holds a run of another recipe; choose another -o, or remove it")
    recorded = run.info["data"]
    if any(recorded[key] != value for key, value in _data_identity(recipe, data).items()):
        raise RunError(f"{out} holds a run on other data or faces; choose another -o, or remove it")
    if data.split("unseen") and "unseen" not in run.info["metrics"]:
        console.print(f"{out} is finished already; scoring the split unseen", markup=False)
        return _score_unseen(run, data)
    console.print(f"{out} is finished already; nothing to do", markup=False)
    return run


def _score_unseen(run: Run, data: Data) -> Run:
    """Score the split `unseen` of a finished run and add it to the run directory."""
    from train.fitting._inference import score

    samples = data.split("unseen")
    split_scores = Scores.of(samples, score(run.model, samples, run.recipe))
    metrics = _write_split(
        run.path,
        "unseen",
        split_scores,
        run.calibration,
        run.operating_points,
        run.thresholds,
        chance_warning(run.info["metrics"]["val"]),
    )
    counts = {"counts": data.counts(), "notes": list(data.notes)}
    write_json(
        run.path / INFO,
        {
            **run.info,
            "data": {**run.info["data"], **counts},
            "metrics": {**run.info["metrics"], "unseen": metrics},
        },
    )
    return load_run(run.path)
