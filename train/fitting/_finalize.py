"""Score a trained detector, fit calibration and thresholds, and write the rest of its run."""

from __future__ import annotations

import csv
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import fakeface
from fakeface import OperatingPoint, Thresholds
from train.command_line import invocation
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.evaluate._calibration import (
    Calibration,
    fit_calibration,
    fit_operating_points,
    fit_thresholds,
)
from train.evaluate._limits import limits
from train.evaluate._plots import plot_confusion, plot_history, plot_roc
from train.evaluate._report import as_text, evaluate, warnings
from train.evaluate._scores import Scores
from train.fitting._run import (
    FORMAT,
    HEAD,
    INFO,
    MODEL,
    RUN_MANIFEST,
    Run,
    data_identity,
    load_run,
    write_json,
    write_text,
    write_whole,
)
from train.recipes._recipe import EncoderRecipe, FinetuneRecipe, Recipe

if TYPE_CHECKING:
    import keras

    from train.networks._encoder_head import EncoderHead

_REPORTS = {"test": "report", "unseen": "report-unseen"}
"""Names of a split's report files, without their endings."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A trained detector.

    Attributes:
        model: From `image` (RGB of 0 to 255, [n, size, size, 3]) to P(Real), [n, 1], with a layer
            named `logit` before the sigmoid (`train.networks._heads.LOGIT`); or the head on an
            encoder.
        history: One row per epoch, with `epoch`, `loss`, `val_loss` and other measures.
        logits: Scores samples: the logit of class 1, Real, shape [n], by the fastest way there is.
        kept: The epoch, from 1 on, whose weights the model has; None where that is no epoch.
        held_out: Scores that calibration and thresholds are fitted on; None for those of `val`.
    """

    model: keras.Model | EncoderHead
    history: list[dict[str, float]]
    logits: Callable[[Sequence[Sample]], npt.NDArray[np.float64]]
    kept: int | None = None
    held_out: Scores | None = None


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
    name = HEAD if isinstance(recipe, EncoderRecipe) else MODEL
    write_whole(out / name, result.model.save)
    if history := result.history:
        write_whole(out / "history.csv", lambda path: _write_history(path, history))
        write_whole(out / "history.png", lambda path: plot_history(history, path, result.kept))
    _write_results(out, recipe, data, result, seconds, also)
    (out / RUN_MANIFEST).unlink(missing_ok=True)
    return load_run(out)


def _write_history(path: Path, history: Sequence[dict[str, float]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)


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
    what = "val"
    if result.held_out is not None:
        scores["val"], what = result.held_out, "train and val, each scored out of fold"
    for split in ("val", "test", "unseen"):
        if split not in scores and (samples := data.split(split)):
            scores[split] = Scores.of(samples, result.logits(samples))
    calibration = fit_calibration(scores["val"], what)
    val_rate = recipe.finetune.val_rate if isinstance(recipe, FinetuneRecipe) else 1.0
    points = fit_operating_points(scores["val"], calibration, what, val_rate)
    thresholds = fit_thresholds(scores["val"], calibration, points)
    metrics: dict[str, Any] = {}
    for split, split_scores in scores.items():
        metrics[split] = _evaluate_split(out, split, split_scores, calibration, points, thresholds)
    for split in _REPORTS.keys() & scores.keys():
        _write_report(out, split, scores[split], metrics, points, data.counts())
    confusion = metrics["test"]["confusion"]
    write_whole(out / "confusion.png", lambda path: plot_confusion(confusion, path))
    write_whole(out / "roc.png", lambda path: plot_roc(scores["test"], path))
    write_json(
        out / INFO,
        {
            "format": FORMAT,
            "recipe": recipe.as_dict(),
            "data": {
                **data_identity(recipe, data),
                "counts": data.counts(),
                "notes": list(data.notes),
            },
            "folder": str(data.root),
            "calibration": asdict(calibration),
            "operating_points": [point.as_dict() for point in points],
            "thresholds": {"fake": thresholds.fake, "real": thresholds.real},
            "metrics": metrics,
            "epochs": len(result.history),
            "kept_epoch": result.kept,
            "seconds": round(seconds, 1),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": invocation("train"),
            "versions": versions(),
            **also,
        },
    )


def _evaluate_split(
    out: Path,
    split: str,
    split_scores: Scores,
    calibration: Calibration,
    points: tuple[OperatingPoint, ...],
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Write one split's scores; return its metrics."""
    p_fake = calibration.p_fake(split_scores.logits)
    write_whole(out / f"scores-{split}.csv", lambda path: split_scores.write(path, p_fake))
    return evaluate(split_scores, calibration, points, thresholds)


def _write_report(
    out: Path,
    split: str,
    split_scores: Scores,
    metrics: Mapping[str, Any],
    points: Sequence[OperatingPoint],
    counts: Mapping[str, Mapping[str, int]],
) -> None:
    """Write one split's report: warnings first, then metrics, then what they cannot say."""
    head = "".join(f"{line}\n" for line in warnings(metrics["val"], points))
    text = f"{head}\n" * bool(head) + as_text(split_scores, metrics[split])
    if lines := limits(counts, metrics):
        text += "\nWhat these figures cannot say:\n" + "".join(f"- {line}\n" for line in lines)
    write_text(out / f"{_REPORTS[split]}.txt", text)
    write_json(out / f"{_REPORTS[split]}.json", metrics[split])


def versions() -> dict[str, str]:
    """Return the versions of what a run depends on."""
    packages: Sequence[str] = ("tensorflow", "keras", "numpy", "pillow", "scikit-learn")
    return {
        "fakeface": fakeface.__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def score_unseen(run: Run, data: Data, cache: Cache) -> Run:
    """Score the split `unseen` of a finished run and add it to the run directory."""
    samples = data.split("unseen")
    split_scores = Scores.of(samples, _score(run, samples, cache))
    measured = _evaluate_split(
        run.path, "unseen", split_scores, run.calibration, run.operating_points, run.thresholds
    )
    metrics = {**run.info["metrics"], "unseen": measured}
    _write_report(run.path, "unseen", split_scores, metrics, run.operating_points, data.counts())
    counts = {"counts": data.counts(), "notes": list(data.notes)}
    write_json(
        run.path / INFO,
        {
            **run.info,
            "data": {**run.info["data"], **counts},
            "metrics": metrics,
        },
    )
    return load_run(run.path)


def _score(run: Run, samples: Sequence[Sample], cache: Cache) -> npt.NDArray[np.float64]:
    """Compute the logits of Real."""
    if isinstance(run.recipe, EncoderRecipe):
        from train.fitting._encoder_features import EncoderTable

        return run.head.logits(EncoderTable(run.recipe, cache).rows(samples))
    from train.fitting._inference import score

    return score(run.model, samples, run.recipe)
