"""What to quantise, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from export.int8._quantize import Target


@dataclass(frozen=True, slots=True)
class Request:
    """What to quantise, and how.

    Attributes:
        model: Model directory in fp32.
        data: Folder of the pictures that it was trained on.
        cache: Folder of cached digests and faces.
        out: Model directory to write.
        name: Name of the quantised model.
        target: Processor.
        reduce_range: Weights of 7 bits, for x86 without VNNI.
        crops: Crops of `train` to calibrate on.
        most_fp32: How many layers may stay in fp32, the most sensitive first.
        allow: Whether to write a model that fails the acceptance test.
        minutes: Minutes to measure the sensitivity of layers for; None for no limit.
    """

    model: Path
    data: Path
    cache: Path
    out: Path
    name: str
    target: Target = "x86"
    reduce_range: bool = False
    crops: int = 64
    most_fp32: int = 8
    allow: bool = False
    minutes: float | None = None
