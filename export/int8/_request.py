"""What to quantise, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from export.int8._quantize import Scheme


@dataclass(frozen=True, slots=True)
class Request:
    """What to quantise, and how.

    Attributes:
        model: Model directory in fp32.
        data: Folder of the pictures that it was trained on.
        cache: Folder of cached digests and faces.
        out: Model directory to write.
        name: Name of the quantised model.
        scheme: Gives the target; the rest is searched for.
        crops: Crops of `train` to calibrate on, and as many others to compare schemes on.
        most_fp32: How many layers the search may keep in fp32, the most sensitive first.
        allow: Whether to write a model that fails the acceptance test.
        quick: Whether to compare only `QUICK_METHODS`.
        minutes: Minutes after which the search takes the best scheme so far; None for no limit.
    """

    model: Path
    data: Path
    cache: Path
    out: Path
    name: str
    scheme: Scheme = field(default_factory=Scheme)
    crops: int = 256
    most_fp32: int = 8
    allow: bool = False
    quick: bool = False
    minutes: float | None = None
