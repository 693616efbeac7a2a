from __future__ import annotations

from enum import Enum


class Verdict(str, Enum):
    """What fakeface says of a picture or of one face in it.

    A verdict is a signal, not a proof: see the model card for how often each is wrong.
    """

    FAKE = "fake"
    """`p_fake` lies at or above the operating point: made by AI, as far as the model can tell."""
    UNCERTAIN = "uncertain"
    """`p_fake` lies between the two thresholds of the model: no answer is better than a guess."""
    REAL = "real"
    """`p_fake` lies below the lower threshold: no sign of AI was found."""
    NO_FACE = "no_face"
    """No face was found in the picture (pictures only)."""
    TOO_SMALL = "too_small"
    """The face (or every face of the picture) is too small to be judged."""

    def __str__(self) -> str:
        """Give the value itself, as it stands in every report."""
        return self.value
