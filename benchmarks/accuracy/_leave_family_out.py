"""How a recipe fares on families of generators, and cameras, that it never saw.

K folds over families of AI pictures and over origins of photographs, the folds disjoint. For each
fold a detector is trained on everything else, and measured on the fold alone: unseen generators
against unseen cameras. Every family counts the same, be it 30 pictures or 600. Recipes are chosen
by it, so that `unseen` stays unseen.

A fine-tuning is fair only to families that its initial checkpoint never saw either: with `since`,
folds take only families and origins all of whose pictures were added since then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._markdown import metric, table
from benchmarks._provenance import provenance
from benchmarks.accuracy._metrics import FEW, intervals, mean, resampled, resamples
from train.command_line import console
from train.data import Cache, Data, Sample, without_leaks
from train.errors import DataError
from train.evaluate import Scores
from train.fitting import fit
from train.recipes import Recipe

SHORT = (
    "finetune.steps=200",
    "finetune.evaluation_interval=200",
    "finetune.random_crop_sizes=[192]",
    "finetune.random_crop_schedule=[0.0]",
)
"""Settings of a fine-tuning that is repeated once per fold."""


@dataclass(frozen=True, slots=True)
class Fold:
    """What one training does not see.

    Attributes:
        families: Families of AI pictures.
        origins: Sources of photographs.
    """

    families: tuple[str, ...]
    origins: tuple[str, ...]

    def holds(self, sample: Sample) -> bool:
        """Whether a picture belongs to it."""
        return sample.group in (self.families if sample.label == 0 else self.origins)


def make_folds(samples: Iterable[Sample], count: int, since: int = 0) -> list[Fold]:
    """Divide families and origins between folds, the largest first, each to the smallest fold.

    Args:
        samples: All pictures.
        count: Number of folds.
        since: Only families and origins none of whose pictures was added before.

    Raises:
        DataError: There are fewer families or origins than folds.
    """
    sizes: tuple[defaultdict[str, int], ...] = defaultdict(int), defaultdict(int)
    older: tuple[set[str], ...] = set(), set()
    for sample in samples:
        if sample.split != "unseen":
            sizes[sample.label][sample.group] += 1
            if sample.added < since:
                older[sample.label].add(sample.group)
    parts: list[list[list[str]]] = []
    for label, what in ((0, "families of AI pictures"), (1, "origins of photographs")):
        names = sorted(
            (n for n in sizes[label] if n not in older[label]), key=lambda n: (-sizes[label][n], n)
        )
        if len(names) < count:
            raise DataError(f"{len(names)} {what} can be left out: too few for {count} folds")
        part: list[list[str]] = [[] for _ in range(count)]
        for name in names:
            min(part, key=lambda members: sum(sizes[label][n] for n in members)).append(name)
        parts.append(part)
    return [Fold(tuple(sorted(f)), tuple(sorted(o))) for f, o in zip(*parts, strict=True)]


def without(data: Data, fold: Fold, most: int) -> Data:
    """Take a fold out of `train` and `val`, and make it the whole of `test`.

    Args:
        data: All pictures.
        fold: What is left out.
        most: Pictures of a family or an origin that are measured at most, and of a source that
            stay in `val`.
    """
    others = [s for s in data.samples if not fold.holds(s) and s.split in ("train", "val")]
    tested = [replace(s, split="test") for s in data.samples if fold.holds(s)]
    seen: defaultdict[tuple[int, str, str], int] = defaultdict(int)
    kept = []
    for sample in sorted([*others, *tested], key=lambda s: s.digest):
        key = (sample.label, sample.group, sample.split)
        seen[key] += 1
        if sample.split == "train" or seen[key] <= most:
            kept.append(sample)
    safe, _ = without_leaks(kept)
    return replace(data, samples=tuple(sorted(safe, key=lambda s: s.name)))


def leave_family_out(
    recipe: Recipe,
    data: Data,
    cache: Cache,
    out: Path,
    *,
    folds: int = 3,
    since: int = 0,
    most: int = 60,
    only: Sequence[int] = (),
    count: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Train a recipe once for every fold, and measure it on that fold.

    Args:
        recipe: What to train.
        data: Pictures with faces located, as from `train.fitting.read_data`.
        cache: Where features and reconstructions are kept.
        out: Folder of the runs; those that are finished are not repeated.
        folds: Number of folds.
        since: As for `make_folds`.
        most: As for `without`.
        only: Numbers of the folds to measure, from 1; all of them if empty.
        count: Bootstrap resamples.
        seed: Of the bootstrap.

    Returns:
        Plain values, ready for JSON: the folds, and what `summarize` says of them.

    Raises:
        ValueError: There is no fold of a number in `only`.
        TrainError: The folds cannot be made, or a training failed.
    """
    made = make_folds(data.samples, folds, since)
    measured = sorted(set(only) or range(1, folds + 1))
    if measured[-1] > folds:
        raise ValueError(f"there is no fold {measured[-1]}: the folds are 1 to {folds}")
    scores = []
    for number in measured:
        fold = made[number - 1]
        left = without(data, fold, most)
        left.check()
        console.print(
            f"{recipe.name}, fold {number} of {folds}: without {', '.join(fold.families)} and"
            f" {len(fold.origins)} origins of photographs",
            soft_wrap=True,
        )
        run = fit(recipe, left, cache, out / f"fold-{number}-of-{folds}" / "training")
        scores.append(run.scores("test"))
    return {
        "benchmark": "leave-family-out",
        **provenance(packages=("tensorflow", "keras", "scikit-learn")),
        "recipe": recipe.as_dict(),
        "data": {"fingerprint": data.fingerprint(), "since": since},
        "bootstrap": {"resamples": count, "seed": seed},
        "folds": [{"families": f.families, "origins": f.origins} for f in made],
        "measured": measured,
        **summarize(scores, {sample.name: sample.group for sample in data.samples}, count, seed),
    }


def summarize(
    folds: Sequence[Scores], families: dict[str, str], count: int, seed: int
) -> dict[str, Any]:
    """Measure every family against the photographs of its fold, and the mean over families.

    Args:
        folds: Scores of every fold.
        families: Family, or origin, of every picture by its name.
        count: Bootstrap resamples, within families and origins.
        seed: Of the bootstrap.

    Returns:
        The `mean` over families of at least `FEW` pictures (AUC, and TPR at 5 % FPR, each with its
        interval; None if there are none), and all of these `families`, the worst first.
    """
    rows: dict[str, Any] = {}
    every = []
    for scores in folds:
        names = np.array([families[name] for name in scores.names])
        is_ai = scores.labels == 0
        for family in sorted(set(names[is_ai])):
            members = ~is_ai | (names == family)
            n = int((is_ai & members).sum())
            if n < FEW:
                continue
            keys = [f"{a} {b}" for a, b in zip(is_ai[members], names[members], strict=True)]
            weights = resamples(keys, count, seed)
            drawn = resampled(is_ai[members], 1 - scores.p_real[members], weights)
            every.append(drawn)
            rows[family] = {"n": n, **intervals(drawn)}
    return {
        "mean": {"n": len(rows), **intervals(mean(every))} if every else None,
        "families": dict(sorted(rows.items(), key=lambda item: item[1]["auc"][0])),
    }


def leave_family_out_markdown(result: dict[str, Any]) -> str:
    """The result as a table: the mean, then every family."""
    measured = ", ".join(map(str, result["measured"]))
    rows = [("mean", result["mean"])] if result["mean"] else []
    return "\n".join(
        [
            f"# Leave families out: {result['recipe']['name']}\n",
            f"- command: `{result['command']}`",
            f"- data: {result['data']['fingerprint']}",
            f"- folds {measured} of {len(result['folds'])} over families of AI pictures and origins"
            " of photographs; every fold is a training of its own\n",
            table(
                ["family", "n", "AUC", "TPR at 5 % FPR"],
                [
                    [name, str(row["n"]), metric(row["auc"]), metric(row["tpr5"])]
                    for name, row in (*rows, *result["families"].items())
                ],
            ),
        ]
    )
