"""Accuracy of models under every degradation and for every origin, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._models import check_distinct_names
from benchmarks._progress import Begin, no_progress
from benchmarks._provenance import provenance
from benchmarks.accuracy._degradations import CLEAN, Degradation
from benchmarks.accuracy._groups import FAMILY, Grouping
from benchmarks.accuracy._macro import macro
from benchmarks.accuracy._metadata import FEATURES, NAME, metadata_scores
from benchmarks.accuracy._metrics import METRICS, Floats, measure, reliability, resamples
from benchmarks.accuracy._score import score
from benchmarks.accuracy._store import Store
from fakeface import FaceFinder, Thresholds
from fakeface.inference import MIN_FACE, Classifier
from fakeface.model_directory import FACE_FINDER, MODELS
from train.data import CLASSES, Cache, Data, Sample

FORMAT = 1
"""Version of the format of the results."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one model, or of a baseline, in one degradation.

    Attributes:
        model: Name of the model.
        degradation: Name of the degradation.
        thresholds: Its thresholds.
        p_fake: Scores in the order of the pictures, shape (n,); NaN where unreadable.
        boxes: Where the face of each picture came from, as in `Score.box`.
    """

    model: str
    degradation: str
    thresholds: Thresholds
    p_fake: Floats
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """All scores of a run, and their provenance.

    Attributes:
        samples: The pictures, in the order of all scores.
        scored: Scores per model and degradation, models in the order given.
        head: Provenance: command, versions, data, models, degradations; ready for JSON.
        grouping: How pictures are grouped.
    """

    samples: tuple[Sample, ...]
    scored: tuple[Scored, ...]
    head: dict[str, Any]
    grouping: Grouping = field(default_factory=Grouping)

    def splits(self) -> list[str]:
        """Return the splits, `unseen` last."""
        return sorted({s.split for s in self.samples}, key=lambda s: (s == "unseen", s))

    def of(self, split: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which pictures belong to a split."""
        return np.array([s.split == split for s in self.samples])


def run_accuracy(
    models: Sequence[Path],
    data: Data,
    splits: Sequence[str],
    degradations: Sequence[Degradation],
    cache: Cache,
    *,
    threads: int | None = None,
    begin: Begin = no_progress,
) -> Run:
    """Score the pictures of some splits with some models.

    Args:
        models: Model directories.
        data: The pictures, with the split `train` for the metadata-only baseline.
        splits: Splits to measure.
        degradations: The degradations.
        cache: Cache of scores.
        threads: Threads of a model; None for one per processor.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        The scores.

    Raises:
        ModelError: A model cannot run.
        ValueError: Two models have the same name, or there are no pictures.
    """
    samples = tuple(data.split(*splits))
    if not samples:
        raise ValueError(f"{data.root}: no picture in split {', '.join(splits)}")
    check_distinct_names(models)
    finder = FaceFinder(MODELS / FACE_FINDER)
    classifiers = [Classifier(path, "cpu", threads) for path in models]
    names = [classifier.info.name for classifier in classifiers]
    scored = []
    for degradation in degradations:
        stores = [Store(cache, c.info, finder.info, degradation) for c in classifiers]
        for spec in {c.crop: None for c in classifiers}:
            same = [i for i, c in enumerate(classifiers) if c.crop == spec]
            what = f"{degradation.name}: {', '.join(names[i] for i in same)}"
            score(
                [classifiers[i] for i in same],
                [stores[i] for i in same],
                samples,
                degradation,
                finder,
                begin(what, len(samples)),
            )
        for classifier, store in zip(classifiers, stores, strict=True):
            mine = [store[sample] for sample in samples]
            p_fake = np.array([np.nan if s.p_fake is None else s.p_fake for s in mine])
            boxes = tuple(s.box for s in mine)
            name = classifier.info.name
            scored.append(Scored(name, degradation.name, classifier.thresholds, p_fake, boxes))
    baseline = metadata_scores(data.split("train"), samples) if "train" not in splits else None
    if baseline is not None:
        half = Thresholds(fake=0.5, real=0.5)
        scored.append(Scored(NAME, CLEAN.name, half, baseline, ("whole",) * len(samples)))
    head = {
        "format": FORMAT,
        "benchmark": "accuracy",
        **provenance(),
        "data": {
            "fingerprint": data.fingerprint(),
            "splits": {s: dict(_counts(data.split(s))) for s in splits},
            "notes": list(data.notes),
        },
        "models": [_described(c) for c in classifiers],
        "face_finder": {"sha256": finder.info.sha256, "min_face": MIN_FACE},
        "baseline": None if baseline is None else {"name": NAME, "features": FEATURES},
        "degradations": {degradation.name: degradation.description for degradation in degradations},
        "metrics": METRICS,
    }
    return Run(samples, tuple(scored), head)


def evaluate(
    run: Run, count: int = 1000, seed: int = 0, begin: Begin = no_progress
) -> dict[str, Any]:
    """Compute all metrics of a run.

    Args:
        run: The scores.
        count: Bootstrap resamples.
        seed: Seed of the bootstrap.
        begin: As for `run_accuracy`.

    Returns:
        Plain values, ready for JSON: the head, and under `results` per split, model and
        degradation the groups with their metrics, each as value, low, high, and the mean over
        families of generators (`macro`).
    """
    results: dict[str, Any] = {}
    advance = begin("bootstrap", len(run.splits()) * len(run.scored))
    for split in run.splits():
        of_split = run.of(split)
        samples = [s for s, mine in zip(run.samples, of_split, strict=True) if mine]
        weights = resamples([f"{s.label} {s.origin}" for s in samples], count, seed)
        groups = run.grouping.groups(samples)
        is_ai = np.array([s.label == 0 for s in samples])
        for scored in run.scored:
            p_fake = scored.p_fake[of_split]
            readable = ~np.isnan(p_fake)
            boxes = np.array(scored.boxes)[of_split]
            rows = {}
            for group in groups:
                members = group.members & readable
                figures = measure(
                    is_ai[members], p_fake[members], scored.thresholds, weights[:, members]
                )
                rows[group.name] = {
                    "kind": group.kind,
                    "ai": int(is_ai[members].sum()),
                    "real": int((~is_ai[members]).sum()),
                    **{name: estimate.as_list() for name, estimate in figures.items()},
                }
            entry = {"boxes": dict(Counter(boxes.tolist())), "groups": rows}
            families = [group.members[readable] for group in groups if group.kind == FAMILY]
            average = macro(families, is_ai[readable], p_fake[readable], weights[:, readable])
            if average:
                entry["macro"] = average
            if readable.any():
                entry["reliability"] = reliability(is_ai[readable], p_fake[readable])
            results.setdefault(split, {}).setdefault(scored.model, {})[scored.degradation] = entry
            advance(1)
    bootstrap = {
        "resamples": count,
        "seed": seed,
        "interval": "95 %, percentile, within sources; of shares Wilson's",
    }
    return {**run.head, "bootstrap": bootstrap, "results": results}


def _counts(samples: Sequence[Sample]) -> Counter[str]:
    return Counter(f"{CLASSES[s.label]}/{s.origin}" for s in samples)


def _described(classifier: Classifier) -> dict[str, Any]:
    info = classifier.info
    return {
        "name": info.name,
        "version": info.version,
        "sha256": info.sha256,
        "crop": classifier.crop.as_dict(),
        "thresholds": {"fake": classifier.thresholds.fake, "real": classifier.thresholds.real},
        "trained_on": info.provenance.get("data"),
    }
