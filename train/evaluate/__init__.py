"""Evaluation: scores, calibration, operating points, metrics, statistics, plots."""

from __future__ import annotations

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
