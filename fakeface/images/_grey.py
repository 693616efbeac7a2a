"""Grey of more than 8 bits: which number is white, and what is left of it in 8 bits.

Nothing is scaled by its own brightest pixel. White is what the format says; where that cannot be
so, or is not known, the picture is refused: a verdict on other pixels would be worse than none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._errors import ImageError

Numbers = npt.NDArray[Any]

QUARTER = 0.25
"""Brightest pixels below this share of white are taken to be numbers of fewer bits in a wider
field (10 or 12 bits in 16): what is white is not known then."""

_ROWS = 256


def to_eight_bits(image: Image.Image, bits: int | None, inverted: bool, name: str) -> Image.Image:
    """Bring grey of 12 to 32 bits, or in floating point, to 8 bits.

    Args:
        image: Of a mode that begins with `I`, or `F`.
        bits: Bits of a number in the file; None where there is no file.
        inverted: Whether 0 is white.
        name: Name of the picture in messages.

    Returns:
        The same picture, mode `L`.

    Raises:
        ImageError: It cannot be known which number is white.
    """
    grey = np.asarray(image)
    white = _white_of_floats(grey, name) if image.mode == "F" else _white(grey, bits, name)
    if image.mode == "I" and white > 1 << 31:
        grey = grey.view(np.uint32)
    eight = np.empty(grey.shape, np.uint8)
    for start in range(0, len(grey), _ROWS):  # in parts, for each part takes 24 bytes a pixel
        part = np.nan_to_num(grey[start : start + _ROWS], posinf=white, neginf=0.0)
        eight[start : start + _ROWS] = np.clip(part * (255.0 / white), 0, 255).round()
    return Image.fromarray(255 - eight if inverted else eight)


def _white(grey: Numbers, bits: int | None, name: str) -> float:
    """White of whole numbers: all that their bits hold."""
    least = int(grey.min(initial=0))
    if bits == 32:
        grey, least = grey.view(np.uint32), 0
    most = int(grey.max(initial=0))
    if bits is None:
        bits = 16 if most < 1 << 16 else 32
    white = (1 << bits) - 1
    if least < 0 or (bits == 32 and grey.dtype != np.uint32):
        raise ImageError(name, "holds signed numbers: what is white in it is not known")
    if most < white * QUARTER and not _widened(grey, white):
        raise ImageError(
            name,
            f"holds nothing above {most:,} of the {white:,} that {bits} bits can: what is white in"
            " it is not known; save it in 8 bits",
        )
    return float(white)


def _widened(grey: Numbers, white: int) -> bool:
    """Whether the numbers are 8-bit ones, each byte repeated: black and dark pictures too."""
    return white % 255 == 0 and not np.any(grey % (white // 255))


def _white_of_floats(grey: Numbers, name: str) -> float:
    """White of numbers in floating point: 1, or 255, whichever is near to the brightest."""
    finite = np.isfinite(grey)
    most = float(np.max(grey, initial=0, where=finite))
    least = float(np.min(grey, initial=0, where=finite))
    for white, low, high in ((1.0, 0.0, 2.0), (255.0, 64.0, 512.0)):
        # a little beyond either end is what resizing and sharpening leave
        if (low < most <= high or most == least == 0) and least >= -0.25 * white:
            return white
    raise ImageError(
        name,
        f"holds floating-point numbers from {least:g} to {most:g}: what is white in it is not"
        " known; save it in 8 bits",
    )


def check_depth(rgb: Image.Image, bits: int, name: str) -> None:
    """Refuse colours of 16 bits that use only the lowest ones, once they are in 8 bits.

    Args:
        rgb: What is left of them in 8 bits.
        bits: Bits of a number in the file.
        name: Name of the picture in messages.

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
