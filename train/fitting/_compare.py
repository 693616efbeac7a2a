"""The report's four systems on the same pictures, beside the report's own figures.

They share backbone and crop, so that one pass over the pictures serves all of them; the runs are
kept, and what is finished is not done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import CLASSES
from train.errors import RecipeError, RunError
from train.evaluate._statistics import mcnemar, wilson
from train.fitting._fit import fit
from train.fitting._run import Run, write_json, write_text
from train.recipes._recipe import Recipe

REPORT_PICTURES = 641
"""Test pictures of the report (200 of one class and 441 of the other)."""

REPORT_ACCURACY = {
    "report": 0.99,
    "report-avgpool": 0.95,
    "report-leakyrelu": 0.98,
    "report-swish": 0.96,
}
"""Accuracy that the report states, to two digits, by recipe."""

NOISE = 0.05
"""Differences whose p is not below this, over the number of comparisons, are within noise."""


def compare(recipes: Sequence[Recipe], data: Data, cache: Cache, out: Path) -> str:
    """Train recipes and compare them on the split `test`.

    Args:
        recipes: At least two, alike in all that the features depend on; the first is what the
            others are compared with.
        data: From `train.fitting.read_data`.
        cache: Where features are kept.
        out: Where to write: one run directory per recipe, `compare.md` and `compare.json`.

    Returns:
        What `compare.md` says: the tables and their reading.

    Raises:
        RecipeError: The recipes are not comparable.
        TrainError: As of `fit`.
    """
    _check(recipes)
    runs = [fit(recipe, data, cache, out / recipe.name) for recipe in recipes]
    results = _results(runs)
    markdown = _markdown(runs[0].recipe, results)
    write_text(out / "compare.md", markdown)
    write_json(out / "compare.json", results)
    return markdown


def _check(recipes: Sequence[Recipe]) -> None:
    if len(recipes) < 2 or len({recipe.name for recipe in recipes}) != len(recipes):
        raise RecipeError("compare needs at least two recipes of different names")
    first = recipes[0]
    for recipe in recipes[1:]:
        for what in ("mode", "backbone", "crop", "faces", "seed"):
            if getattr(recipe, what) != getattr(first, what):
                raise RecipeError(
                    f"{recipe.name} and {first.name} differ in {what}; compared recipes share"
                    " backbone, crop and seed, so that the pictures are run through once and"
                    " nothing but the head decides"
                )


def _results(runs: Sequence[Run]) -> dict[str, Any]:
    first = runs[0].scores("test")
    systems = []
    for run in runs:
        if not np.array_equal(run.scores("test").names, first.names):
            raise RunError(
                f"{run.path} scored pictures of other names than {runs[0].path}; remove both, and"
                " compare again"
            )
        test = run.info["metrics"]["test"]
        only_first, only_this, p = mcnemar(first.correct, run.scores("test").correct)
        reported = None
        if own := REPORT_ACCURACY.get(run.recipe.name):
            interval = wilson(round(own * REPORT_PICTURES), REPORT_PICTURES)
            reported = {"accuracy": own, "interval": list(interval)}
        systems.append(
            {
                "name": run.recipe.name,
                "accuracy": test["accuracy"],
                "interval": test["interval"],
                "auc": test["auc"],
                "report": test["report"],
                "mcnemar": {"only_first": only_first, "only_this": only_this, "p": p},
                "epochs": run.info["epochs"],
                "reported": reported,
            }
        )
    info = runs[0].info
    counts = [first.labels.tolist().count(label) for label in range(len(CLASSES))]
    return {
        "systems": systems,
        "test": dict(zip(CLASSES, counts, strict=True)),
        "majority": max(counts) / sum(counts),
        "recipe": info["recipe"] | {"name": "all but the head", "description": "", "head": {}},
        "data": info["data"],
        "command": info["command"],
        "versions": info["versions"],
    }


def _markdown(recipe: Recipe, results: dict[str, Any]) -> str:
    systems, counts = results["systems"], results["test"]
    by_origin = results["data"]["counts"].values()
    parts = [
        f"{sum(counts.values())} test pictures ({counts['AI']} AI, {counts['Real']} Real) of"
        f" {sum(1 for row in by_origin if row['test'])} sources,"
        f" {sum(row['train'] for row in by_origin)} to train on; backbone {recipe.backbone.name}"
        f" (weights: {recipe.backbone.weights}), frozen, {recipe.crop.size} px. Always saying the"
        f" larger class would be right on {results['majority']:.3f}. In brackets: Wilson's 95 %"
        " interval.",
        _classification_table(systems),
        _test_table(systems),
        "\n".join(_reading(systems)),
    ]
    if any(system["reported"] for system in systems):
        parts.insert(
            1,
            "The report's own accuracies were measured on its own test pictures, which are not"
            " these: compare them with each other, not with those measured here.",
        )
    return "\n\n".join(parts) + "\n"


def _classification_table(systems: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| system | | precision | recall | f1-score | support | the report's own accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for system in systems:
        report = system["report"]
        for number, row in enumerate((*CLASSES, "accuracy", "macro avg", "weighted avg")):
            name = f"**{system['name']}**" if number == 0 else ""
            if row == "accuracy":
                support = int(report["macro avg"]["support"])
                own = _reported_accuracy(system)
                lines.append(
                    f"| | accuracy | | | {_accuracy_with_interval(system)} | {support} | {own} |"
                )
            else:
                cells = [f"{report[row][key]:.2f}" for key in ("precision", "recall", "f1-score")]
                support = int(report[row]["support"])
                lines.append(f"| {name} | {row} | {' | '.join(cells)} | {support} | |")
    return "\n".join(lines)


def _test_table(systems: Sequence[dict[str, Any]]) -> str:
    first = systems[0]["name"]
    lines = [
        f"| system | accuracy | AUC | right where {first} is wrong | wrong where {first} is right |"
        " McNemar's p |",
        "|---|---|---|---|---|---|",
    ]
    for system in systems:
        test = system["mcnemar"]
        cells = (
            [str(test["only_this"]), str(test["only_first"]), f"{test['p']:.3g}"]
            if system is not systems[0]
            else ["", "", ""]
        )
        row = [system["name"], _accuracy_with_interval(system), f"{system['auc']:.3f}", *cells]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _reading(systems: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what the metrics support, a sentence per system."""
    first, comparisons = systems[0]["name"], len(systems) - 1
    for system in systems[1:]:
        test = system["mcnemar"]
        if test["p"] >= NOISE / comparisons:
            how = "within noise of"
        else:
            how = "better than" if test["only_this"] > test["only_first"] else "worse than"
        yield (
            f"- {system['name']} is {how} {first} here (McNemar's exact test, p {test['p']:.3g};"
            f" the bar is {NOISE} over {comparisons} comparisons)."
        )


def _accuracy_with_interval(row: dict[str, Any]) -> str:
    low, high = row["interval"]
    return f"{row['accuracy']:.3f} [{low:.3f}, {high:.3f}]"


def _reported_accuracy(system: dict[str, Any]) -> str:
    if system["reported"] is None:
        return ""
    low, high = system["reported"]["interval"]
    return f"{system['reported']['accuracy']:.2f} [{low:.3f}, {high:.3f}]"
