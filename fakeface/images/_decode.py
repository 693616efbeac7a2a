"""From whatever the caller has to upright RGB pixels: the first step of every picture.

Formats are told by content, never by file name, and only those are tried that Pillow decodes
in its own process (no Ghostscript, no plug-in that runs programs). Everything that can go wrong
while decoding hostile bytes comes out as one `ImageError`.

JPEG pictures can be decoded at 1/2, 1/4 or 1/8 of their size at a fraction of the cost (`draft`
of Pillow, DCT scaling of libjpeg). `Picture.load` takes the scale that the caller can bear;
`fakeface._preprocess` decides it from the faces.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from fakeface._errors import ImageError
from fakeface.images._read import digest, read, reason
from fakeface.images._sniff import HEAD
from fakeface.types import Source

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO", "AVIF", "HEIF")
"""Formats that are read, as Pillow names them; AVIF and HEIF where this Pillow has them."""

MAX_PIXELS = 120_000_000
"""Pictures that would decode to more pixels than this are refused (a bomb, or beyond memory). JPEG
pictures of more are decoded smaller; those of 1.5 times as many Pillow refuses to open."""

MAX_SCANS = 100
"""Progressive JPEG pictures of more scans are refused, as in Chromium: each scan of a few bytes
costs a pass over all pixels, and encoders write about ten."""

_REDUCIBLE = ("JPEG", "MPO")
_BACKGROUND = (255, 255, 255)
_PLUGINS = {"WEBP": "PIL.WebPImagePlugin"}
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

_LOCKS = tuple(Lock() for _ in range(64))
"""For Pillow images of callers, shared out by identity. Pillow reads pixels and EXIF when they are
first asked for, which must not happen in two threads at once where both were given one image."""


class Picture:
    """A picture whose header has been read and whose pixels are decoded when asked for.

    Attributes:
        name: Path of the file, or `<bytes>`, `<file>`, `<image>`, `<array>`.
        digest: BLAKE2b-128 of the encoded bytes in hexadecimal; None for decoded sources.
    """

    __slots__ = ("_alone", "_data", "_image", "_loaded", "_stored", "_turned", "digest", "name")

    def __init__(self, source: Source) -> None:
        """Read the header of `source`.

        Args:
            source: A path, encoded bytes, a binary file object (read until it gives no more), a
                Pillow image (left open and unchanged; several threads may have the same one), or a
                uint8 array of shape (height, width, 3) in RGB.

        Raises:
            ImageError: It is not a readable picture in one of `FORMATS`, too large, or of a type
                that is not taken.
        """
        self._data: bytes | None = None
        self._alone: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        self._loaded: tuple[int, Image.Image] | None = None
        self.digest: str | None = None
        self.name = name_of(source)
        if isinstance(source, Image.Image):
            self._image = source
            self._alone = _LOCKS[id(source) // 16 % len(_LOCKS)]
        elif isinstance(source, np.ndarray):
            self._image = _from_array(source, self.name)
        else:
            self._data = read(source, self.name)
            self.digest = digest(self._data)
            self._image = _open(self._data, self.name)
        width, height = self._stored = self._image.size
        if width < 1 or height < 1:
            raise ImageError(self.name, f"has no pixels ({width}x{height})")
        if self._image.format not in _REDUCIBLE:
            _check_pixels(self._image, self.name)
        self._turned: int | None = None

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
            ImageError: The pixels cannot be decoded, or are too many.
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
                image = _open(self._data, self.name)
            if self._data is None or image.format not in _REDUCIBLE:
                reduction = 1
            elif reduction > 1:
                width, height = image.size
                image.draft("RGB", (max(1, width // reduction), max(1, height // reduction)))
            _check_pixels(image, self.name)
            if self._data is None:
                with self._alone:
                    image.load()
            rgb = _to_rgb(image)
            if orientation != 1:
                rgb = rgb.transpose(_TURNS[orientation])
        except ImageError:
            raise
        except Exception as error:  # decoders fail in every way when fed hostile bytes
            raise ImageError(self.name, reason(error, "decoded")) from error
        return reduction, rgb


def name_of(source: Source) -> str:
    """Name of a source in messages and reports, with undecodable bytes kept as surrogates."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "<bytes>"
    if isinstance(source, Image.Image):
        return os.fsdecode(getattr(source, "filename", "") or "<image>")
    if isinstance(source, np.ndarray):
        return "<array>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file>"


def _open(data: bytes, name: str) -> Image.Image:
    """Read the header of encoded bytes."""
    try:
        image = Image.open(io.BytesIO(data), formats=readable_formats())
        if image.info.get("progressive") and _scans(data) > MAX_SCANS:
            raise ImageError(name, f"has more than the {MAX_SCANS} scans allowed (a time bomb?)")
        return image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(name, f"{_TOO_MANY} (decompression bomb?)") from error
    except UnidentifiedImageError as error:
        raise ImageError(name, _unidentified(data)) from error
    except Exception as error:  # see _decode
        raise ImageError(name, reason(error, "decoded")) from error


_TOO_MANY = f"claims more than the {MAX_PIXELS:,} pixels allowed"


def _check_pixels(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        raise ImageError(name, f"{_TOO_MANY}: {size} (decompression bomb?)")


def _scans(data: bytes) -> int:
    """Number of scans in a JPEG: start-of-scan markers up to the end of the first picture."""
    scans, at = 0, 2
    while (marker := _JPEG_MARKER.search(data, at)) and marker[1] != b"\xd9":
        scans += marker[1] == b"\xda"
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans


_JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
"""Markers but those without a length, and but stuffed bytes between pixels."""


def _unidentified(data: bytes) -> str:
    if data[4:8] == b"ftyp" and "HEIF" not in readable_formats() and b"avif" not in data[8:HEAD]:
        return "is HEIC, which needs pillow-heif: pip install 'fakeface[heif]'"
    return "begins like a picture, but is broken, or of a kind that this Pillow cannot read"


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """`FORMATS`, less those whose decoder this Pillow lacks; HEIF where pillow-heif is there."""
    for name in FORMATS:  # not Image.init(), which loads fifty plug-ins
        with contextlib.suppress(ImportError):
            import_module(_PLUGINS.get(name, f"PIL.{name.title()}ImagePlugin"))
    with contextlib.suppress(ImportError):
        import_module("pillow_heif").register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)


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


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB: 16-bit and float are scaled, transparency is laid on white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        image.load()
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _scaled_to_eight_bit(image).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        opaque = Image.new("RGB", rgba.size, _BACKGROUND)
        opaque.paste(rgba, mask=rgba)
        return opaque
    return image.convert("RGB")


def _scaled_to_eight_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits, 32 bits or float, scaled to 0-255 (Pillow's own conversion clips)."""
    grey = np.asarray(image)
    top = float(np.max(grey, initial=0, where=np.isfinite(grey)))
    white = 1.0 if top <= 1.0 else 255.0 if top <= 255.0 and image.mode == "F" else 65535.0
    eight = np.empty(grey.shape, np.uint8)
    for start in range(0, len(grey), _ROWS):  # in parts, for each part takes 24 bytes a pixel
        part = np.nan_to_num(grey[start : start + _ROWS], posinf=0.0, neginf=0.0)
        eight[start : start + _ROWS] = np.clip(part * (255.0 / white), 0, 255).round()
    return Image.fromarray(eight)


_ROWS = 256
