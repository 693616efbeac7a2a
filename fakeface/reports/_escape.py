r"""Reversible escapes for file names in formats that cannot hold every character.

A name whose characters all fit stays as it is. In others `\uXXXX` (`\UXXXXXXXX` beyond four
digits) stands for a character that does not fit, and `\\` for a backslash. Names that fit but
hold what looks like such an escape are written so too: no two names come out alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CODE = r"u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4})"
_LOOKS_ESCAPED = re.compile(rf"\\(?:{_CODE})")
_ESCAPED = re.compile(rf"\\(?:\\|{_CODE})")


def escape(text: str, fits: Callable[[str], bool]) -> str:
    """Escape what does not fit, reversibly (`unescape`); `fits` tests all characters of a text."""
    if fits(text) and not _LOOKS_ESCAPED.search(text):
        return text
    return "".join(r"\\" if c == "\\" else c if fits(c) else _code(c) for c in text)


def unescape(text: str) -> str:
    """Return the text that `escape` was given."""
    if not _LOOKS_ESCAPED.search(text):
        return text
    return _ESCAPED.sub(lambda found: _char(found[1] or found[2]), text)


def _code(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _char(digits: str | None) -> str:
    return "\\" if digits is None else chr(int(digits, 16))
