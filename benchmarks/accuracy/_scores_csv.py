"""Every score of a run as CSV, so that any metric can be recomputed without the pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from benchmarks.accuracy._measure import Run
from train.data import CLASSES


def write_scores(run: Run, path: Path) -> None:
    """Write one row per picture, model and degradation.

    Args:
        run: The scores.
        path: The file to write.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "label", "source", "split", "model", "degradation", "p_fake", "box"])
        for scored in run.scored:
            for sample, p_fake, box in zip(run.samples, scored.p_fake, scored.boxes, strict=True):
                rows.writerow(
                    [
                        sample.name,
                        CLASSES[sample.label],
                        sample.origin,
                        sample.split,
                        scored.model,
                        scored.degradation,
                        "" if np.isnan(p_fake) else f"{p_fake:.6g}",
                        box,
                    ]
                )
