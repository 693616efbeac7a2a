"""File names that are safe to show: one line, no terminal escapes, always encodable."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Escape characters that could move a terminal's cursor, break a line or fail to encode.

    File names may contain newlines, escape sequences, bidirectional overrides and bytes that are
    not UTF-8 (lone surrogates, PEP 383). Every character that is not `str.isprintable` is escaped
    as in a Python literal.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )
