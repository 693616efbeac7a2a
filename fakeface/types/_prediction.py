from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, Union

from fakeface.types._box import Box
from fakeface.types._provenance import Provenance

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from fakeface.types._heatmap import Heatmap


class BinaryFile(Protocol):
    """A binary file object open for reading."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


Source: TypeAlias = Union[
    str,
    "os.PathLike[str]",
    bytes,
    bytearray,
    memoryview,
    BinaryFile,
    "Image.Image",
    "npt.NDArray[np.uint8]",
]
"""The input of a picture: a path, encoded bytes, a binary file object open for reading, a
Pillow image, or an upright RGB array of uint8 with shape (height, width, 3)."""


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


@dataclass(frozen=True, slots=True)
class Face:
    """One face and its score.

    Attributes:
        box: Where it is, in pixels of the upright picture.
        score: Confidence of the face finder, 0 to 1 (1 for pictures that are already cropped).
        p_fake: Calibrated score, 0 (as photographs score) to 1 (as AI-made pictures do); None if
            the face is too small to be scored.
        verdict: `fake`, `uncertain`, `real` or `too_small`.
        heatmap: The evidence for the score, if the detector makes heat maps; not part of
            `as_dict`, nor of comparisons.
    """

    box: Box
    score: float
    p_fake: float | None
    verdict: Verdict
    heatmap: Heatmap | None = field(default=None, compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; the box in pixels, rounded to a hundredth."""
        box = self.box
        return {
            "box": [round(v, 2) for v in (box.x, box.y, box.width, box.height)],
            "detection_score": round(self.score, 4),
            "p_fake": self.p_fake,
            "verdict": self.verdict.value,
        }


def found_with(face: Mapping[str, Any]) -> Any:
    """Return the finder's confidence from a face's record; earlier versions called it `score`."""
    return face["score"] if "score" in face else face["detection_score"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The result for one picture: a verdict, or the error that prevented one.

    Attributes:
        source: Name of the picture: its path, or `<bytes>`, `<array>` and the like.
        model: Name of the model.
        verdict: Verdict of the picture, that of its most suspicious face; None on an error.
        p_fake: Calibrated score of the most suspicious face, 0 to 1; None if no face could be
            scored.
        faces: The faces found, largest first.
        size: Width and height of the upright picture in pixels; None on an error.
        error: Why the picture could not be read, in one line; None if it could.
        digest: BLAKE2b-128 of the encoded bytes in hexadecimal; None for decoded sources.
        settings: Fingerprint of the detector, in hexadecimal (`Detector.settings`). Equal settings
            give equal verdicts on equal bytes, with the same versions of fakeface, ONNX Runtime
            and Pillow.
        provenance: What the file says of its own origin; it has no influence on the verdict. None
            if it was not read: for decoded sources, on an error, and if the detector was made with
            `provenance=False`.
        frames: Frames or pages that the file holds, at least 1; None on an error.
        frame: Which of them the verdict is about, counted from 0: the first, or of several that
            were scored the most suspicious one; None on an error.
    """

    source: str
    model: str
    verdict: Verdict | None = None
    p_fake: float | None = None
    faces: tuple[Face, ...] = ()
    size: tuple[int, int] | None = None
    error: str | None = None
    digest: str | None = None
    settings: str = ""
    provenance: Provenance | None = None
    frames: int | None = None
    frame: int | None = None

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Prediction:
        """Make a prediction from a record of `as_dict`.

        Args:
            record: A record, as in reports of the formats `json`, `jsonl` and `parquet`.

        Returns:
            The prediction; boxes and finder scores are rounded, as in `as_dict`.

        Raises:
            KeyError, TypeError, ValueError: It is not a record of a prediction.
        """
        verdict, size = record["verdict"], record["size"]
        said = record.get("provenance")  # 0.1 wrote none
        return cls(
            record["source"],
            record["model"],
            None if verdict is None else Verdict(verdict),
            record["p_fake"],
            tuple(
                Face(Box(*face["box"]), found_with(face), face["p_fake"], Verdict(face["verdict"]))
                for face in record["faces"]
            ),
            None if size is None else (size[0], size[1]),
            record["error"],
            record["digest"],
            record["settings"],
            None if said is None else Provenance.from_dict(said),
            record.get("frames"),
            record.get("frame"),
        )

    @property
    def ok(self) -> bool:
        """Whether the picture could be read."""
        return self.error is None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON, with the same keys for every picture."""
        said = self.provenance
        return {
            "source": self.source,
            "verdict": None if self.verdict is None else self.verdict.value,
            "p_fake": self.p_fake,
            "faces": [face.as_dict() for face in self.faces],
            "size": None if self.size is None else list(self.size),
            "model": self.model,
            "settings": self.settings,
            "digest": self.digest,
            "error": self.error,
            "says": None if said is None else said.says,
            "provenance": None if said is None else said.as_dict(),
            "frames": self.frames,
            "frame": self.frame,
        }


if TYPE_CHECKING:

    class ReadPrediction(Prediction):
        """A prediction for a picture that could be read: it has a verdict, and no error."""

        verdict: Verdict
        size: tuple[int, int]
        error: None
else:
    ReadPrediction = Prediction
