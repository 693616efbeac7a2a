"""From crops to verdicts, step by step: the model's session, its scores, the thresholds.

`Detector` puts these together; they stand here for programs that score crops of their own, or
measure one step.
"""

from fakeface._classifier import (
    Classifier,
)
from fakeface._processors import default_threads
from fakeface._provider_names import available_providers
from fakeface._providers import (
    default_batch,
    open_session,
    session_options,
)
from fakeface._verdict import (
    aggregate,
    choose_thresholds,
    classify,
)
from fakeface.explain._occlusion import occlusion
from fakeface.types._box import MIN_FACE

__all__ = [
    "MIN_FACE",
    "Classifier",
    "aggregate",
    "available_providers",
    "choose_thresholds",
    "classify",
    "default_batch",
    "default_threads",
    "occlusion",
    "open_session",
    "session_options",
]
