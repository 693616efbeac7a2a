"""Accuracy of models under every degradation and for every origin, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._models import check_distinct_names
from benchmarks._provenance import provenance
from benchmarks.accuracy._degradations import CLEAN, Degradation
from benchmarks.accuracy._groups import make_groups
from benchmarks.accuracy._metadata import NAME, metadata_scores
from benchmarks.accuracy._metrics import (
    FEW,
    Bools,
    Floats,
    intervals,
    mean,
    resampled,
    resamples,
    verdicts,
)
from benchmarks.accuracy._score import score
from benchmarks.accuracy._store import Store
from fakeface import FaceFinder, Thresholds
from fakeface.inference import MIN_FACE, Classifier
from fakeface.model_directory import FACE_FINDER, MODELS
from train.command_line import progress
from train.data import CLASSES, Cache, Data, Sample


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
    """

    samples: tuple[Sample, ...]
    scored: tuple[Scored, ...]
    head: dict[str, Any]

    def splits(self) -> list[str]:
        """Return the splits, `unseen` last."""
        return sorted({s.split for s in self.samples}, key=lambda s: (s == "unseen", s))

    def of(self, split: str) -> Bools:
        """Return which pictures belong to a split."""
        return np.array([s.split == split for s in self.samples])


def run_accuracy(
    models: Sequence[Path],
    data: Data,
    splits: Sequence[str],
    degradations: Sequence[Degradation],
    cache: Cache,
    threads: int | None = None,
) -> Run:
    """Score the pictures of some splits with some models.

    Args:
        models: Model directories.
        data: The pictures, with the split `train` for the metadata-only baseline.
        splits: Splits to measure.
        degradations: The degradations.
        cache: Cache of scores.
        threads: Threads of a model; None for one per processor.

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
    scored = []
    for degradation in degradations:
        stores = [Store(cache, c.info, finder.info, degradation) for c in classifiers]
        for spec in {c.crop: None for c in classifiers}:
            same = [(c, s) for c, s in zip(classifiers, stores, strict=True) if c.crop == spec]
            score(same, samples, degradation, finder)
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
        "benchmark": "accuracy",
        **provenance(),
        "data": {
            "fingerprint": data.fingerprint(),
            "splits": {
                split: Counter(f"{CLASSES[s.label]}/{s.origin}" for s in data.split(split))
                for split in splits
            },
            "notes": list(data.notes),
        },
        "models": [_described(c) for c in classifiers],
        "face_finder": {"sha256": finder.info.sha256, "min_face": MIN_FACE},
        "degradations": {degradation.name: degradation.description for degradation in degradations},
    }
    return Run(samples, tuple(scored), head)


def evaluate(run: Run, count: int = 1000, seed: int = 0) -> dict[str, Any]:
    """Compute all metrics of a run.

    Args:
        run: The scores.
        count: Bootstrap resamples.
        seed: Seed of the bootstrap.

    Returns:
        Plain values, ready for JSON: the head, and under `results` per split, model and
        degradation the groups with their metrics, each as value, low, high, and the mean over
        families of generators of at least `FEW` pictures (`macro`).
    """
    results: dict[str, Any] = {}
    for split in run.splits():
        of_split = run.of(split)
        samples = [s for s, mine in zip(run.samples, of_split, strict=True) if mine]
        weights = resamples([f"{s.label} {s.origin}" for s in samples], count, seed)
        groups = make_groups(samples)
        is_ai = np.array([s.label == 0 for s in samples])
        for scored in progress(run.scored, f"bootstrap, {split}", len(run.scored)):
            p_fake = scored.p_fake[of_split]
            readable = ~np.isnan(p_fake)
            rows, families = {}, []
            for group in groups:
                members = group.members & readable
                drawn = resampled(is_ai[members], p_fake[members], weights[:, members])
                ai = int(is_ai[members].sum())
                if group.kind == "family" and ai >= FEW:
                    families.append(drawn)
                rows[group.name] = {
                    "kind": group.kind,
                    "ai": ai,
                    "real": int(members.sum()) - ai,
                    **intervals(drawn),
                    **verdicts(is_ai[members], p_fake[members], scored.thresholds),
                }
            results.setdefault(split, {}).setdefault(scored.model, {})[scored.degradation] = {
                "boxes": Counter(np.array(scored.boxes)[of_split].tolist()),
                "groups": rows,
                "macro": {"families": len(families), **intervals(mean(families))}
                if families
                else None,
            }
    bootstrap = {
        "resamples": count,
        "seed": seed,
        "interval": "95 %, percentile, within sources; of shares Wilson's",
    }
    return {**run.head, "bootstrap": bootstrap, "results": results}


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
