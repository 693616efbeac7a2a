"""Evaluation: scores, calibration, operating points, metrics, statistics, plots."""

from __future__ import annotations

from train.evaluate._calibration import Calibration
from train.evaluate._report import chance_warning, evaluate
from train.evaluate._scores import Scores
from train.evaluate._statistics import wilson

__all__ = ["Calibration", "Scores", "chance_warning", "evaluate", "wilson"]
