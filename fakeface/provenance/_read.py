"""From the bytes of a file to what it says of its own origin.

Containers are read here and not by Pillow, which gives EXIF and XMP, but of WebP, AVIF and HEIC no
content credentials, of JPEG only the last comment and no XMP in parts, of PNG no chunks beside its
own; which does not say what stands behind the end; and which for a WebP takes milliseconds.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator

from fakeface.images._decode import name_of
from fakeface.images._read import read as read_encoded
from fakeface.provenance import _png
from fakeface.provenance._blocks import Blocks
from fakeface.provenance._trust import load_trust_list
from fakeface.types import Source
from fakeface.types._provenance import Provenance, Statement

_log = logging.getLogger("fakeface")
_MOST = 64
_NOTHING = Provenance()
_TIFF = (b"II*\0", b"MM\0*")
_GIF = (b"GIF87a", b"GIF89a")


def read(source: Source, *, trust_list: str | os.PathLike[str] | None = None) -> Provenance:
    """Read what a file says of its own origin.

    Args:
        source: A path, encoded bytes, or a binary file object.
        trust_list: A file of certificates in PEM: signatures of those that they vouch for are
            `trusted`. None for the C2PA's list, which comes with fakeface.

    Returns:
        The statements; what cannot be read is among the `problems`.

    Raises:
        ImageError: The source cannot be read, or is no picture.
        ReportError: The trust list cannot be read.
    """
    anchors = None if trust_list is None else load_trust_list(trust_list)
    return provenance_of(read_encoded(source, name_of(source)), anchors)


def provenance_of(data: bytes, anchors: str | None = None) -> Provenance:
    """Return what a file says of its own origin; raise nothing, whatever the bytes.

    Args:
        data: The file.
        anchors: Certificates of those whose signatures are trusted, in PEM; None for the C2PA's.
    """
    try:
        blocks = _blocks(data)
        if blocks is None:
            return _NOTHING
        statements = tuple(dict.fromkeys(_statements(data, blocks, anchors)))
    except Exception as error:
        return Provenance(problems=(_internal(error),))
    if not (statements or blocks.problems or blocks.trailing):
        return _NOTHING
    return Provenance(statements[:_MOST], tuple(blocks.problems[:_MOST]), blocks.trailing)


def _blocks(data: bytes) -> Blocks | None:
    """Find the metadata of a file by the structure of its format; None for other formats."""
    if data.startswith(b"\xff\xd8\xff"):
        from fakeface.provenance._jpeg import read_jpeg

        return read_jpeg(data)
    if data.startswith(_png.SIGNATURE):
        return _png.read_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        from fakeface.provenance._webp import read_webp

        return read_webp(data)
    if data[4:8] == b"ftyp":
        from fakeface.provenance._isobmff import read_isobmff

        return read_isobmff(data)
    if data.startswith(_TIFF):
        return Blocks("image/tiff", exif=[data])
    if data.startswith(_GIF):
        from fakeface.provenance._gif import read_gif

        return read_gif(data)
    return None


def _statements(data: bytes, blocks: Blocks, anchors: str | None) -> Iterator[Statement]:
    directories = []
    if blocks.exif:
        from fakeface.provenance._exif import FIRST, read_exif
        from fakeface.provenance._tiff import add_embedded, read_directory

        for block in blocks.exif:
            directories.append((block, read_directory(block, None, FIRST)))
            add_embedded(blocks, *directories[-1])
    if blocks.c2pa:
        from fakeface.provenance._c2pa import read_c2pa

        yield from _guarded("c2pa", blocks, read_c2pa(data, blocks, anchors))
    for packet in blocks.xmp:
        from fakeface.provenance._xmp import read_xmp

        yield from _guarded("xmp", blocks, read_xmp(packet))
    for datasets in blocks.iptc:
        from fakeface.provenance._iptc import read_iptc

        yield from _guarded("iptc", blocks, read_iptc(datasets))
    for block, values in directories:
        yield from _guarded("exif", blocks, read_exif(block, values))
    if blocks.texts:
        from fakeface.provenance._generators import read_texts

        yield from _guarded("png text", blocks, read_texts(blocks.texts))
    if blocks.comments:
        from fakeface.provenance._generators import from_comments

        yield from _guarded("comment", blocks, from_comments(blocks.comments, "comment"))


def _guarded(what: str, blocks: Blocks, statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield statements; an error in one kind of metadata leaves the others alone."""
    try:
        yield from statements
    except ValueError as error:  # what the readers raise
        from fakeface.provenance._vocabulary import line

        blocks.problems.append(f"{what}: {line(error)}")
    except Exception as error:
        blocks.problems.append(f"{what}: {_internal(error)}")


def _internal(error: Exception) -> str:
    _log.exception("internal error in metadata")
    return f"internal error, please report it: {type(error).__name__}"
