"""What a TIFF says of its pages and of the numbers in them, before anything is decoded.

Many files are TIFF: documents of several pages, scientific data of any depth, and the raw files of
cameras, whose first page is a thumbnail. Pillow opens all of them, and of some layouts it gives
other pixels than those meant, without a word. So only layouts that are known to come out right are
read.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import PIL

MAX_PAGES = 10_000
"""Pages beyond this many are not counted: directories are cheap to make."""

SUBFILE, OLD_SUBFILE, BITS, COMPRESSION, PHOTOMETRIC = 254, 255, 258, 259, 262
PLANAR, COLOURS, SUB_DIRECTORIES, INKS, FORMAT = 284, 320, 330, 332, 339
DNG_VERSION = 50706

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
_RAW = (32803, 34892)
"""Photometrics of what a sensor measured: a colour filter array, and linear raw."""

_CAMERA_RAW = (
    "is a camera raw file, of which only a thumbnail can be read; develop it first, to JPEG or TIFF"
)

Tags = Mapping[int, Any]


def judged_pages(data: bytes) -> list[int]:
    """Number the pages that are pictures of their own.

    Returns:
        Indices of pages, counted from 0, in order; without masks, and without smaller copies of
        other pages. Empty where the directories cannot be read, or list no such page.
    """
    found = []
    with suppress(struct.error):  # damaged directories: those before them count
        for index, page in enumerate(_pages(data)):
            if not _is_copy(page):
                found.append(index)
    return found


def camera_raw(data: bytes) -> str | None:
    """Tell why a TIFF cannot be judged: it is the raw file of a camera; None for others."""
    if data[8:10] == b"CR":
        return _CAMERA_RAW
    with suppress(struct.error):
        for index, page in enumerate(_pages(data)):
            below = [
                _directory(data, at)[0] for at in page.get(SUB_DIRECTORIES, ()) if at and not index
            ]
            # a copy that comes before the picture it is a copy of, or without it
            if not index and (DNG_VERSION in page or (_is_copy(page) and SUB_DIRECTORIES in page)):
                return _CAMERA_RAW
            if any(each.get(PHOTOMETRIC, (0,))[0] in _RAW for each in (page, *below)):
                return _CAMERA_RAW
    return None


def reject_reason(tags: Tags) -> str | None:
    """Tell why the pixels of a page may not be those meant.

    Args:
        tags: The tags of the page.

    Returns:
        The reason; None for layouts that Pillow is known to decode rightly to 8 bits, and for grey
        and RGB of 16 bits.
    """
    photometric = tags.get(PHOTOMETRIC)
    if photometric in _RAW or DNG_VERSION in tags:
        return _CAMERA_RAW
    if _is_known(tags):
        return None
    bits, kinds = _all(tags, BITS, 1), set(_all(tags, FORMAT, 1))
    kind = "signed " if 2 in kinds else "floating-point " if 3 in kinds else ""
    depth = " and ".join(map(str, sorted(set(bits))))
    return (
        f"is a TIFF of {len(bits)} {kind}numbers of {depth} bits a pixel (photometric"
        f" {photometric}, compression {tags.get(COMPRESSION, 1)}), which is not read for sure; save"
        " it in 8 bits as PNG or JPEG"
    )


def _is_known(tags: Tags) -> bool:
    bits, photometric = set(_all(tags, BITS, 1)), tags.get(PHOTOMETRIC)
    grey = photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    if set(_all(tags, FORMAT, 1)) != {1}:
        return False
    if photometric == PALETTE and max(_all(tags, COLOURS, 0)) < 256:
        return False  # colours in 8 bits where 16 are due
    if photometric == CMYK and tags.get(INKS, 1) != 1:
        return False
    if photometric == YCBCR:
        return bits == {8} and tags.get(COMPRESSION, 1) != 1
    if tags.get(PLANAR, 1) == 2:
        return bits == {8} and photometric in (BLACK_IS_ZERO, RGB, PALETTE, CMYK)
    if len(_all(tags, BITS, 1)) == 1:
        return (bits <= {1, 2, 4, 8} and (grey or photometric == PALETTE)) or (
            bits == {16} and grey
        )
    if bits == {16}:
        return photometric == RGB
    return bits == {8} and (grey or photometric in (RGB, PALETTE, CMYK))


@lru_cache(maxsize=1)
def silence() -> None:
    """Keep libtiff from writing about broken files to standard error, without their names.

    What is wrong comes as an exception too. Where Pillow's own libtiff cannot be found, such as
    on Windows, nothing is changed.
    """
    home = Path(PIL.__file__).parent
    for folder in (home.parent / "pillow.libs", home.parent / "Pillow.libs", home / ".dylibs"):
        for library in folder.glob("libtiff*"):
            with suppress(OSError, AttributeError):
                handler = ctypes.CDLL(str(library)).TIFFSetErrorHandler
                handler.argtypes, handler.restype = [ctypes.c_void_p], ctypes.c_void_p
                handler(None)


def _all(tags: Tags, tag: int, default: int) -> tuple[int, ...]:
    value = tags.get(tag, default)
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


Page = Mapping[int, tuple[int, ...]]
"""The tags of a page that say what it is, each with its first numbers."""

_TAGS = (SUBFILE, OLD_SUBFILE, PHOTOMETRIC, SUB_DIRECTORIES, DNG_VERSION)
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I"}
_MAX_NUMBERS = 64


def _is_copy(page: Page) -> bool:
    """Whether a page is a smaller copy of another one, or a mask for it."""
    return bool(page.get(SUBFILE, (0,))[0] & 0b101) or page.get(OLD_SUBFILE, (1,))[0] == 2


def _pages(data: bytes) -> Iterator[Page]:
    """The directories of pages, one after the other; `struct.error` where the file ends."""
    (at,) = struct.unpack_from(_order(data) + "I", data, 4)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < MAX_PAGES:
        seen.add(at)
        page, at = _directory(data, at)
        yield page


def _directory(data: bytes, at: int) -> tuple[Page, int]:
    """The tags of a directory, and where the next one begins."""
    order = _order(data)
    (entries,) = struct.unpack_from(order + "H", data, at)
    end = at + 2 + 12 * entries
    page = {}
    for place in range(at + 2, end, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, place)
        if tag in _TAGS and kind in _NUMBERS and number:
            numbers = f"{order}{min(number, _MAX_NUMBERS)}{_NUMBERS[kind]}"
            start = place + 8
            if number * struct.calcsize(order + _NUMBERS[kind]) > 4:
                (start,) = struct.unpack_from(order + "I", data, start)
            page[tag] = struct.unpack_from(numbers, data, start)
    (following,) = struct.unpack_from(order + "I", data, end)
    return page, following


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"
