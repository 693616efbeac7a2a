"""From crops to verdicts, step by step: the model's session, its scores, the thresholds.

`Detector` puts these together; they stand here for programs that score crops of their own, or
measure one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from fakeface._classifier import (
        Classifier,
    )
    from fakeface._options import MIN_FACE
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

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "fakeface._classifier": ("Classifier",),
        "fakeface._options": ("MIN_FACE",),
        "fakeface._processors": ("default_threads",),
        "fakeface._provider_names": ("available_providers",),
        "fakeface._providers": ("default_batch", "open_session", "session_options"),
        "fakeface._verdict": (
            "aggregate",
            "choose_thresholds",
            "classify",
        ),
        "fakeface.explain._occlusion": ("occlusion",),
    },
)
