"""Training: `fit` makes a run directory of a recipe and data; `load_run` opens one.

Fine-tuning and frozen backbones, features, averages of weights, ensembles, comparisons.
"""

from __future__ import annotations

from train.fitting._average import average
from train.fitting._combine import load_runs
from train.fitting._compare import compare
from train.fitting._distil_head import distil_head
from train.fitting._ensemble import ensemble
from train.fitting._features import crop_batches, row_id
from train.fitting._fit import fit
from train.fitting._read_data import Selection, read_data
from train.fitting._run import INFO, MODEL, Run, load_run
from train.fitting._teacher_features import write_features

__all__ = [
    "INFO",
    "MODEL",
    "Run",
    "Selection",
    "average",
    "compare",
    "crop_batches",
    "distil_head",
    "ensemble",
    "fit",
    "load_run",
    "load_runs",
    "read_data",
    "row_id",
    "write_features",
]
