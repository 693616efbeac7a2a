"""WebP: chunks of a RIFF file (RFC 9649, C2PA)."""

from __future__ import annotations

from fakeface.provenance._blocks import MAX_PARTS, Blocks, is_c2pa_store


def read_webp(data: bytes) -> Blocks:
    """Return the metadata blocks of a WebP file."""
    blocks = Blocks("image/webp")
    whole = 8 + int.from_bytes(data[4:8], "little")
    whole += whole % 2
    blocks.trailing = max(0, len(data) - whole)
    last = min(len(data), whole)
    at = 12
    for _ in range(MAX_PARTS):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        start, end = at + 8, at + 8 + size
        if at + 8 > last or end > last:
            return blocks
        at = end + size % 2
        if kind == b"EXIF":
            blocks.add_exif(data[start:end])
        elif kind == b"XMP ":
            blocks.add_xmp(data[start:end])
        elif kind == b"C2PA" and not blocks.c2pa and is_c2pa_store(data[start : start + 32]):
            blocks.c2pa.append((start, end))
    blocks.problems.append(f"webp: more than {MAX_PARTS:,} chunks")
    return blocks
