"""Grey of 16 bits, and what is left of it in 8 bits.

Nothing is scaled by its own brightest pixel. White is all that 16 bits hold; where that cannot be
so, the picture is refused: a verdict on other pixels would be worse than none.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from fakeface._errors import ImageError

WHITE = 65535

QUARTER = 0.25
"""Brightest pixels below this share of white are taken to be numbers of fewer bits in a wider
field (10 or 12 bits in 16): what is white is not known then."""

_ROWS = 256


def to_eight_bits(image: Image.Image, inverted: bool, name: str) -> Image.Image:
    """Bring grey of 16 bits, in which 0 is black unless it is `inverted`, to mode `L`.

    Raises:
        ImageError: It is of another depth, or it cannot be known which number is white.
    """
    grey = np.asarray(image)
    most = grey.max(initial=0)
    if image.mode == "F" or grey.min(initial=0) < 0 or most > WHITE:
        raise ImageError(
            name,
            "holds signed or floating-point numbers, or more than 16 bits: what is white in it is"
            " not known; save it in 8 bits",
        )
    if most < WHITE * QUARTER and np.any(grey % 257):  # but bytes repeated use all of their range
        raise ImageError(
            name,
            f"holds nothing above {most:,} of the {WHITE:,} that 16 bits can: what is white in it"
            " is not known; save it in 8 bits",
        )
    eight = np.empty(grey.shape, np.uint8)
    for start in range(0, len(grey), _ROWS):  # in parts, for each part takes 8 bytes a pixel
        part = grey[start : start + _ROWS].astype(np.uint32)
        eight[start : start + _ROWS] = (part + 128) // 257
    return Image.fromarray(255 - eight if inverted else eight)


def check_depth(rgb: Image.Image, bits: int, name: str) -> None:
    """Refuse colours of 16 bits that use only the lowest ones, once they are in 8 bits.

    Raises:
        ImageError: Nothing reaches a quarter of white.
    """
    if bits <= 8:
        return
    bands = [rgb.getchannel(band) for band in rgb.getbands() if band not in "Aa"]
    if max(int(band.getextrema()[1]) for band in bands) < 255 * QUARTER:  # type: ignore[arg-type]
        raise ImageError(
            name,
            f"is darker everywhere than a quarter of what {bits} bits can hold: what is white in it"
            " is not known; save it in 8 bits",
        )
