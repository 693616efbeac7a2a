"""From whatever the caller has to upright RGB pixels: the first step of every picture.

Formats are told by content, never by file name, and only those are tried that Pillow decodes
in its own process (no interpreter of PostScript, no plug-in that runs programs). Everything
that can go wrong while decoding hostile bytes comes out as one `ImageError`.

JPEG pictures can be decoded at 1/2, 1/4 or 1/8 of their size at a fraction of the cost (`draft`
of Pillow, DCT scaling of libjpeg). `Picture.load` takes the scale that the caller can bear;
`fakeface.preprocessing` decides it from the faces.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from copy import copy
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from fakeface._errors import ImageError
from fakeface.images._colour import depth_of, to_rgb
from fakeface.images._frames import frames_of
from fakeface.images._open import (
    FORMATS,
    MAX_PIXELS,
    check_pixels,
    open_image,
    readable_formats,
    seek,
)
from fakeface.images._read import digest, read, reason
from fakeface.images._tiff import reject_reason as tiff_reject_reason
from fakeface.types import Source

__all__ = ["FORMATS", "MAX_PIXELS", "Picture", "name_of", "readable_formats"]

_LONGEST_NAME = 4096
"""Characters from which on a text is no path, and is shortened in messages."""

_REDUCIBLE = ("JPEG", "MPO")
_ORIENTATION_TAG = 0x0112
_SIDEWAYS = {5, 6, 7, 8}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation."""

_LOCKS = [Lock() for _ in range(64)]  # replaced in forked processes, where some may be held
"""For Pillow images of callers, shared out by identity. Pillow reads pixels and EXIF when they are
first asked for, which must not happen in two threads at once where both were given one image."""


def _after_fork() -> None:
    _LOCKS[:] = [Lock() for _ in _LOCKS]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Picture:
    """A picture whose header has been read and whose pixels are decoded when asked for.

    Attributes:
        name: Path of the file, or `<bytes>`, `<file>`, `<image>`, `<array>`.
        digest: BLAKE2b-128 of the encoded bytes in hexadecimal; None for decoded sources.
        frames: Indices of the frames or pages that the file holds, in order.
        frame: Which of them this is, counted from 0.
    """

    def __init__(self, source: Source, name: str | None = None, exact: bool = False) -> None:
        """Read the header of `source`.

        Args:
            source: A path, encoded bytes, a binary file object (read until it gives no more), a
                Pillow image (left open and unchanged; several threads may have the same one), or a
                uint8 array of shape (height, width, 3) in RGB.
            name: Its name; None for the one that it has.
            exact: Whether to decode all pixels of JPEG pictures however few are needed, as those of
                arrays and Pillow images are used.

        Raises:
            ImageError: It is not a readable picture in one of `FORMATS`, too large, or of a type
                that is not taken.
        """
        self._data: bytes | None = None
        self._exact = exact
        self._alone: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        self.digest: str | None = None
        self.name = name_of(source) if name is None else name
        self.frame = 0
        self.frames: Sequence[int] = (0,)
        if isinstance(source, Image.Image):
            image = source
            self._alone = _LOCKS[id(source) // 16 % len(_LOCKS)]
            if source.format not in (None, "JPEG", "MPO"):
                with self._alone:
                    self.frame = source.tell()
                    self.frames = frames_of(source, None)
        elif isinstance(source, np.ndarray):
            image = _from_array(source, self.name)
        else:
            self._data = read(source, self.name)
            self.digest = digest(self._data)
            image = open_image(self._data, self.name)
            self.frames = frames_of(image, self._data)
            if self.frames[0]:
                seek(image, self.frames[0], self.name)
        self._begin(image)

    def at(self, frame: int) -> Picture:
        """Read the header of another frame of the same file, counted from 0; of an image, the same.

        Raises:
            ImageError: There is no such frame, or it cannot be read.
        """
        if self._data is None or frame == self.frame:
            return self
        other = copy(self)
        other.frame = frame
        image = open_image(self._data, self.name)
        seek(image, self.frames[frame], self.name)
        other._begin(image)
        return other

    def _begin(self, image: Image.Image) -> None:
        self._image = image
        self._loaded: tuple[int, Image.Image] | None = None
        self._turned: int | None = None
        self._depth = depth_of(image)
        if image.format == "TIFF" and (reason := tiff_reject_reason(getattr(image, "tag_v2", {}))):
            raise ImageError(self.name, reason)
        width, height = self._stored = image.size
        if width < 1 or height < 1:
            raise ImageError(self.name, f"has no pixels ({width}x{height})")
        if image.format not in _REDUCIBLE:
            check_pixels(image, self.name)

    @property
    def encoded(self) -> bytes | None:
        """The encoded bytes; None for decoded sources."""
        return self._data

    @property
    def pixels(self) -> int:
        """Number of pixels of the whole picture."""
        return self._stored[0] * self._stored[1]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture in pixels."""
        width, height = self._stored
        return (height, width) if self._orientation in _SIDEWAYS else (width, height)

    @property
    def _orientation(self) -> int:
        if self._turned is None:  # not when the header is read: asking may decode all of a PNG
            with self._alone:
                self._turned = _orientation(self._image)
                if self._turned != 1 and self._image.format == "TIFF":
                    self._turned = self._left_to_turn()
        return self._turned

    def _left_to_turn(self) -> int:
        """Load a TIFF, which this Pillow may turn while it does, and see what is left of it."""
        try:
            self._image.load()
        except Exception as error:  # see _decode
            raise ImageError(self.name, reason(error, "decoded")) from error
        self._stored = self._image.size
        return _orientation(self._image)

    def load(self, reduction: int = 1) -> tuple[Image.Image, float]:
        """Decode to upright RGB, at a fraction of the size where the format allows it.

        Args:
            reduction: 1, 2, 4 or 8: the most that a side may be divided by. Only JPEG pictures
                make use of it.

        Returns:
            An RGB image, and its longer side divided by that of the whole picture (1.0 where
            nothing was reduced).

        Raises:
            ImageError: The pixels cannot be decoded, are too many, or it is not known what they
                mean.
        """
        if self._loaded is None or self._loaded[0] > reduction:
            self._loaded = self._decode(reduction)
        image = self._loaded[1]
        return image, max(image.size) / max(self._stored)

    def _decode(self, reduction: int) -> tuple[int, Image.Image]:
        try:
            orientation = self._orientation
            image = self._image
            if self._data is not None and self._loaded is not None:
                image = open_image(self._data, self.name)
                if self.frames[self.frame]:
                    seek(image, self.frames[self.frame], self.name)
            if self._exact or self._data is None or image.format not in _REDUCIBLE:
                reduction = 1
            elif reduction > 1:
                width, height = image.size
                image.draft("RGB", (max(1, width // reduction), max(1, height // reduction)))
            check_pixels(image, self.name)
            if self._data is None:
                with self._alone:
                    image.load()
            rgb = to_rgb(image, self._depth, self.name)
            if orientation != 1:
                rgb = rgb.transpose(_TURNS[orientation])
        except ImageError:
            raise
        except Exception as error:  # decoders fail in every way when fed hostile bytes
            raise ImageError(self.name, reason(error, "decoded")) from error
        return reduction, rgb


def reduction_factor(limit: float) -> int:
    """Return the factor for reduced-size decoding: the largest of 1, 2, 4, 8 up to `limit`."""
    return next((factor for factor in (8, 4, 2) if factor <= limit), 1)


def name_of(source: Source) -> str:
    """Name of a source in messages and reports, with undecodable bytes kept as surrogates."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fsdecode(source)
        return name if len(name) < _LONGEST_NAME else f"{name[:60]}…"
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "<bytes>"
    if isinstance(source, Image.Image):
        return os.fsdecode(getattr(source, "filename", "") or "<image>")
    if isinstance(source, np.ndarray):
        return "<array>"
    called = getattr(source, "name", None)
    return called if isinstance(called, str) else "<file>"


def _from_array(array: np.ndarray[Any, Any], name: str) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ImageError(
            name,
            "needs to be uint8 RGB of shape (height, width, 3),"
            f" got {array.dtype} of shape {array.shape}",
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where there is none or the EXIF block is broken."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a broken EXIF block does not make a picture unreadable
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
