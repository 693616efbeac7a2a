"""What a JPEG may cost beyond its pixels, found out before a decoder is asked."""

from __future__ import annotations

import re

MAX_SCANS = 100
"""Progressive JPEG pictures of more scans are refused, as in Chromium: each scan of a few bytes
costs a pass over all pixels, and encoders write about ten."""

MAX_SEGMENTS = 10_000
"""Pictures of more segments are refused: each costs the decoder time, however short it is. The
longest chains that programs write, of extended XMP and of profiles, have some hundred."""

MAX_FILL = 1 << 16
"""Bytes between two segments that mean nothing; of more the picture is refused."""

_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_SCAN_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
"""Markers but those without a length, and but stuffed bytes between pixels."""

_START_OF_SCAN, _END = b"\xda", b"\xd9"
_ALONE = frozenset(bytes([marker]) for marker in (0x01, *range(0xD0, 0xD9)))


def reject_reason(data: bytes) -> str | None:
    """Tell why a JPEG would cost more time than any picture is worth; None for most."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, at, at + MAX_FILL)
        if found is None:
            if len(data) - at < MAX_FILL:
                return None  # the decoder says what is missing
            return f"has more than {MAX_FILL:,} bytes of filling in its header (a time bomb?)"
        at = found.end()
        if found[1] in (_START_OF_SCAN, _END):
            return None
        if found[1] not in _ALONE:
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return f"has more than the {MAX_SEGMENTS:,} segments allowed (a time bomb?)"


def too_many_scans(data: bytes) -> bool:
    """Whether a progressive JPEG has more than `MAX_SCANS` scans before its end."""
    scans, at = 0, 2
    for _ in range(MAX_SEGMENTS):
        found = _SCAN_MARKER.search(data, at)
        if found is None or found[1] == _END:
            return False
        scans += found[1] == _START_OF_SCAN
        if scans > MAX_SCANS:
            return True
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return True
