"""How many frames or pages a file holds, and which of them are pictures of their own."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from PIL import Image

from fakeface.images._tiff import judged_pages

MAX_FRAMES = 100_000
"""Frames beyond this many are not counted: one takes a dozen bytes."""


def frames_of(image: Image.Image, data: bytes | None) -> Sequence[int]:
    """Number the frames of a picture that has just been opened.

    Smaller copies and masks are no frames, nor what stands behind the picture of a phone (MPO);
    neither is what a damaged file only claims to hold.

    Returns:
        Indices for `PIL.Image.Image.seek`, in order; what the picture shows first comes first.
    """
    if image.format in ("JPEG", "MPO"):
        return (0,)
    if data is None:
        # counting would seek, and drop pixels that the caller may have changed
        core = "_im" if hasattr(image, "_im") else "im"  # before Pillow 11
        loaded = image.format in ("GIF", "TIFF") and getattr(image, core, None) is not None
        return range(max(1, _claimed_aside(image) if loaded else _claimed(image)))
    if image.format == "TIFF":
        return judged_pages(data) or (0,)
    if image.format == "GIF":
        return range(max(1, _gif_frames(data)))
    claimed = _claimed(image)
    if image.format == "PNG" and claimed > 1:
        claimed = min(claimed, data.count(b"fcTL") + 1)
    return range(max(1, min(claimed, MAX_FRAMES)))


def spread(frames: Sequence[int], number: int) -> list[int]:
    """Choose frames that are spread evenly over all of them.

    Args:
        frames: From `frames_of`.
        number: How many, at least 1; the first is always among them, with two and more the last.

    Returns:
        Places in `frames`, in order.
    """
    if number >= len(frames):
        return list(range(len(frames)))
    last = len(frames) - 1
    return [round(place * last / (number - 1)) for place in range(number)] if number > 1 else [0]


def _claimed(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # counting may read all of a damaged file
        return 1


def _claimed_aside(image: Image.Image) -> int:
    """As `_claimed`, in the same file opened again, once."""
    known: int | None = getattr(image, "_n_frames", None)
    if known is not None:
        return known
    file: Any = getattr(image, "fp", None)
    try:
        at = file.tell()
        file.seek(0)
        data = file.read()
        file.seek(at)
        image._n_frames = _claimed(Image.open(io.BytesIO(data)))  # type: ignore[attr-defined]
        return int(image._n_frames)  # type: ignore[attr-defined]
    except Exception:  # closed, or gone
        return image.tell() + 1


def _gif_frames(data: bytes) -> int:
    """Count the frames of a GIF by its blocks, without decoding any."""
    frames, at, blocks = 0, 13 + _colours(data, 10), 0
    while frames < MAX_FRAMES and (found := _GIF_BLOCK.search(data, at)) and found[0] != b";":
        at = found.end()
        if found[0] == b",":  # a frame: its place, colours and codes
            frames += 1
            at += 10 + _colours(data, at + 8)
        else:
            at += 1  # an extension
        while at < len(data) and data[at] and blocks < _MAX_BLOCKS:
            at += data[at] + 1
            blocks += 1
        at += 1
    return frames


_GIF_BLOCK = re.compile(rb"[,!;]")
_MAX_BLOCKS = 10_000_000


def _colours(data: bytes, at: int) -> int:
    """Bytes of the colour table that the flags at a place announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
