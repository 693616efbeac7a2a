"""AVIF and HEIC: boxes of an ISO base media file (ISO 14496-12, 23008-12, C2PA)."""

from __future__ import annotations

from collections.abc import Iterator

from fakeface.provenance._blocks import MAX_PARTS, Blocks, is_c2pa_store

_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_EXTENTS = 64


def read_isobmff(data: bytes) -> Blocks:
    """Return the metadata blocks of an AVIF or HEIC file."""
    brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    blocks = Blocks("image/avif" if b"avi" in brands else "image/heic")
    described = False
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"uuid" and data.startswith(_C2PA_UUID, start, end):
            _add_store(blocks, data, start + 16, end)
        elif kind == b"uuid" and data.startswith(_XMP_UUID, start, end):
            blocks.add_xmp(data[start + 16 : end])
        elif kind == b"meta" and not described:
            described = True
            _add_items(blocks, data, start + 4, end)
    return blocks


def _boxes(data: bytes, at: int, last: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the contents of boxes that are whole."""
    for _ in range(MAX_PARTS):
        size, kind, start = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif size == 0:
            size = last - at
        if size < start - at or at + size > last:
            return
        yield kind, start, at + size
        at += size


def _add_store(blocks: Blocks, data: bytes, start: int, end: int) -> None:
    """Add content credentials: version, purpose, offset of Merkle trees, manifest store.

    Whatever its purpose is said to be, a box that holds a store counts, so that credentials which
    were tampered with are not passed over. A box for Merkle trees, which holds none, does not.
    """
    if blocks.c2pa:
        return
    head = data[start : min(end, start + 128)]
    store = head.find(b"jumb") - 4
    if store >= 0 and is_c2pa_store(head[store:]):
        blocks.c2pa.append((start + store, end))
    elif head[4:11] != b"merkle\0":
        blocks.c2pa.append((start, end))


def _add_items(blocks: Blocks, data: bytes, start: int, end: int) -> None:
    """Add the items of a `meta` box that are EXIF or XMP."""
    kinds: dict[int, str] = {}
    places: dict[int, list[tuple[int, int]]] = {}
    inside = (0, 0)
    for kind, at, last in _boxes(data, start, end):
        if kind == b"iinf" and not kinds:
            kinds = dict(_item_kinds(data, at, last))
        elif kind == b"idat":
            inside = (at, last)
    for kind, at, last in _boxes(data, start, end):
        if kind == b"iloc" and not places:
            places = _item_places(data, at, last, set(kinds), inside)
    for item, what in kinds.items():
        extents = places.get(item, [])
        if (
            blocks.full(what)
            or not extents
            or not blocks.fits(what, sum(length for _, length in extents))
        ):
            continue
        block = b"".join(data[offset : offset + length] for offset, length in extents)
        if what == "exif":
            header = 4 + int.from_bytes(block[:4], "big")
            blocks.add_exif(block[header:])
        else:
            blocks.add_xmp(block)


def _item_kinds(data: bytes, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield the numbers of the items that are EXIF or XMP."""
    start += 6 if data[start : start + 1] == b"\0" else 8
    for kind, at, last in _boxes(data, start, end):
        version = data[at : at + 1]
        if kind != b"infe" or version not in (b"\2", b"\3"):
            continue
        wide = 2 if version == b"\2" else 4
        item = int.from_bytes(data[at + 4 : at + 4 + wide], "big")
        name = at + 4 + wide + 2
        if data[name : name + 4] == b"Exif":
            yield item, "exif"
        elif data[name : name + 4] == b"mime":
            fields = data[name + 4 : min(last, name + 256)].split(b"\0")
            if len(fields) > 1 and fields[1] == b"application/rdf+xml":
                yield item, "xmp"


def _item_places(
    data: bytes, at: int, end: int, wanted: set[int], inside: tuple[int, int]
) -> dict[int, list[tuple[int, int]]]:
    """Return offsets and lengths of the extents of the items wanted, from an `iloc` box."""
    places: dict[int, list[tuple[int, int]]] = {}
    version = int.from_bytes(data[at : at + 1], "big")
    sizes = int.from_bytes(data[at + 4 : at + 6], "big")
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, sizes & 15 if version in (1, 2) else 0
    at += 6
    wide = 4 if version == 2 else 2

    def number(size: int) -> int:
        nonlocal at
        value = int.from_bytes(data[at : min(at + size, end)], "big")
        at += size
        return value

    for _ in range(min(number(wide), MAX_PARTS)):
        if at >= end:
            break
        item = number(wide)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)  # data reference
        base = number(base_size)
        extents = number(2)
        if item not in wanted or method > 1 or extents > _MAX_EXTENTS:
            at += extents * (index_size + offset_size + length_size)
            continue
        for _ in range(extents):
            number(index_size)
            offset, length = base + number(offset_size), number(length_size)
            first, last = inside if method == 1 else (0, len(data))
            if first + offset + length <= last:
                places.setdefault(item, []).append((first + offset, length))
    return places
