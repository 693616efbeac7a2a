"""From a face box to the pixels that a model sees: the one crop of training and inference.

Resampling is part of a model: another filter or margin changes its scores. So a `CropSpec` is
stored with each model, and training, calibration, export, benchmarks and inference all crop here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface.types import Box

FILTERS: dict[str, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Resize filters by name. Pillow widens their support when shrinking, so there is no aliasing."""


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How a face becomes the input of a model.

    Attributes:
        size: Side of the model's square input in pixels.
        margin: Side of the crop box in the picture, as a multiple of the longer side of the face
            box.
        filter: Name of the resize filter, one of `FILTERS`.
    """

    size: int = 224
    margin: float = 1.5
    filter: str = "bicubic"

    def __post_init__(self) -> None:
        """Refuse values that make no crop (`ValueError`)."""
        if not isinstance(self.size, int) or not 16 <= self.size <= 1024:
            raise ValueError(f"crop size must be 16 to 1024 whole pixels, got {self.size}")
        if not 0.5 <= self.margin <= 4:
            raise ValueError(f"crop margin must be 0.5 to 4, got {self.margin}")
        if self.filter not in FILTERS:
            raise ValueError(f"unknown filter {self.filter!r}; known: {', '.join(FILTERS)}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def crop_box(box: Box | None, size: tuple[int, int], margin: float) -> Box:
    """Return the square of a picture to crop.

    It is centred on the face, but moved to lie inside the picture, and never larger than the
    picture. Nothing is padded, since padding would be a feature that no face has.

    Args:
        box: The face, in pixels of the picture; None for a picture that is already cropped, which
            gives the largest centred square.
        size: Width and height of the picture in pixels.
        margin: Side of the square as a multiple of the longer side of the face box.

    Returns:
        A square box inside the picture.
    """
    width, height = size
    if box is None:
        side = float(min(width, height))
        return Box((width - side) / 2, (height - side) / 2, side, side)
    side = min(box.side * margin, width, height)
    x = box.x + box.width / 2 - side / 2
    y = box.y + box.height / 2 - side / 2
    return Box(min(max(x, 0.0), width - side), min(max(y, 0.0), height - side), side, side)


def crop(image: Image.Image, box: Box | None, spec: CropSpec) -> npt.NDArray[np.uint8]:
    """Crop a face from a picture and resize it to the model's input.

    Args:
        image: Upright RGB image.
        box: The face in pixels of `image`; None if the image is already cropped.
        spec: Size, margin and filter.

    Returns:
        RGB, uint8, shape (spec.size, spec.size, 3).
    """
    region = crop_box(box, image.size, spec.margin)
    resized = image.resize(
        (spec.size, spec.size),
        FILTERS[spec.filter],
        box=(region.x, region.y, region.x + region.width, region.y + region.height),
    )
    return np.asarray(resized, dtype=np.uint8)
