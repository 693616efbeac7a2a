"""What the figures of a run cannot say, given how few pictures and sources they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from train.data._sample import CLASSES
from train.evaluate._calibration import FEWEST, TARGETS
from train.evaluate._statistics import wilson

SMALL = 200
"""Test pictures below which a report says how little one of them is."""

Counts = Mapping[str, Mapping[str, int]]


def limits(counts: Counts, metrics: Mapping[str, Any]) -> list[str]:
    """List what the figures of a run cannot say, a sentence or two each.

    Args:
        counts: Pictures per `CLASS/source` and split, from `train.data.Data.counts`.
        metrics: Metrics per split, from `train.evaluate.evaluate`; `val` and `test` at least.

    Returns:
        Lines for people.
    """
    return [*_thresholds(metrics["val"]["Real"]), *_size(metrics["test"]), *_sources(counts)]


def needed(fpr: float) -> int:
    """Return how many photographs a false positive rate takes at least: 3 / rate."""
    return ceil(round(FEWEST / fpr, 9))


def _thresholds(photographs: int) -> list[str]:
    """Say which thresholds were not fitted; see `train.evaluate._calibration.FEWEST`."""
    missing = [fpr for fpr in TARGETS if photographs < needed(fpr)]
    if not missing:
        return []
    wanted = " and ".join(f"{100 * fpr:g} % ({needed(fpr)} photographs)" for fpr in sorted(missing))
    return [
        f"No threshold for false alarms of {wanted}: val has {photographs} photographs, and n of"
        f" them cannot show a rate below {FEWEST} / n. val is a tenth of the pictures, unless"
        " folders (train/, val/, test/) or a manifest.csv say otherwise."
    ]


def _size(test: Mapping[str, Any]) -> list[str]:
    n = test["pictures"]
    if n >= SMALL:
        return []
    low, high = wilson(round(test["accuracy"] * n), n)
    return [
        f"The accuracy rests on {n} test pictures: each counts {100 / n:.1f} points, and the true"
        f" value may be anything from {low:.0%} to {high:.0%}."
    ]


def _sources(counts: Counts) -> list[str]:
    trained = {
        label: [n for n, row in counts.items() if n.startswith(f"{label}/") and row["train"]]
        for label in CLASSES
    }
    lone = [names[0] for names in trained.values() if len(names) == 1]
    lines = []
    if lone:
        lines.append(
            f"There is one source only of a class ({' and '.join(lone)}): whether the detector"
            " tells AI from photographs, or one folder from the other by size, compression or"
            " camera, these figures cannot say. Add sources, as sub-folders of AI/ and Real/;"
            " `python -m benchmarks accuracy` shows how far size and compression alone get"
            " (metadata-only)."
        )
    tested = [row for row in counts.values() if row["test"]]
    if all(row["train"] for row in tested) and not any(row["unseen"] for row in counts.values()):
        lines.append(
            "test has the sources of train. On other generators and cameras expect less: put whole"
            " sources into unseen."
        )
    return lines
