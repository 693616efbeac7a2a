"""PNG pictures that carry more than pixels: texts and profiles of any length."""

from __future__ import annotations

import zlib

_MAX_EXPANDED = 1 << 20
"""Bytes that Pillow takes of one text or profile; for more it refuses the whole picture."""

_HARMLESS = _MAX_EXPANDED // 1032
"""Bytes that cannot be compressed from more than `_MAX_EXPANDED` (Deflate makes 1032 of one)."""

_READ = (b"Raw profile type", b"XML:com.adobe.xmp")
"""Keywords of texts that may say which side is up."""


def without_texts(data: bytes) -> bytes:
    """Leave out long texts and endless profiles, on which no pixel depends.

    Programs keep whole workflows as text, of which Pillow reads no more than 1 MiB, and else
    nothing of the picture either.
    """
    view, kept, start, at = memoryview(data), list[memoryview](), 0, 8
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        end = at + 12 + length
        if length > _HARMLESS and _is_dead_weight(data[at + 4 : at + 8], view[at + 8 : end - 4]):
            kept.append(view[start:at])
            start = end
        at = end
    return b"".join([*kept, view[start:]]) if start else data


def _is_dead_weight(kind: bytes, chunk: memoryview) -> bool:
    if kind == b"iCCP":
        return not _is_short(chunk, 2)
    if kind == b"zTXt":
        return not (bytes(chunk[:80]).startswith(_READ) and _is_short(chunk, 2))
    if kind == b"iTXt":
        if not bytes(chunk[:80]).startswith(_READ):
            return True
        begins = bytes(chunk[:400]).split(b"\0", 1)
        compressed = len(begins) == 2 and begins[1][:1] == b"\1"
        return compressed and not _is_short(chunk, 5)  # language and translated keyword are empty
    return kind == b"tEXt" and not bytes(chunk[:80]).startswith(_READ)


def _is_short(chunk: memoryview, gap: int) -> bool:
    """Whether what is compressed behind the keyword and a few bytes is what Pillow takes."""
    at = bytes(chunk[:80]).find(b"\0") + gap
    expander = zlib.decompressobj()
    try:
        expander.decompress(chunk[at:], _MAX_EXPANDED)
    except zlib.error:
        return True  # Pillow passes over it
    return not expander.unconsumed_tail
