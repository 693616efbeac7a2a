"""Whether a file in a folder claims to be a picture: by its first bytes, or by its name.

A folder of photographs also holds texts, videos and side-cars; reporting each of them as an
unreadable picture would bury the pictures that are broken. A file counts as a picture when its
first bytes say so, whatever its name, and also when only its name says so: a `.jpg` that is empty
or overwritten is a loss that a report must show.
"""

from __future__ import annotations

import os
import stat

HEAD = 32
"""Bytes of a file that `is_picture` wants to see."""

_BRANDS = frozenset(b"avif avis heic heix heim heis hevc hevx hevm hevs mif1 msf1".split())
"""Brands of ISO media files that are still pictures (AVIF and HEIF)."""

_BMP_HEADERS = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
"""Sizes of the second header of BMP; two letters alone are too little to go by."""

# fmt: off
_SUFFIXES = frozenset((
    "avif", "bmp", "dib", "gif", "heic", "heif", "hif", "jfif", "jpe", "jpeg", "jpg", "mpo", "png",
    "tif", "tiff", "webp",
    # pictures that fakeface cannot read, each of which is worth a line in a report
    "arw", "cr2", "cr3", "dng", "ico", "j2k", "jp2", "jxl", "nef", "orf", "pbm", "pgm", "pnm",
    "ppm", "psd", "raf", "rw2", "tga",
))
# fmt: on


def is_picture(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a picture that fakeface may read.

    Args:
        head: The first `HEAD` bytes, or all of a shorter file.

    Returns:
        Whether they are the signature of one of the formats of `fakeface.images._decode.FORMATS`.
    """
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    # TIFF; its number is the wrong way round in some files, which Pillow reads all the same
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"II\0*", b"MM*\0")):
        return True
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, len(head) - 3, 4))}
        return not brands.isdisjoint(_BRANDS)
    if head[:2] == b"BM":
        return int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return False


def named_picture(name: str) -> bool:
    """Whether a file is named like a picture, in a format that fakeface reads or not."""
    return name.rpartition(".")[2].lower() in _SUFFIXES


def claims_picture(path: str, name: str) -> bool:
    """Whether a regular file claims to be a picture, by its name or by its first bytes.

    Args:
        path: Path of the file.
        name: Its last part.

    Returns:
        False for a regular file that was read and claims nothing of the kind. True for what
        cannot be opened, or turns out to be no regular file: what it is cannot be known here,
        and reading it will give the reason.
    """
    if named_picture(name):
        return True
    try:
        descriptor = os.open(path, READ_ONLY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return True
            return is_picture(os.read(descriptor, HEAD))
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return True


READ_ONLY = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
"""Flags that open a file for reading and never wait for the other end of a pipe."""
