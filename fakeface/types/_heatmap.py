"""Heat maps: the evidence in each part of a face, and how it is laid over the picture.

The colour scale is absolute, never stretched to a map: a picture without evidence stays clean. The
colours differ with every common kind of colour blindness (blue against orange, Okabe and Ito 2008),
and the picture below is grey, so that skin is not mistaken for evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface.types import Box

Floats = npt.NDArray[np.float32]
Method = Literal["cam", "occlusion"]

SPANS: dict[Method, float] = {"cam": 8.0, "occlusion": 4.0}
"""Evidence, in logits, of the strongest colour. The cells of an activation map cancel out in their
mean, so their values are larger than what hiding a place changes."""

FAKE_COLOUR = (230, 97, 1)
"""Evidence for `fake`, RGB."""

REAL_COLOUR = (33, 102, 172)
"""Evidence for `real`, RGB."""

OPACITY = 0.7
"""Opacity of the strongest colour in an overlay, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A map of evidence over a face.

    Attributes:
        values: Evidence in logits of `fake`, float32, shape (h, w), read-only. Above 0 speaks
            for fake, below 0 for real.
        box: The square that the map covers, in pixels of the upright picture.
        size: Width and height of the upright picture in pixels.
        method: `cam`: the class activation map of the model itself (Zhou et al. 2016); its mean
            is the logit of the face's `p_fake`. `occlusion`: by how much the logit falls when a
            place is hidden (Zeiler and Fergus 2014).
    """

    values: Floats
    box: Box
    size: tuple[int, int]
    method: Method

    def __post_init__(self) -> None:
        """Raise ValueError unless it is a map; make the values read-only."""
        values = np.array(self.values, np.float32)
        if values.ndim != 2 or not values.size:
            raise ValueError(f"a heat map has two dimensions, got shape {values.shape}")
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def upsampled(self, width: int, height: int) -> Floats:
        """Interpolate the evidence at every pixel of the picture.

        Args:
            width: Width of the picture in pixels, at any scale.
            height: Its height.

        Returns:
            Logits, float32, shape (height, width), bilinear; NaN outside `box`.

        Raises:
            ValueError: `width` or `height` is below 1.
        """
        if width < 1 or height < 1:
            raise ValueError(f"a picture needs pixels, got {width} x {height}")
        out = np.full((height, width), np.nan, np.float32)
        rows, columns, patch = self._patch(width, height)
        out[rows, columns] = patch
        return out

    def overlay(self, image: Image.Image) -> Image.Image:
        """Lay the map over its picture.

        Args:
            image: The upright picture, at any scale.

        Returns:
            A new RGB image of the same size: grey inside `box`, with evidence for a
            photograph in blue and evidence for AI in orange.
        """
        out = image.convert("RGB")
        rows, columns, patch = self._patch(*out.size)
        corner = (columns.start, rows.start)
        below = out.crop((*corner, columns.stop, rows.stop)).convert("L")
        coloured = blend(np.asarray(below), patch / SPANS[self.method])
        out.paste(Image.fromarray(coloured), corner)
        return out

    def _patch(self, width: int, height: int) -> tuple[slice, slice, Floats]:
        """Return the rows and columns of a picture that the map covers, and the evidence there."""
        h, w = self.values.shape
        across, down = width / self.size[0], height / self.size[1]
        rows, vertical = _weights(self.box.y * down, self.box.height * down, height, h)
        columns, horizontal = _weights(self.box.x * across, self.box.width * across, width, w)
        patch: Floats = np.einsum("rh,hw,cw->rc", vertical, self.values, horizontal, optimize=True)
        return rows, columns, patch


def blend(grey: npt.NDArray[np.uint8], values: Floats) -> npt.NDArray[np.uint8]:
    """Colour grey pixels by evidence.

    Args:
        grey: Pixels, uint8, shape (height, width).
        values: Evidence, 1 or -1 for the strongest colour, shape (height, width).

    Returns:
        RGB, uint8, shape (height, width, 3); pixels without evidence stay grey.
    """
    strength = np.clip(np.abs(values), 0, 1)[..., np.newaxis] * OPACITY
    colour = np.where(values[..., np.newaxis] > 0, FAKE_COLOUR, REAL_COLOUR)
    mixed = grey[..., np.newaxis] * (1 - strength) + colour * strength
    return mixed.round().astype(np.uint8)


def _weights(start: float, length: float, pixels: int, places: int) -> tuple[slice, Floats]:
    """Return interpolation weights along one axis, shape (pixels covered, places)."""
    first = min(max(round(start), 0), pixels - 1)
    last = max(min(round(start + length), pixels), first + 1)
    at = (np.arange(first, last) + 0.5 - start) / length * places - 0.5
    away = np.abs(np.clip(at, 0, places - 1)[:, np.newaxis] - np.arange(places))
    weights: Floats = np.clip(1 - away, 0, None).astype(np.float32)
    return slice(first, last), weights
