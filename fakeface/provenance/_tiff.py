"""Directories of TIFF (TIFF 6.0), which EXIF uses too: only what is asked for, within bounds."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from fakeface.provenance._blocks import MAX_BLOCK, Blocks, is_c2pa_store

Order = Literal["little", "big"]

_ORDERS: dict[bytes, Order] = {b"II": "little", b"MM": "big"}
"""Byte order by the first two bytes of a header."""

_MAX_ENTRIES = 1024
"""Entries of a directory that are looked at."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8, 13: 4, 129: 1}
"""Bytes of a value by type: BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, …, UTF-8 of Exif 3.0."""

TIFF = "image/tiff"
_XMP, _IPTC, _PHOTOSHOP, _C2PA = EMBEDDED = 700, 33723, 34377, 0xCD41
"""Tags of a first directory that hold blocks of other metadata."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a directory.

    Attributes:
        kind: Its type, as in TIFF.
        data: Its bytes.
        order: Byte order.
        at: Where it stands in the block.
        size: Its length in bytes, also where that is too large to be read.
    """

    kind: int
    data: bytes
    order: Order
    at: int
    size: int

    @property
    def text(self) -> str:
        """The value as a text without padding; empty for other types."""
        if self.kind not in (2, 7, 129):
            return ""
        return self.data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()

    @property
    def number(self) -> Fraction | None:
        """The first number; None for texts, and for a rational number without a denominator."""
        if self.kind in (3, 4, 13):
            return Fraction(int.from_bytes(self.data[: _SIZES[self.kind]], self.order))
        if self.kind in (5, 10) and len(self.data) >= 8:
            top, below = (
                int.from_bytes(part, self.order, signed=self.kind == 10)
                for part in (self.data[:4], self.data[4:8])
            )
            return Fraction(top, below) if below else None
        return None


def read_directory(data: bytes, offset: int | None, tags: Collection[int]) -> dict[int, Value]:
    """Return the values of some tags in a directory.

    Args:
        data: A block that begins with a TIFF header.
        offset: Where the directory is; None for the first.
        tags: The tags.

    Returns:
        Values by tag; those that lie outside the block are left out, those larger than
        `MAX_BLOCK` are empty.
    """
    values: dict[int, Value] = {}
    order = _ORDERS.get(data[:2])
    if order is None or len(data) < 8:
        return values
    sign = "<" if order == "little" else ">"
    at = struct.unpack_from(sign + "I", data, 4)[0] if offset is None else offset
    count = min(int.from_bytes(data[at : at + 2], order), _MAX_ENTRIES)
    entries = data[at + 2 : at + 2 + 12 * count]
    entries = entries[: len(entries) // 12 * 12]  # of a block that is cut off
    for number, found in enumerate(struct.iter_unpack(sign + "HHII", entries)):
        tag, kind, several, place = found
        if tag not in tags or tag in values or kind not in _SIZES:
            continue
        size = _SIZES[kind] * several
        if size <= 4:
            place = at + 2 + 12 * number + 8
        if place + size <= len(data):
            kept = data[place : place + size] if size <= MAX_BLOCK else b""
            values[tag] = Value(kind, kept, order, place, size)
    return values


def add_embedded(blocks: Blocks, block: bytes, values: dict[int, Value]) -> None:
    """Add what the first directory of a TIFF file or EXIF block holds: XMP, IPTC and C2PA."""
    if (xmp := values.get(_XMP)) is not None and blocks.fits("xmp", xmp.size):
        blocks.add_xmp(xmp.data)
    for tag in (_IPTC, _PHOTOSHOP):
        if (iptc := values.get(tag)) is not None and blocks.fits("iptc", iptc.size):
            blocks.add_iptc(iptc.data)
    if blocks.mime == TIFF and (c2pa := values.get(_C2PA)) is not None:
        end = c2pa.at + c2pa.size
        if is_c2pa_store(block[c2pa.at : min(c2pa.at + 32, end)]):
            blocks.c2pa.append((c2pa.at, end))
