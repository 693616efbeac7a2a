from __future__ import annotations

from enum import Enum


class Verdict(str, Enum):
    """The verdict on a picture, or on one face in it.

    A verdict is a signal, not a proof: see the model card for how often each is wrong.
    """

    FAKE = "fake"
    """`p_fake` is at or above the upper threshold: made by AI, as far as the model can tell."""
    UNCERTAIN = "uncertain"
    """`p_fake` is between the two thresholds: no answer is better than a guess."""
    REAL = "real"
    """`p_fake` is below the lower threshold: no sign of AI was found."""
    NO_FACE = "no_face"
    """No face was found in the picture (pictures only)."""
    TOO_SMALL = "too_small"
    """The face (or every face of the picture) is too small to be scored."""

    def __str__(self) -> str:
        """Return the value, as in every report."""
        return self.value
