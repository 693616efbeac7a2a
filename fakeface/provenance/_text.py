"""Bytes of comments to text, in whatever encoding; and the JSON that texts hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

_CODES = (b"", b"ASCII", b"JIS", b"UNICODE")
"""What the first eight bytes of a user comment of EXIF say of its encoding."""

_JAPANESE = ("iso2022_jp", "cp932", "euc_jp")
_JSON = json.JSONDecoder(strict=False)
"""Takes line breaks in texts, and leaves what stands behind the object."""

_PADDING = "\0 \r\n\t\ufeff"


def comment_readings(data: bytes) -> Iterator[str]:
    """Yield the texts that a user comment of EXIF may be, the likeliest first."""
    code = data[:8].rstrip(b"\0 ").upper()
    if len(data) >= 8 and code in _CODES:
        data = data[8:]
    if code == b"JIS":
        yield from _strictly(data, _JAPANESE)
    yield from readings(data)


def readings(data: bytes) -> Iterator[str]:
    """Yield the texts that some bytes may be, the likeliest first.

    The order of bytes in UTF-16 is often another than the one that stands beside it, and where it
    is wrong, Chinese becomes other Chinese: who looks for something tries both.
    """
    if not data.strip(b"\0 "):
        return
    if b"\0" in data.strip(b"\0"):
        wide = data[: len(data) // 2 * 2]
        for encoding in ("utf-16-be", "utf-16-le"):
            yield wide.decode(encoding, "replace").strip(_PADDING)
    yield data.decode("utf-8", "replace").strip(_PADDING)


def packet(data: bytes) -> str | bytes:
    """Return the text of an XML packet; its bytes where its encoding has to be named."""
    zeros = [not byte for byte in data[:4]]
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) or sum(zeros) > 2:
        encoding = "utf-32-be" if zeros[:2] == [True, True] else "utf-32-le"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")) or any(zeros):
        encoding = "utf-16-be" if data[:1] in (b"\xfe", b"\0") else "utf-16-le"
    else:
        encoding = "utf-8"
    try:
        return data.decode(encoding, "strict" if encoding == "utf-8" else "replace").strip(_PADDING)
    except UnicodeDecodeError:
        return data.strip(b"\0")


def parsed(text: object) -> dict[str, Any]:
    """Return the values of a JSON object, or of a text that holds one; empty for anything else."""
    if isinstance(text, dict):
        return text
    if not isinstance(text, str):
        return {}
    text = text.strip(_PADDING)
    if text.startswith("{&"):
        text = unescape(text)
    if not text.startswith("{"):
        return {}
    try:
        values, _ = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return as_dict(values)


def as_dict(value: Any) -> dict[str, Any]:
    """Return a value of JSON where it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a value of JSON where it is an array; else an empty one."""
    return value if isinstance(value, list) else []


def _strictly(data: bytes, encodings: tuple[str, ...]) -> Iterator[str]:
    for encoding in encodings:
        try:
            yield data.decode(encoding).strip(_PADDING)
        except UnicodeDecodeError:
            continue
