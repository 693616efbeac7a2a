"""What a TIFF says of its pages and of the numbers in them, before anything is decoded.

Many files are TIFF: documents of several pages, scientific data of any depth, and the raw files of
cameras, whose first page is a thumbnail. Pillow opens all of them, and of some layouts it gives
other pixels than those meant, without a word. What is not known to come out right is refused with
the reason.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import PIL

MAX_PAGES = 10_000
"""Pages beyond this many are not counted: directories are cheap to make."""

SUBFILE, OLD_SUBFILE, BITS, COMPRESSION, PHOTOMETRIC = 254, 255, 258, 259, 262
PLANAR, COLOURS, SUB_DIRECTORIES, INKS, EXTRA, FORMAT = 284, 320, 330, 332, 338, 339
DNG_VERSION = 50706

_RAW = (32803, 34892)
"""Photometrics of what a sensor measured: a colour filter array, and linear raw."""

_DEPTHS = (1, 2, 4, 8, 12, 16, 32)
_FORMATS = {2: "signed numbers", 3: "floating-point numbers", 5: "complex", 6: "complex numbers"}
_PHOTOMETRICS = {
    4: "a transparency mask",
    9: "ICC Lab colours",
    10: "ITU Lab colours",
    32844: "LogL brightness",
    32845: "LogLuv colours",
    34892: "linear raw",
    51177: "a depth map",
}
_CAMERA_RAW = (
    "is a camera raw file, of which only a thumbnail can be read; develop it first, to JPEG or TIFF"
)

Tags = Mapping[int, Any]


def judged_pages(data: bytes) -> list[int]:
    """Number the pages that are pictures of their own.

    Args:
        data: A whole TIFF.

    Returns:
        Indices of pages, counted from 0, in order; without masks, and without smaller copies of
        other pages. Empty where the directories cannot be read, or list no such page.
    """
    found = []
    with suppress(Exception):  # damaged directories: those before them count
        for index, page in enumerate(_directories(data)):
            if not _is_copy(page):
                found.append(index)
    return found


def camera_raw(data: bytes) -> str | None:
    """Tell whether a TIFF is the raw file of a camera.

    Args:
        data: A whole TIFF.

    Returns:
        Why it cannot be judged; None for other TIFFs.
    """
    if data[8:10] == b"CR" or data[:4] in (b"IIRO", b"IIRS", b"MMOR"):
        return _CAMERA_RAW
    first = True
    with suppress(Exception):
        for page in _directories(data):
            # a copy that comes before the picture it is a copy of, or without it
            if first and (DNG_VERSION in page or (_is_copy(page) and SUB_DIRECTORIES in page)):
                return _CAMERA_RAW
            first = False
            if page.get(PHOTOMETRIC) in _RAW:
                return _CAMERA_RAW
            if any(sub.get(PHOTOMETRIC) in _RAW for sub in _sub_directories(data, page)):
                return _CAMERA_RAW
    return None


def refusal(tags: Tags) -> str | None:
    """Tell why the pixels of a page would not be those meant.

    Args:
        tags: The tags of the page.

    Returns:
        The reason; None where Pillow decodes what is meant, or says itself that it cannot.
    """
    bits, formats = _all(tags, BITS, 1), _all(tags, FORMAT, 1)
    photometric, compressed = tags.get(PHOTOMETRIC), tags.get(COMPRESSION, 1) != 1
    depth = " and ".join(map(str, sorted(set(bits))))
    if photometric in _RAW or DNG_VERSION in tags:
        return _CAMERA_RAW
    if photometric in _PHOTOMETRICS:
        return f"holds {_PHOTOMETRICS[photometric]}, not a picture in colours or grey"
    if 2 in formats:
        return f"holds signed numbers of {depth} bits: what is white in it is not known"
    if any(kind in (5, 6) for kind in formats):
        return "holds complex numbers, not a picture in colours or grey"
    if 3 in formats and (len(bits) > 1 or bits != (32,)):
        return (
            f"holds {len(bits)} floating-point numbers of {depth} bits a pixel; save it in 8 bits"
        )
    if 3 in formats and compressed and getattr(tags, "prefix", b"II") == b"MM":
        return "holds compressed floating-point numbers in big-endian order; save it in 8 bits"
    if any(each not in _DEPTHS for each in bits) or (len(set(bits)) > 1):
        return f"holds numbers of {depth} bits; save it in 8 bits"
    if len(bits) > 1 and bits[0] not in (8, 16):
        return f"holds {len(bits)} numbers of {depth} bits a pixel; save it in 8 bits"
    if photometric == 6 and not compressed and _is_subsampled(tags):
        return "holds uncompressed colours at half the size, which Pillow cannot read"
    if photometric == 5 and tags.get(INKS, 1) != 1:
        return "holds inks other than cyan, magenta, yellow and black"
    if (
        tags.get(PLANAR, 1) == 2
        and not compressed
        and not (set(bits) == {8} and photometric in (1, 2, 3, 5))
    ):
        return f"holds planes of {depth} bits, one after the other; save it with pixels interleaved"
    if tags.get(PLANAR, 1) == 2 and len(bits) > 1 and set(bits) != {8}:
        return f"holds planes of {depth} bits, one after the other; save it with pixels interleaved"
    return None


def first_refusal(data: bytes) -> str | None:
    """Tell why the first page of a TIFF that Pillow does not open cannot be read.

    Args:
        data: A whole TIFF.

    Returns:
        The reason; None where it is not known.
    """
    with suppress(Exception):
        page = next(_directories(data))
        bits = _all(page, BITS, 1)
        if max(bits) > 64 or PHOTOMETRIC not in page:
            return None  # damaged
        if why := refusal(page):
            return why
        if (
            set(bits) == {8}
            and page[PHOTOMETRIC] in (1, 2, 3, 5, 6)
            and not _all(page, EXTRA, 0)[0]
        ):
            return None  # a usual one, damaged
        return (
            f"is a TIFF of {len(bits)} numbers of {max(bits)} bits a pixel, photometric"
            f" {page[PHOTOMETRIC]}, compression {page.get(COMPRESSION, 1)}, which"
            " Pillow cannot read; save it as PNG or JPEG"
        )
    return None


def narrow_palette(tags: Tags) -> bytes | None:
    """Correct the colours of a palette that was written in 8 bits where 16 are due.

    Args:
        tags: The tags of a page.

    Returns:
        Reds, greens and blues in turn, a byte each; None for a palette as it should be.
    """
    colours = _all(tags, COLOURS, 0)
    if tags.get(PHOTOMETRIC) != 3 or not colours or not 0 < max(colours) < 256:
        return None
    third = len(colours) // 3
    return bytes(colours[band * third + at] for at in range(third) for band in range(3))


def silence() -> None:
    """Keep libtiff from writing about broken files to standard error, without their names.

    What is wrong comes as an exception too. Where Pillow's own libtiff cannot be found, such as
    on Windows, nothing is changed.
    """
    _silenced()


@lru_cache(maxsize=1)
def _silenced() -> None:
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


def _is_subsampled(tags: Tags) -> bool:
    """Whether uncompressed YCbCr has fewer bytes than three for each pixel."""
    width, height = tags.get(256, 0), tags.get(257, 0)
    sizes = _all(tags, 279, 0) if 279 in tags else _all(tags, 325, 0)
    return bool(sum(sizes) < 3 * width * height)


def _is_copy(page: Tags) -> bool:
    """Whether a page is a smaller copy of another one, or a mask for it."""
    kind, old = page.get(SUBFILE, 0), page.get(OLD_SUBFILE, 1)
    return bool(isinstance(kind, int) and kind & 0b101) or old == 2


def _directories(data: bytes) -> Iterator[Any]:
    """The directories of pages, one after the other."""
    seen: set[int] = set()
    directory = _header(data)
    at = directory.next
    while at and at not in seen and len(seen) < MAX_PAGES:
        seen.add(at)
        directory = _directory(data, at)
        yield directory
        at = directory.next


def _sub_directories(data: bytes, page: Tags) -> Iterator[Any]:
    for at in _all(page, SUB_DIRECTORIES, 0)[:64]:
        if at:
            yield _directory(data, at)


def _header(data: bytes) -> Any:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    return ImageFileDirectory_v2(data[: 16 if data[2] == 43 else 8])


def _directory(data: bytes, at: int) -> Any:
    directory = _header(data)
    file = io.BytesIO(data)
    file.seek(at)
    directory.load(file)
    return directory
