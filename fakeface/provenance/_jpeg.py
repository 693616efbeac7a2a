"""JPEG: application segments before the first scan (ITU T.81, Exif 3.0, XMP part 3, C2PA)."""

from __future__ import annotations

from fakeface.provenance._blocks import MAX_PARTS, MAX_TEXTS, Blocks, is_c2pa_store

_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_BARE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers without a length."""


def read_jpeg(data: bytes) -> Blocks:
    """Return the metadata blocks of a JPEG file."""
    blocks = Blocks("image/jpeg")
    photoshop: list[bytes] = []
    extended: list[tuple[bytes, bytes]] = []
    store = b""  # number of the JUMBF box that is the store of the content credentials
    at = 2
    for _ in range(MAX_PARTS):
        if data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
            continue
        if data[at : at + 1] != b"\xff" or at + 4 > len(data):
            break
        marker = data[at + 1]
        if marker in (0xD9, 0xDA):  # end, or pixels
            break
        at += 2
        if marker in _BARE:
            continue
        size = int.from_bytes(data[at : at + 2], "big")
        start, end = at + 2, at + size
        if size < 2 or end > len(data):
            break
        at = end
        if 0xE0 <= marker <= 0xEF and b"AIGC" in data[start : min(start + 16, end)]:
            if (brace := data.find(b"{", start, end)) >= 0 and len(blocks.comments) < MAX_TEXTS:
                blocks.comments.append(data[brace:end].strip(b"\0"))  # China's label
        elif marker == 0xE1:
            if data.startswith(_EXTENDED_XMP, start, end):
                part = data[start + len(_EXTENDED_XMP) : end]  # after GUID and size: the offset
                extended.append((part[:32] + part[36:40], part[40:]))
            else:
                blocks.add_app1(data[start:end])
        elif marker == 0xED and data.startswith(_PHOTOSHOP, start, end):
            photoshop.append(data[start + len(_PHOTOSHOP) : end])
        elif marker == 0xFE and len(blocks.comments) < MAX_TEXTS:
            blocks.comments.append(data[start:end])
        elif marker == 0xEB and data.startswith(b"JP", start, end):
            number = data[start + 2 : start + 4]
            first = data[start + 4 : start + 8] == b"\0\0\0\1"
            if first and not store and is_c2pa_store(data[start + 8 : start + 40]):
                store = number
            if store and number == store:  # later segments repeat the head of the box
                blocks.c2pa.append((start + (16 if blocks.c2pa else 8), end))
    if photoshop:
        blocks.add_iptc(b"".join(photoshop))  # one block may be cut into several segments
    if extended:
        blocks.add_xmp(b"".join(part for _, part in sorted(extended)))
    last = data.rfind(b"\xff\xd9")
    if last >= at:
        blocks.trailing = len(data) - last - 2
    return blocks
