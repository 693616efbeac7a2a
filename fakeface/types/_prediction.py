from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fakeface.types._box import Box
from fakeface.types._provenance import Provenance
from fakeface.types._verdict import Verdict

if TYPE_CHECKING:
    from fakeface.types._heatmap import Heatmap


@dataclass(frozen=True, slots=True)
class Face:
    """One face and what the model says of it.

    Attributes:
        box: Where it is, in pixels of the upright picture.
        score: How sure the face finder is that it is a face, 0 to 1 (1 where the caller says so).
        p_fake: Calibrated probability that the face was made by AI, 0 to 1; None where the face
            is too small to be judged.
        verdict: `fake`, `uncertain`, `real` or `too_small`.
        heatmap: What the model's answer rests on, where the detector was asked for it or it cost
            nothing; no part of `as_dict`, nor of comparisons.
    """

    box: Box
    score: float
    p_fake: float | None
    verdict: Verdict
    heatmap: Heatmap | None = field(default=None, compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; the box in pixels, rounded to a hundredth."""
        box = self.box
        return {
            "box": [round(v, 2) for v in (box.x, box.y, box.width, box.height)],
            "score": round(self.score, 4),
            "p_fake": self.p_fake,
            "verdict": self.verdict.value,
        }


@dataclass(frozen=True, slots=True)
class Prediction:
    """What fakeface says of one picture: a verdict, or an error in its place.

    Attributes:
        source: Name of the picture: its path, or `<bytes>`, `<array>` and the like.
        model: Name of the model that judged.
        verdict: Verdict of the picture, that of its most suspicious face; None on an error.
        p_fake: Calibrated probability that the most suspicious face was made by AI, 0 to 1; None
            where no face could be judged.
        faces: The faces found, largest first.
        size: Width and height of the upright picture in pixels; None on an error.
        error: Why the picture could not be read, in one line; None when it could.
        digest: BLAKE2b-128 of the encoded bytes in hexadecimal, where there were any.
        settings: Fingerprint of what judged, in hexadecimal: the models' files, the thresholds
            and what counts as a face. Equal settings give equal verdicts on equal bytes, with the
            same versions of fakeface, ONNX Runtime and Pillow.
        provenance: What the file says of its own origin; it has no influence on the verdict. None
            where that was not read: for pictures that are no encoded file, on an error, and where
            the detector was told not to.
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
        """Make a prediction from what `as_dict` gave.

        Args:
            record: A record, as in a report of the format `json`, `jsonl` or `parquet`.

        Returns:
            The prediction; boxes and finder scores are rounded as `as_dict` does.

        Raises:
            KeyError, TypeError, ValueError: It is no record of a prediction.
        """
        verdict, size = record["verdict"], record["size"]
        said = record.get("provenance")  # 0.1 wrote none
        return cls(
            record["source"],
            record["model"],
            None if verdict is None else Verdict(verdict),
            record["p_fake"],
            tuple(
                Face(Box(*face["box"]), face["score"], face["p_fake"], Verdict(face["verdict"]))
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
        """Plain values, ready for JSON, the same keys for every picture."""
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
