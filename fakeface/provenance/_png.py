"""PNG: chunks before IEND (W3C PNG, third edition)."""

from __future__ import annotations

import zlib

from fakeface.provenance._blocks import (
    MAX_BLOCK,
    MAX_PARTS,
    MAX_TEXT,
    MAX_TEXTS,
    Blocks,
    is_c2pa_store,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_XMP_KEYWORD = "XML:com.adobe.xmp"
_IPTC_KEYWORD = "Raw profile type iptc"


def read_png(data: bytes) -> Blocks:
    """Return the metadata blocks of a PNG file.

    Args:
        data: The file.
    """
    blocks = Blocks("image/png")
    at = len(SIGNATURE)
    for _ in range(MAX_PARTS):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start, end = at + 8, at + 8 + size
        if len(kind) < 4 or end > len(data):
            return blocks  # cut off
        at = end + 4
        if kind == b"IEND":
            blocks.trailing = max(0, len(data) - at)
            return blocks
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            _add_text(blocks, kind, data, start, end)
        elif kind == b"eXIf" and blocks.exif is None and blocks.fits("exif", size):
            blocks.exif = data[start:end]
        elif kind == b"caBX" and not blocks.c2pa and is_c2pa_store(data[start : start + 32]):
            blocks.c2pa = size
    blocks.problems.append(f"png: more than {MAX_PARTS:,} chunks")
    return blocks


def _add_text(blocks: Blocks, kind: bytes, data: bytes, start: int, end: int) -> None:
    if blocks.unpacked > MAX_TEXT or len(blocks.texts) >= MAX_TEXTS:
        return
    if not blocks.fits("png text", end - start):
        return
    keyword, _, rest = data[start:end].partition(b"\0")
    name = keyword[:79].decode("latin-1")
    try:
        text = _text(kind, rest)
        blocks.unpacked += len(text)
        if blocks.unpacked > MAX_TEXT:
            raise ValueError(f"all texts are more than the {MAX_TEXT:,} bytes allowed")
    except (ValueError, zlib.error) as error:
        blocks.problems.append(f"png text {name!r}: {error}")
        return
    if name == _XMP_KEYWORD:
        if blocks.xmp is None:
            blocks.xmp = text
    elif name == _IPTC_KEYWORD:
        if blocks.iptc is None:
            blocks.iptc = _profile(text)
    else:
        encoding = "utf-8" if kind == b"iTXt" else "latin-1"
        blocks.texts.append((name, _decode(text, encoding)))


def _text(kind: bytes, rest: bytes) -> bytes:
    """Return the text behind a keyword, unpacked up to `MAX_BLOCK`."""
    if kind == b"tEXt":
        return rest
    packed, method = True, rest[:1]
    rest = rest[1:]
    if kind == b"iTXt":
        packed, method = method == b"\1", rest[:1]
        _, _, rest = rest[1:].partition(b"\0")  # language
        _, _, rest = rest.partition(b"\0")  # translated keyword
    if not packed:
        return rest
    if method != b"\0":
        raise ValueError("unknown compression")
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(rest, MAX_BLOCK)
    if unpacker.unconsumed_tail:
        raise ValueError(f"unpacks to more than the {MAX_BLOCK:,} bytes allowed")
    return text


def _decode(text: bytes, encoding: str) -> str:
    """Decode a text; many programs write UTF-8 where the format says Latin-1."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode(encoding, "replace")


def _profile(text: bytes) -> bytes | None:
    """Return the bytes of an ImageMagick raw profile: name, length and hexadecimal digits."""
    try:
        _, _, digits = text.strip().split(b"\n", 2)
        profile = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return None
    from fakeface.provenance._iptc import from_photoshop

    return from_photoshop(profile) or profile
