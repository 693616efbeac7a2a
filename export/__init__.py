"""Export trained detectors to model directories that `fakeface` runs: `python -m export --help`.

Other packages use what stands here; modules with a leading underscore are private.
"""

from __future__ import annotations

from export._convert import convert
from export._directory import write_model
from export._errors import (
    ChanceError,
    ExportError,
    ParityError,
    QuantizationRejectedError,
)
from export._golden import write_golden
from export._parity import real_crops
from export._run import export_run

__all__ = [
    "ChanceError",
    "ExportError",
    "ParityError",
    "QuantizationRejectedError",
    "convert",
    "export_run",
    "real_crops",
    "write_golden",
    "write_model",
]
