"""Evaluation: scores, calibration, operating points, metrics, statistics, plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from train.evaluate._calibration import (
        Calibration,
        fit_calibration,
        fit_operating_points,
        fit_thresholds,
    )
    from train.evaluate._report import as_text, chance_warning, evaluate
    from train.evaluate._scores import Scores, read_scores
    from train.evaluate._statistics import mcnemar, wilson

__all__ = [
    "Calibration",
    "Scores",
    "as_text",
    "chance_warning",
    "evaluate",
    "fit_calibration",
    "fit_operating_points",
    "fit_thresholds",
    "mcnemar",
    "read_scores",
    "wilson",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "train.evaluate._calibration": (
            "Calibration",
            "fit_calibration",
            "fit_operating_points",
            "fit_thresholds",
        ),
        "train.evaluate._report": (
            "as_text",
            "chance_warning",
            "evaluate",
        ),
        "train.evaluate._scores": (
            "Scores",
            "read_scores",
        ),
        "train.evaluate._statistics": (
            "mcnemar",
            "wilson",
        ),
    },
)
