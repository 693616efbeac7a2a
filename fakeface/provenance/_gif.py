"""GIF: extensions before the first picture (GIF89a, XMP part 3, C2PA)."""

from __future__ import annotations

from fakeface.provenance._blocks import MAX_BLOCK, MAX_PARTS, MAX_TEXTS, Blocks, is_c2pa_store

_COMMENT, _APPLICATION = 0xFE, 0xFF
_XMP = b"XMP DataXMP"
_XMP_TRAILER = b"\x01\xff\xfe\xfd"
"""What ends a packet, which stands there as it is and not in parts of at most 255 bytes."""

_C2PA = b"C2PA_GIF"


def read_gif(data: bytes) -> Blocks:
    """Return the metadata blocks of a GIF file."""
    blocks = Blocks("image/gif")
    flags = int.from_bytes(data[10:11], "big")
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    left = MAX_PARTS
    while data[at : at + 1] == b"\x21" and at + 2 < len(data) and left > 0:
        label, start = data[at + 1], at + 2
        parts, at = _parts(data, start, left)
        left -= len(parts) + 1
        if label == _COMMENT and len(blocks.comments) < MAX_TEXTS:
            if blocks.fits("comment", parts[-1][1] - start if parts else 0):
                blocks.comments.append(b"".join(data[first:last] for first, last in parts))
        elif label == _APPLICATION and parts:
            name = data[slice(*parts[0])]
            if name == _XMP and not blocks.full("xmp"):
                end = data.find(_XMP_TRAILER, start, start + MAX_BLOCK)
                blocks.add_xmp(data[parts[0][1] : end if end > 0 else at])
            elif name.startswith(_C2PA) and is_c2pa_store(data[slice(*(parts[1:] or parts)[0])]):
                blocks.c2pa = blocks.c2pa or parts[1:]
    return blocks


def _parts(data: bytes, at: int, most: int) -> tuple[list[tuple[int, int]], int]:
    """Return where the parts of an extension start and end, and where it ends."""
    parts: list[tuple[int, int]] = []
    while at < len(data) and data[at] and len(parts) < most:
        parts.append((at + 1, min(at + 1 + data[at], len(data))))
        at += 1 + data[at]
    return parts, at + 1
