"""The records of pictures, as `/openapi.json` describes them; `Prediction.as_dict` makes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
PFake = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        description="Calibrated score, 0 to 1: the higher, the more like AI; null if not scored.",
    ),
]
Verdict = Literal["fake", "uncertain", "real", "no_face", "too_small"]


class FaceRecord(BaseModel):
    """One face and its score."""

    box: tuple[float, float, float, float] = Field(
        description="Left, top, width and height in pixels of the upright picture."
    )
    detection_score: float = Field(description="Confidence of the face finder, 0 to 1.")
    p_fake: PFake
    verdict: Verdict


class Record(BaseModel):
    """The result for one picture: a verdict, or the error that prevented one."""

    model_config = ConfigDict(title="Prediction")

    source: str = Field(description="Name of the picture.")
    verdict: Verdict | None
    p_fake: PFake
    faces: list[FaceRecord]
    size: tuple[int, int] | None = Field(description="Width and height of the upright picture.")
    model: str
    settings: str = Field(description="Fingerprint; equal settings give equal verdicts.")
    digest: str | None = Field(description="BLAKE2b-128 of the file.")
    error: str | None = Field(description="Why the picture could not be read.")
    says: str | None = Field(description="What the file says of its origin, in one line.")
    provenance: dict[str, Any] | None
    frames: Count | None
    frame: Count | None
