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
    """Whether the first `HEAD` bytes of a file are those of a picture that fakeface may read."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    # TIFF; its number is the wrong way round in some files, which Pillow reads all the same
    if head.startswith((b"II*\0", b"MM\0*", b"II\0*", b"MM*\0")):
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


def is_side_car(path: str, name: str) -> bool:
    """Whether a file may be what macOS keeps beside another one, under nearly the same name.

    On disks that cannot hold them, the resource fork and the attributes of `IMG.jpg` lie in
    `._IMG.jpg`, or in a folder `.AppleDouble`.
    """
    return name.startswith("._") or f"{os.sep}.AppleDouble{os.sep}" in path


def is_apple_double(head: bytes) -> bool:
    """Whether the first bytes of a file are those of such a side-car (AppleDouble)."""
    return head.startswith(b"\x00\x05\x16\x07")


def claims_picture(path: str, name: str) -> bool:
    """Whether a file claims to be a picture, by its name or by its first bytes.

    Returns:
        True for what is named like a picture, whatever it is: reading it will give the reason.
        False for side-cars of macOS, and for files of other names that are not regular, cannot be
        opened, or do not begin like a picture.
    """
    named = named_picture(name)
    if named and not is_side_car(path, name):
        return True
    try:
        descriptor = os.open(path, READ_ONLY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return named
            head = os.read(descriptor, HEAD)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return named
    return is_picture(head) or (named and not is_apple_double(head))


READ_ONLY = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
"""Flags that open a file for reading and never wait for the other end of a pipe."""
