"""Lists of files: one a line or with a NUL after each, in UTF-8 or, from Windows, in UTF-16."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from typing import Protocol

_BLOCK = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and what they say; that of UTF-32 begins like one of UTF-16."""


class Blocks(Protocol):
    """A binary stream."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` bytes, in one read; empty at the end."""


def read_names(stream: Blocks) -> Iterator[str]:
    """Read names of files, one a line or with a NUL after each (`find -print0`).

    Which of the two it is shows in the first block that holds either; names with a newline in
    them need NULs. A byte order mark is left out, and UTF-16 and UTF-32, which PowerShell and
    Excel write, are understood, UTF-16 without a mark too.

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
    decoder: codecs.IncrementalDecoder | None = None
    begun = False
    while block := stream.read1(_BLOCK):
        if not begun:
            head += block
            if any(mark.startswith(head) and mark != head for mark, _ in _MARKS):
                continue  # it may become a mark
            block, begun, encoding = head, True, _encoding(head)
            if encoding == "utf-8-sig":
                block = block[len(codecs.BOM_UTF8) :]
            elif encoding is not None:
                decoder = codecs.getincrementaldecoder(encoding)("replace")
        yield block if decoder is None else decoder.decode(block).encode("utf-8", "replace")
    if not begun and head and _encoding(head) is None:
        yield head
    if decoder is not None:
        yield decoder.decode(b"", True).encode("utf-8", "replace")


def _encoding(head: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    # UTF-16 of names in ASCII: every other byte is 0, those at the ends of lines too
    even, odd = head[0::2], head[1::2]
    if len(head) >= 4 and b"\n" in even and not any(odd):
        return "utf-16-le"
    if len(head) >= 4 and b"\n" in odd and not any(even):
        return "utf-16-be"
    return None


def _decoded(names: list[bytes], end: bytes | None) -> Iterator[str]:
    for name in names:
        if name := name.removesuffix(b"\r") if end == b"\n" else name:
            yield os.fsdecode(name)
