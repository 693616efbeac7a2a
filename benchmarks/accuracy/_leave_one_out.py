"""Accuracy of a recipe on an origin that its training never saw.

For each origin a detector is trained on all others, calibration and thresholds included, and
measured on that origin against the other class of `test`. That is the best estimate that known
pictures give for unknown ones; recipes are chosen by it, so that `unseen` stays unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._markdown import metric, percent, table
from benchmarks._provenance import provenance
from benchmarks.accuracy._metrics import Estimate, measure, resamples
from train.data import CLASSES, Cache, Data, without_leaks
from train.errors import DataError
from train.fitting import Run, fit
from train.recipes import Recipe

FEW = 20
"""A source with fewer test pictures is measured on all of its pictures, none of them trained on."""

KNOWN = "nothing"
"""Name of the run that leaves no source out, for comparison."""


def sources(data: Data) -> list[tuple[int, str]]:
    """Class and name of the sources that can be left out."""
    return sorted({(s.label, s.origin) for s in data.samples if s.split != "unseen"})


def without(data: Data, label: int, source: str) -> Data:
    """Take a source out of `train` and `val`.

    Args:
        data: All pictures.
        label: Class of the source.
        source: Its name.

    Returns:
        The other pictures, and those of the source to measure on, in split `test`; what was made
        from one of these, or one of these from it, is in no other split.
    """
    mine = [s for s in data.samples if (s.label, s.origin) == (label, source)]
    tested = [s for s in mine if s.split == "test"]
    if len(tested) < FEW:
        tested = [replace(s, split="test") for s in mine]
    others = [s for s in data.samples if (s.label, s.origin) != (label, source)]
    kept, _ = without_leaks([*others, *tested])
    return replace(data, samples=tuple(sorted(kept, key=lambda s: s.name)))


def leave_one_out(
    recipe: Recipe,
    data: Data,
    cache: Cache,
    out: Path,
    *,
    wanted: Sequence[str] = (),
    excluded: Sequence[str] = ("vae-recon",),
    count: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Fit a recipe once for every source that is left out.

    Args:
        recipe: What to fit.
        data: Pictures with faces located, as from `train.fitting.read_data`.
        cache: Where features are kept.
        out: Folder of the runs; those that are finished are not fitted again.
        wanted: Sources to leave out, by name; empty for all.
        excluded: AI sources that Real sources are not measured against.
        count: Bootstrap resamples.
        seed: Seed of the bootstrap.
        report: Called with a line about what comes next.

    Returns:
        Plain values, ready for JSON: under `sources` per `CLASS/source` its figures when left out
        (`left_out`) and when known (`known`, where it has pictures in `test`), under `means` the
        mean AUC over the sources of each class, under `skipped` the sources without which there
        is nothing to train on, and why.

    Raises:
        ValueError: A source is wanted that is not there.
        TrainError: A fit failed.
    """
    chosen = [(c, s) for c, s in sources(data) if not wanted or s in wanted]
    if unknown := set(wanted) - {source for _, source in chosen}:
        raise ValueError(f"no source {', '.join(sorted(unknown))}")
    report(f"{recipe.name}: leaving out {KNOWN}")
    known = fit(recipe, data, cache, out / KNOWN)
    rows: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for number, (label, source) in enumerate(chosen, start=1):
        name = f"{CLASSES[label]}/{source}"
        report(f"{recipe.name}: leaving out {name} ({number} of {len(chosen)})")
        left = without(data, label, source)
        try:
            left.check()
        except DataError as error:
            report(f"{name} cannot be left out: {error}")
            skipped[name] = str(error)
            continue
        run = fit(recipe, left, cache, out / name.replace("/", "-"))
        rows[name] = {
            "n": sum((s.label, s.origin) == (label, source) for s in left.split("test")),
            "left_out": _measure(run, name, excluded, count, seed),
            "known": _measure(known, name, excluded, count, seed),
        }
    return {
        "benchmark": "leave-one-out",
        **provenance(packages=("tensorflow", "keras", "scikit-learn")),
        "recipe": recipe.as_dict(),
        "data": {"fingerprint": data.fingerprint()},
        "bootstrap": {"resamples": count, "seed": seed},
        "sources": rows,
        "skipped": skipped,
        "means": {label: _mean(rows, label, excluded) for label in CLASSES},
    }


def leave_one_out_markdown(result: dict[str, Any]) -> str:
    """The result as a table."""
    rows = []
    for name, row in result["sources"].items():
        left, known = row["left_out"], row["known"]
        flagged = "flagged_ai" if name.startswith("AI/") else "flagged_real"
        rows.append(
            [
                name,
                str(row["n"]),
                metric(left["auc"]),
                metric(known and known["auc"]),
                metric(left["tpr5"]),
                percent(left[flagged]),
                percent(known and known[flagged]),
            ]
        )
    head = ["left out", "n", "AUC", "AUC when known", "TPR at 5 % FPR"]
    means = []
    for label, mean in result["means"].items():
        if mean is not None:
            aside = f", without {', '.join(mean['without'])}" if mean["without"] else ""
            what = f"{mean['n']} {label} sources of at least {FEW} pictures{aside}"
            means.append(f"- mean AUC over {what}: {mean['auc']:.3f}")
    return "\n".join(
        [
            f"# Leave one source out: {result['recipe']['name']}\n",
            f"- command: `{result['command']}`",
            f"- data: {result['data']['fingerprint']}",
            *means,
            *(f"- {name} cannot be left out: {why}" for name, why in result["skipped"].items()),
            "",
            table([*head, "called `fake`", "when known"], rows),
        ]
    )


def _measure(
    run: Run, name: str, excluded: Sequence[str], count: int, seed: int
) -> dict[str, list[float | None]] | None:
    """Figures of one source against the other class of `test`; None without such a source."""
    scores = run.scores("test")
    is_ai, source = scores.labels == 0, scores.origins
    p_fake = run.calibration.p_fake(scores.logits)
    mine = source == name
    if not mine.any():
        return None
    aside = np.isin(source, [f"AI/{other}" for other in excluded])
    members = mine | (~is_ai if name.startswith("AI/") else is_ai & ~aside)
    weights = resamples(source[members].tolist(), count, seed)
    figures = measure(is_ai[members], p_fake[members], run.thresholds, weights)
    return {metric: Estimate.as_list(estimate) for metric, estimate in figures.items()}


def _mean(rows: dict[str, Any], label: str, excluded: Sequence[str]) -> dict[str, Any] | None:
    counted = {
        name: row["left_out"]["auc"][0]
        for name, row in rows.items()
        if name.startswith(f"{label}/") and row["n"] >= FEW and name.split("/")[1] not in excluded
    }
    if not counted:
        return None
    aside = [name for name in excluded if f"{label}/{name}" in rows]
    mean = float(np.mean(list(counted.values())))
    return {"n": len(counted), "without": aside, "auc": round(mean, 5)}
