"""How a fine-tuning fares on families of generators, and cameras, that it never saw.

K folds over families of AI pictures and over origins of photographs, the folds disjoint. For each
fold the fine-tuning itself is repeated, short, on everything else, and the detector measured on
the fold alone: unseen generators against unseen cameras. Every family counts the same, be it 30
pictures or 600. Recipes, and the weight of the initial checkpoint in an average, are chosen by
it, so that `unseen` stays unseen.

It is fair only to families that the initial checkpoint never saw either: with
`since`, folds take only families and origins all of whose pictures were added since then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks._markdown import metric, table
from benchmarks._provenance import provenance
from benchmarks.accuracy._macro import FEW, estimates, ranking
from benchmarks.accuracy._metrics import resamples
from train.data import Cache, Data, Sample, without_leaks
from train.errors import DataError
from train.evaluate import Scores
from train.fitting import INFO, Run, average, fit, load_run
from train.recipes import FinetuneRecipe, Recipe


@dataclass(frozen=True, slots=True)
class Fold:
    """What one fine-tuning does not see.

    Attributes:
        families: Families of AI pictures.
        origins: Sources of photographs.
    """

    families: tuple[str, ...]
    origins: tuple[str, ...]

    def holds(self, sample: Sample) -> bool:
        """Whether a picture belongs to it."""
        return group(sample) in (self.families if sample.label == 0 else self.origins)


def group(sample: Sample) -> str:
    """What is left out with a picture: its family, or its source where it has none."""
    return sample.family or sample.origin if sample.label == 0 else sample.origin


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
            sizes[sample.label][group(sample)] += 1
            if sample.added < since:
                older[sample.label].add(group(sample))
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
        key = (sample.label, group(sample), sample.split)
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
    shares: Sequence[float] = (0.0,),
    most: int = 60,
    only: Sequence[int] = (),
    count: int = 1000,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Repeat a fine-tuning once for every fold, and measure it on that fold.

    Args:
        recipe: A fine-tuning.
        data: Pictures with faces located, as from `train.fitting.read_data`.
        cache: Where reconstructions are kept.
        out: Folder of the runs; those that are finished are not repeated.
        folds: Number of folds.
        since: As for `make_folds`.
        shares: Weights of the initial checkpoint in an average; 0 is the training alone, 1 the
            checkpoint alone.
        most: As for `without`.
        only: Numbers of the folds to measure, from 1; all of them if empty.
        count: Bootstrap resamples.
        seed: Of the bootstrap.
        report: Called with a line about what comes next.

    Returns:
        Plain values, ready for JSON: the folds, and under `shares` per weight of the start the
        `mean` over families (AUC, and TPR at 5 % FPR, each with its interval), the `worst`
        family, and all `families` with their numbers and figures.

    Raises:
        ValueError: The recipe is no fine-tuning, or there is no fold of a number in `only`.
        TrainError: The folds cannot be made, or a training failed.
    """
    if not isinstance(recipe, FinetuneRecipe):
        raise ValueError(f"recipe {recipe.name} fine-tunes nothing: leave-one-out is for it")
    every = range(1, folds + 1)
    measured = set(only or every)
    if missing := sorted(measured - set(every)):
        raise ValueError(f"there is no fold {missing[0]}: the folds are 1 to {folds}")
    made = make_folds(data.samples, folds, since)
    scores: dict[float, list[Scores]] = {share: [] for share in shares}
    for number, fold in enumerate(made, 1):
        if number not in measured:
            continue
        report(
            f"{recipe.name}, fold {number} of {folds}: without {', '.join(fold.families)} and"
            f" {len(fold.origins)} origins of photographs"
        )
        left = without(data, fold, most)
        left.check()
        home = out / f"fold-{number}-of-{folds}"
        run = fit(recipe, left, cache, home / "training")
        for share in shares:
            part = _blended(run, left, home / f"start-{share:g}", share) if share else run
            scores[share].append(part.scores("test"))
    families = {sample.name: group(sample) for sample in data.samples}
    return {
        "benchmark": "leave-family-out",
        **provenance(packages=("tensorflow", "keras", "scikit-learn")),
        "recipe": recipe.as_dict(),
        "data": {"fingerprint": data.fingerprint(), "since": since},
        "bootstrap": {"resamples": count, "seed": seed},
        "folds": [
            {"families": f.families, "origins": f.origins, "measured": n in measured}
            for n, f in enumerate(made, 1)
        ],
        "shares": {
            f"{share:g}": summarize(parts, families, count, seed) for share, parts in scores.items()
        },
    }


def _blended(run: Run, data: Data, out: Path, share: float) -> Run:
    if (out / INFO).exists():
        return load_run(out)
    return average([run], [1.0], data, out, f"{run.recipe.name}-start", interpolation_weight=share)


def summarize(
    folds: Sequence[Scores], families: dict[str, str], count: int, seed: int
) -> dict[str, Any]:
    """Mean and worst family over all folds, each against the photographs of its fold.

    Args:
        folds: Scores of every fold.
        families: Family, or origin, of every picture by its name.
        count: Bootstrap resamples, within families and origins.
        seed: Of the bootstrap.
    """
    rows: dict[str, Any] = {}
    drawn: list[npt.NDArray[np.float64]] = []
    for scores in folds:
        names = np.array([families[name] for name in scores.names])
        is_ai = scores.labels == 0
        for family in sorted(set(names[is_ai])):
            members = ~is_ai | (names == family)
            n = int((is_ai & members).sum())
            if n < FEW:
                continue
            keys = [f"{a} {b}" for a, b in zip(is_ai[members], names[members], strict=True)]
            values = ranking(
                is_ai[members], 1 - scores.p_real[members], resamples(keys, count, seed)
            )
            drawn.append(values)
            rows[family] = {"n": n, **_as_lists(values)}
    if not rows:
        return {"mean": None, "worst": None, "families": {}}
    worst = min(rows, key=lambda family: rows[family]["auc"][0])
    mean = {"n": len(rows), **_as_lists(np.mean(drawn, axis=0))}
    return {"mean": mean, "worst": worst, "families": rows}


def _as_lists(values: npt.NDArray[np.float64]) -> dict[str, list[float | None]]:
    return {name: estimate.as_list() for name, estimate in estimates(values).items()}


def _folds(folds: Sequence[dict[str, Any]]) -> str:
    numbers = [number for number, fold in enumerate(folds, 1) if fold["measured"]]
    if len(numbers) == len(folds):
        return f"{len(folds)} folds"
    return f"fold {', '.join(map(str, numbers))} of {len(folds)}"


def leave_family_out_markdown(result: dict[str, Any]) -> str:
    """The result as tables: the means, then every family."""
    shares = result["shares"]
    means = [
        [
            share,
            metric(part["mean"]["auc"]),
            metric(part["mean"]["tpr5"]),
            f"{part['worst']}: {metric(part['families'][part['worst']]['auc'])}",
        ]
        for share, part in shares.items()
        if part["mean"]
    ]
    first = next(iter(shares.values()))["families"]
    rows = [
        [name, str(row["n"]), *(metric(part["families"][name]["auc"]) for part in shares.values())]
        for name, row in sorted(first.items(), key=lambda item: item[1]["auc"][0])
    ]
    return "\n".join(
        [
            f"# Leave families out: {result['recipe']['name']}\n",
            f"- command: `{result['command']}`",
            f"- data: {result['data']['fingerprint']}",
            f"- {_folds(result['folds'])} over families of AI pictures and origins of"
            " photographs; every fold is a training of its own\n",
            table(
                [
                    "weight of the initial checkpoint",
                    "mean AUC",
                    "mean TPR at 5 % FPR",
                    "worst family",
                ],
                means,
            ),
            "",
            table(["family", "n", *(f"AUC, start {share}" for share in shares)], rows),
        ]
    )
