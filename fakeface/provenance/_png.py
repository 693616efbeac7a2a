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

_XMP_KEYWORD = "xml:com.adobe.xmp"
_PROFILE = "raw profile type "
"""How ImageMagick begins the keywords of what PNG had no chunks for."""

_AIGC, _COMFY = b"AIGC", b"comf"
"""Chunks of China's label (TC260-PG-20257A), and of ComfyUI in moving pictures."""


def read_png(data: bytes) -> Blocks:
    """Return the metadata blocks of a PNG file."""
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
        if kind in (b"tEXt", b"zTXt", b"iTXt", _COMFY):
            _add_text(blocks, kind, data, start, end)
        elif kind == _AIGC and len(blocks.texts) < MAX_TEXTS and blocks.fits("AIGC", size):
            blocks.texts.append(("AIGC", _decode(data[start:end])))
        elif kind == b"eXIf":
            blocks.add_exif(data[start:end])
        elif kind == b"caBX" and not blocks.c2pa and is_c2pa_store(data[start : start + 32]):
            blocks.c2pa.append((start, end))
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
    if name.lower() == _XMP_KEYWORD:
        blocks.add_xmp(text)
    elif name.lower().startswith(_PROFILE):
        _add_profile(blocks, name[len(_PROFILE) :].lower(), text)
    else:
        blocks.texts.append((name, _decode(text)))


def _text(kind: bytes, rest: bytes) -> bytes:
    """Return the text behind a keyword, unpacked up to `MAX_BLOCK`."""
    if kind in (b"tEXt", _COMFY):
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


def _decode(text: bytes) -> str:
    """Decode a text; many programs write UTF-8 where the format says Latin-1."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _add_profile(blocks: Blocks, name: str, text: bytes) -> None:
    """Add a raw profile of ImageMagick: name, length and hexadecimal digits, in lines."""
    try:
        _, _, digits = text.strip().split(b"\n", 2)
        profile = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return
    if name in ("exif", "app1", "xmp"):
        if profile.startswith((b"Exif\0", b"http:")):
            blocks.add_app1(profile)
        elif name == "xmp":
            blocks.add_xmp(profile)
        else:
            blocks.add_exif(profile)
    elif name in ("iptc", "8bim"):
        blocks.add_iptc(profile)
