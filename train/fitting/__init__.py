"""Training: `fit` makes a run directory of a recipe and data; `load_run` opens one."""

from __future__ import annotations

from train.fitting._average import average
from train.fitting._compare import compare
from train.fitting._fit import fit
from train.fitting._read_data import Selection, read_data
from train.fitting._run import INFO, MODEL, Run, load_run
from train.fitting._shards import crop_batches, row_id
from train.fitting._teacher_features import write_features

__all__ = [
    "INFO",
    "MODEL",
    "Run",
    "Selection",
    "average",
    "compare",
    "crop_batches",
    "fit",
    "load_run",
    "read_data",
    "row_id",
    "write_features",
]
