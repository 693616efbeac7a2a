"""What this installation is and whether it works: doctor, golden scores, latency."""

from fakeface.diagnostics._bench import PORTRAIT, STAGES, bench, cold_start, trace
from fakeface.diagnostics._doctor import examine
from fakeface.diagnostics._environment import environment, load_average, peak_memory, versions
from fakeface.diagnostics._golden import (
    GOLDEN,
    PICTURES,
    TOLERANCES,
    Golden,
    Precision,
    Tolerance,
    compare,
    predict_pictures,
)
from fakeface.diagnostics._installed import installed
from fakeface.diagnostics._timing import Timing, Variant, interleaved, timed

__all__ = [
    "GOLDEN",
    "PICTURES",
    "PORTRAIT",
    "STAGES",
    "TOLERANCES",
    "Golden",
    "Precision",
    "Timing",
    "Tolerance",
    "Variant",
    "bench",
    "cold_start",
    "compare",
    "environment",
    "examine",
    "installed",
    "interleaved",
    "load_average",
    "peak_memory",
    "predict_pictures",
    "timed",
    "trace",
    "versions",
]
