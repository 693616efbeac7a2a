"""Degradations: what happens to pictures between camera and detector.

A degradation turns a file into encoded bytes, which fakeface then decodes, so that the library's
own decoding is measured. Two more readings change the crop instead: the face without its
surroundings, and the surroundings without the face.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from fakeface import Box, CropSpec
from fakeface.images import Picture
from fakeface.preprocessing import crop_box

Mask = Callable[[npt.NDArray[np.uint8], Box], npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Degradation:
    """One way of degrading every picture before it is scored.

    Attributes:
        name: Short name, such as `web`.
        description: What is done, with every parameter; scores are cached under it.
        scale: What width and height are multiplied by.
        format: Name of Pillow's encoder; None leaves the file as it is.
        options: Options of the encoder.
        blur: Standard deviation of a Gaussian blur in pixels of the file; 0 for none.
        mask: Changes the crop that the model sees, given the face in pixels of the crop.
    """

    name: str
    description: str
    scale: float = 1.0
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    blur: float = 0.0
    mask: Mask | None = None

    def apply(self, data: bytes) -> bytes:
        """Decode a picture as fakeface does (upright), degrade it, and encode it again.

        Args:
            data: The bytes of a picture file.

        Returns:
            The bytes of the degraded picture; `data` itself if the degradation leaves files alone.

        Raises:
            ImageError: fakeface cannot decode `data`.
        """
        if self.format is None:
            return data
        image, _ = Picture(data).load()
        if self.scale != 1:
            size = (
                max(1, round(image.width * self.scale)),
                max(1, round(image.height * self.scale)),
            )
            image = image.resize(size, Image.Resampling.LANCZOS)
        if self.blur:
            image = image.filter(ImageFilter.GaussianBlur(self.blur))
        out = io.BytesIO()
        image.save(out, self.format, **self.options)
        return out.getvalue()


def keep_face(crop: npt.NDArray[np.uint8], face: Box) -> npt.NDArray[np.uint8]:
    """Fill everything but the face with the mean colour of the crop.

    Args:
        crop: RGB, uint8, shape (size, size, 3).
        face: The face in pixels of the crop.

    Returns:
        A copy of the same shape.
    """
    out = np.empty_like(crop)
    out[:] = _mean_colour(crop)
    inside = _pixels(face, crop.shape[0])
    out[inside] = crop[inside]
    return out


def hide_face(crop: npt.NDArray[np.uint8], face: Box) -> npt.NDArray[np.uint8]:
    """Fill the face with the mean colour of the crop; see `keep_face`."""
    out = crop.copy()
    out[_pixels(face, crop.shape[0])] = _mean_colour(crop)
    return out


def face_in_crop(face: Box, picture: tuple[int, int], spec: CropSpec) -> Box:
    """Return where a face lies in the crop that the model sees.

    Args:
        face: The face in pixels of the picture.
        picture: Width and height of the picture.
        spec: How the face was cropped.

    Returns:
        The face in pixels of the crop.
    """
    region = crop_box(face, picture, spec.margin)
    moved = Box(face.x - region.x, face.y - region.y, face.width, face.height)
    return moved.scaled(spec.size / region.side)


def _mean_colour(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(crop.reshape(-1, 3).mean(axis=0).round(), np.uint8)


def _pixels(face: Box, size: int) -> tuple[slice, slice]:
    edges = (face.y, face.y + face.height, face.x, face.x + face.width)
    top, bottom, left, right = (min(max(round(edge), 0), size) for edge in edges)
    return slice(top, bottom), slice(left, right)


_LOSSLESS: dict[str, Any] = {
    "format": "PNG",
    "options": {"compress_level": 1},
}  # higher levels only take longer

CLEAN = Degradation("clean", "the file as it is")

DEGRADATIONS: dict[str, Degradation] = {
    degradation.name: degradation
    for degradation in (
        CLEAN,
        Degradation(
            "web",
            "3/4 of the size (Lanczos), JPEG quality 60",
            scale=0.75,
            format="JPEG",
            options={"quality": 60},
        ),
        Degradation(
            "hard",
            "1/2 of the size (Lanczos), JPEG quality 40",
            scale=0.5,
            format="JPEG",
            options={"quality": 40},
        ),
        Degradation("webp", "WebP quality 60", format="WEBP", options={"quality": 60}),
        Degradation("blur", "Gaussian blur, sigma 1 pixel, PNG", blur=1.0, **_LOSSLESS),
        Degradation("screenshot", "1.3 times the size (Lanczos), PNG", scale=1.3, **_LOSSLESS),
        Degradation(
            "face-only", "surroundings of the face box filled with the mean colour", mask=keep_face
        ),
        Degradation("background-only", "face box filled with the mean colour", mask=hide_face),
    )
}
"""All degradations by name."""
