"""Measure the sharpness of a picture and match a target sharpness.

The generators of the training pictures are softer than most cameras and studios: a detector learns
that fine detail means a photograph, and is fooled by the next, sharper generator.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

_TRIES = 6
_MOST = {True: 400.0, False: 3.0}  # per cent of an unsharp mask; radius of a blur


def sharpness(pixels: npt.NDArray[np.uint8]) -> float:
    """Return the mean absolute Laplacian of the channel mean, in grey levels; 0 if flat.

    Args:
        pixels: RGB, uint8, shape (h, w, 3), at least 3 pixels each way.
    """
    grey = pixels.astype(np.float32).mean(2)
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.abs(4 * inner - around).mean())


def match_sharpness(
    image: Image.Image, target: float, radius: float, part: tuple[int, int, int, int] | None = None
) -> Image.Image:
    """Sharpen (unsharp mask) or blur a picture to a target sharpness, by bisection.

    Args:
        image: RGB.
        target: The target; approached as far as possible where it is out of reach.
        radius: Of the unsharp mask, in pixels.
        part: Left, top, right and bottom of what is measured; None for everything.

    Returns:
        As large as `image`.
    """
    measured = image.crop(part) if part else image
    sharpen = _of(measured) < target

    def filtered(image: Image.Image, amount: float) -> Image.Image:
        mask = ImageFilter.UnsharpMask(radius, round(amount), 0)
        return image.filter(mask if sharpen else ImageFilter.GaussianBlur(amount))

    amount, low, high = 0.0, 0.0, _MOST[sharpen]
    for _ in range(_TRIES):
        amount = (low + high) / 2
        short = (_of(filtered(measured, amount)) < target) == sharpen
        low, high = (amount, high) if short else (low, amount)
    return filtered(image, amount)


def _of(image: Image.Image) -> float:
    return sharpness(np.asarray(image))
