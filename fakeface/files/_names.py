"""Lists of files: one a line or with a NUL after each, in UTF-8 or, from Windows, in UTF-16."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

_BLOCK = 1 << 16


class Blocks(Protocol):
    """A binary stream."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` bytes, in one read; empty at the end."""


def read_names(stream: Blocks) -> Iterator[str]:
    """Read names of files, one a line or with a NUL after each (`find -print0`).

    Which of the two it is shows in the first block that holds either; names with a newline in
    them need NULs. UTF-16, which PowerShell and Excel write, is known by its byte order mark.

    Args:
        stream: Read as names are asked for.

    Yields:
        Names, with bytes that are not UTF-8 as surrogates; empty ones are left out.
    """
    end: bytes | None = None
    rest = b""
    for block in _in_utf8(stream):
        rest += block
        if end is None:
            end = b"\0" if b"\0" in rest else b"\n" if b"\n" in rest else None
        if end is not None:
            *names, rest = rest.split(end)
            yield from _decoded(names, end)
    yield from _decoded([rest], end)


def _in_utf8(stream: Blocks) -> Iterator[bytes]:
    """The blocks of a stream in UTF-8, without a byte order mark."""
    head = b""
    while len(head) < len(codecs.BOM_UTF8) and (block := stream.read1(_BLOCK)):
        head += block
    blocks = chain([head.removeprefix(codecs.BOM_UTF8)], iter(lambda: stream.read1(_BLOCK), b""))
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")


def _decoded(names: list[bytes], end: bytes | None) -> Iterator[str]:
    for name in names:
        if name := name.removesuffix(b"\r") if end == b"\n" else name:
            yield os.fsdecode(name)
